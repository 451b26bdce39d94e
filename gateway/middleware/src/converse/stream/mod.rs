//! ConverseStream: the chunks of a chat stream as the events of Bedrock.

pub mod blocks;
pub mod calls;
pub mod chunk;
pub mod event;
pub mod frame;
pub mod translator;
#[cfg(test)]
mod translator_tests;

pub use chunk::Chunk;
pub use event::Event;
pub use translator::Translator;
