//! The integration tests: one binary, one module per subject.

mod support;

mod every_key;
mod explanations;
mod generated;
mod reporters;
mod spec_load;
