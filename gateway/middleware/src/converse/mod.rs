//! The Bedrock Converse API in front of LiteLLM's chat API.
//!
//! [`translate`] makes a chat request of a Converse request, [`response`] a Converse answer of a chat answer, and
//! [`stream`] the events of ConverseStream of the chunks of a chat stream. They know nothing of HTTP.

pub mod chat;
pub mod completion;
pub mod content;
pub mod error;
pub mod limits;
pub mod media;
pub mod messages;
pub mod model_id;
pub mod object;
pub mod parameters;
pub mod place;
pub mod request;
pub mod response;
#[cfg(test)]
mod response_tests;
pub mod stream;
pub mod tools;
pub mod translate;
#[cfg(test)]
mod translate_tests;
