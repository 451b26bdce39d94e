//! A chunk of a chat stream, with the extensions of LiteLLM that ConverseStream has a place for.

use serde::Deserialize;

use crate::converse::completion::{Call, ProviderFields, Thinking, Usage, text, thinking};
use crate::converse::error::UpstreamError;
use crate::json::lenient;

/// One chunk.
#[derive(Debug, Default, Deserialize)]
pub struct Chunk {
    /// Pieces of the answer; none in a chunk that only counts tokens.
    #[serde(default)]
    pub choices: Option<Vec<ChunkChoice>>,
    /// Tokens, in the last chunk.
    #[serde(default, deserialize_with = "lenient")]
    pub usage: Option<Usage>,
    /// Why there will be no more.
    #[serde(default)]
    pub error: Option<UpstreamError>,
    /// What LiteLLM knows beyond OpenAI's form.
    #[serde(default, deserialize_with = "lenient")]
    pub provider_specific_fields: Option<ProviderFields>,
    /// The tier that served it.
    #[serde(default, deserialize_with = "lenient")]
    pub service_tier: Option<String>,
}

/// A piece of the answer.
#[derive(Debug, Default, Deserialize)]
pub struct ChunkChoice {
    /// The piece.
    #[serde(default)]
    pub delta: Option<Delta>,
    /// Why the model stopped, in the last piece.
    #[serde(default)]
    pub finish_reason: Option<String>,
    /// What LiteLLM knows beyond OpenAI's form.
    #[serde(default, deserialize_with = "lenient")]
    pub provider_specific_fields: Option<ProviderFields>,
}

/// A piece of the answer.
#[derive(Debug, Default, Deserialize)]
pub struct Delta {
    /// Text.
    #[serde(default, deserialize_with = "text")]
    pub content: Option<String>,
    /// Why the model says nothing else.
    #[serde(default, deserialize_with = "text")]
    pub refusal: Option<String>,
    /// Tools that it wants to use.
    #[serde(default)]
    pub tool_calls: Option<Vec<Call>>,
    /// Its reasoning, as text.
    #[serde(default, deserialize_with = "lenient")]
    pub reasoning_content: Option<String>,
    /// Its reasoning, in blocks.
    #[serde(default, deserialize_with = "thinking")]
    pub thinking_blocks: Option<Vec<Thinking>>,
}
