//! The integration tests: one binary, one module per subject.

mod support;

mod generated;
mod reporters;
mod spec_load;
