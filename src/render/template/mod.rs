//! Templates: a minijinja environment that can only place values, and the trace of every line.

mod environment;
mod failure;
mod filters;
mod functions;
mod problem;
mod scan;
mod tag;
#[cfg(test)]
mod tests;

pub use environment::{Files, Output, Templates};
pub use problem::Problem;
pub use scan::MAX_LINES;
