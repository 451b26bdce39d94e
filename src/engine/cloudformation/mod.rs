//! The CloudFormation engine.

pub mod status_table;
