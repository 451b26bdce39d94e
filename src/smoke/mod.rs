//! Calls that prove a gateway: one file per check.
//!
//! [`Gateway`] is what is called and what is expected of it; [`Selection`] which checks are wanted; [`run`] goes through them,
//! those that do not disturb each other at the same time, and gives a [`Document`]. Nothing is expected of a gateway that no
//! spec describes: what it says it has is tried, and the rest is skipped with the reason.
//!
//! The keys that checks make are held by a [`keys::KeyRing`], which deletes them also after a failure and after Ctrl-C.

mod answer;
mod check;
pub mod checks;
mod client;
pub mod codes;
mod deployments;
mod expected;
mod explain;
mod failure;
mod findings;
mod frames;
mod gateway;
mod junit;
pub mod keys;
mod markdown;
mod model;
mod name;
mod next_steps;
mod outcome;
mod report;
mod run;
mod secret;
mod selection;
mod sse;
mod text;

pub use check::{Check, Needs, Stage, Verdict};
pub use client::{Client, ClientError, Via, without_password};
pub use expected::{Expected, ExpectedDeployment, FirewallRules, Links};
pub use failure::Failure;
pub use gateway::{Ask, Gateway};
pub use junit::junit;
pub use markdown::markdown;
pub use name::Name;
pub use outcome::{Outcome, Status};
pub use report::{Document, SCHEMA, Summary, json_schema_text};
pub use run::{Ended, Observer, Options, run};
pub use secret::Secret;
pub use selection::{Selection, UnknownCheck};
pub use text::{line, text};
