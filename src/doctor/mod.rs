//! Whether a deployment can begin: credentials, permissions, quotas, models, what must exist and what is in the way.
//!
//! Each check is a file of its own with a stable id, runs beside the others and has a time-out. What one finds, or that it
//! gets no answer, keeps none of the others from being made. Nothing is changed.

mod check;
pub mod checks;
pub mod codes;
mod finding;
mod junit;
mod markdown;
mod nearest;
mod reach;
mod rendered;
mod report;
mod run;
mod selection;
mod subject;
mod text;
mod zones;

pub use check::{Area, Check, Needs};
pub use finding::{Finding, Status};
pub use junit::junit;
pub use markdown::markdown;
pub use reach::Reach;
pub use report::{CheckResult, Document, SCHEMA, Summary, json_schema_text};
pub use run::run;
pub use selection::{Selection, UnknownCheck};
pub use subject::{Account, Subject};
pub use text::text;
