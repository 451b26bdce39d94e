//! Logs, metrics and traces. None of them holds a body, a key or a prompt.

mod collector;
pub mod logs;
pub mod metrics;
pub mod traces;
