//! Templates: a minijinja environment that can only place values, and the trace of every line.

mod environment;
mod failure;
mod filters;
mod functions;
mod language;
mod output;
mod problem;
mod scan;
mod tag;
#[cfg(test)]
mod tests;

pub use environment::{Files, Origin, Templates, Trace};
pub use language::Language;
pub use output::Output;

pub(crate) use failure::nearest;
pub use problem::Problem;
pub use scan::MAX_LINES;
