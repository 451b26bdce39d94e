//! Why an operation failed: the first failure that is not the echo of another one, what AWS tells about it, a guess where
//! signals support one, and the next command.
//!
//! Engines read what happened. [`investigate_first`] asks around each cause, one file per kind of evidence; it never fails and
//! never takes longer than it is given.

mod cause;
mod echo;
mod enrich;
mod guess;
mod investigate;
mod markdown;
mod moment;
mod report;
#[cfg(test)]
mod testing;
mod text;

pub use cause::{Happened, Told, failure_of, is_asked_for};
pub use echo::is_echo;
pub use investigate::{Scene, investigate_first};
pub use markdown::markdown;
pub use moment::is_later;
pub use report::{Cause, Document, Evidence, Failure, Guess, Operation, Outcome, RunSummary, SCHEMA, json_schema_text};
pub use text::{failure as failure_text, text};
