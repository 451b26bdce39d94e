//! The integration tests: one binary, one module per subject.

mod support;

mod generated;
mod spec_load;
