//! A model that answers at once: the upstream of load tests and of a gateway on one's own machine.
//!
//! It speaks OpenAI's chat completions and Bedrock's `Converse`, `ConverseStream`, `InvokeModel`,
//! `InvokeModelWithResponseStream` and `CountTokens`, with the content types and error bodies of each. What it is told in
//! [`Settings`] is how slow, how long-winded, how unreliable and how small its quotas are. Accounts are told apart by who
//! signed a call; a small STS gives roles credentials that name their account, so that a gateway with roles in many
//! accounts can be put in front of it as it is.
//!
//! The answers are prepared when it starts: of a token only its bytes are copied.

mod account;
mod answer;
mod bedrock;
mod call;
mod fault;
mod frames;
mod json;
mod log;
pub mod minute;
mod openai;
mod pace;
mod prompt;
mod quota;
mod random;
mod server;
mod settings;
mod spread;
mod stats;
mod sts;
mod tool;

pub use log::Log;
pub use server::{Server, ServerError};
pub use settings::{ErrorStatus, Latency, Settings, Share, Tokens};
pub use spread::SpreadError;
pub use stats::{Document, SCHEMA, Totals};
