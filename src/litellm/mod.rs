//! LiteLLM's configuration as somebody has written it: a file of one's own, or what a spec passes through. It is read
//! with the place of every key, and checked by lints, one file each.
//!
//! The configuration that gwinfra generates is [`crate::model::litellm`]'s.

mod file;
pub mod import;
mod keys;
mod lint;
mod lints;
mod passthrough;
pub(crate) mod secrets;
mod strings;
mod subject;

pub use file::ConfigFile;
pub use lint::{LINTS, Lint, Reach, codes};
pub(crate) use passthrough::check as check_passthrough;
pub use subject::{Origin, Subject};
