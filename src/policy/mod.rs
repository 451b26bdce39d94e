//! IAM policy documents: what they allow, and how two of them differ.

mod evaluate;
mod grant;
mod outside;
mod parts;

pub use evaluate::{Access, Decision, evaluate, matches};
pub use grant::{Action, Grant, Principal, grants};
pub use outside::lets_others_in;
