//! What LiteLLM answers: a chat completion of OpenAI's form, with the extensions of LiteLLM that Converse has a place
//! for. Members that are not named here have none.

use serde::Deserialize;
use serde_json::Value;

/// A whole answer.
#[derive(Debug, Deserialize)]
pub struct Completion {
    /// The answers; one, as one is asked for.
    pub choices: Vec<Choice>,
    /// Tokens.
    #[serde(default)]
    pub usage: Option<Usage>,
    /// What a guardrail of Bedrock found.
    #[serde(default)]
    pub trace: Option<Value>,
    /// The tier that served it.
    #[serde(default)]
    pub service_tier: Option<String>,
}

/// An answer.
#[derive(Debug, Deserialize)]
pub struct Choice {
    /// What the model said.
    pub message: Answer,
    /// Why it stopped.
    #[serde(default)]
    pub finish_reason: Option<String>,
    /// What LiteLLM knows beyond OpenAI's form.
    #[serde(default)]
    pub provider_specific_fields: Option<ProviderFields>,
}

/// What LiteLLM knows beyond OpenAI's form.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ProviderFields {
    /// Why the model stopped, in the provider's own words where they say more.
    #[serde(default)]
    pub native_finish_reason: Option<String>,
    /// What a guardrail of Bedrock found, in a stream.
    #[serde(default)]
    pub trace: Option<Value>,
}

/// What the model said.
#[derive(Debug, Default, Deserialize)]
pub struct Answer {
    /// Text.
    #[serde(default)]
    pub content: Option<String>,
    /// Why it says nothing else.
    #[serde(default)]
    pub refusal: Option<String>,
    /// Tools that it wants to use.
    #[serde(default)]
    pub tool_calls: Option<Vec<Call>>,
    /// Its reasoning, as text.
    #[serde(default)]
    pub reasoning_content: Option<String>,
    /// Its reasoning, in blocks.
    #[serde(default)]
    pub thinking_blocks: Option<Vec<Thinking>>,
}

/// A tool that the model wants to use. In a stream: a piece of that.
#[derive(Debug, Deserialize)]
pub struct Call {
    /// Which of the calls of a stream it belongs to.
    #[serde(default)]
    pub index: Option<u32>,
    /// What the result will be known by.
    #[serde(default)]
    pub id: Option<String>,
    /// The tool.
    #[serde(default)]
    pub function: CalledFunction,
}

/// The tool and its input.
#[derive(Debug, Default, Deserialize)]
pub struct CalledFunction {
    /// Name.
    #[serde(default)]
    pub name: Option<String>,
    /// Input, as JSON in a text.
    #[serde(default)]
    pub arguments: Option<String>,
}

/// A block of reasoning. In a stream: a piece of one.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Thinking {
    /// In words.
    Thinking {
        /// The words.
        #[serde(default)]
        thinking: Option<String>,
        /// What tells the model that they are its own.
        #[serde(default)]
        signature: Option<String>,
    },
    /// Not for anybody else to read.
    RedactedThinking {
        /// Base64.
        data: String,
    },
}

/// Tokens.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Usage {
    /// Of the request, those of the cache among them.
    #[serde(default)]
    pub prompt_tokens: Option<u64>,
    /// Of the answer.
    #[serde(default)]
    pub completion_tokens: Option<u64>,
    /// Of both.
    #[serde(default)]
    pub total_tokens: Option<u64>,
    /// Of the cache.
    #[serde(default)]
    pub prompt_tokens_details: Option<PromptDetails>,
    /// Read from the cache, as Anthropic calls it.
    #[serde(default)]
    pub cache_read_input_tokens: Option<u64>,
    /// Written to the cache, as Anthropic calls it.
    #[serde(default)]
    pub cache_creation_input_tokens: Option<u64>,
}

/// What became of the tokens of a request.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct PromptDetails {
    /// Read from the cache.
    #[serde(default)]
    pub cached_tokens: Option<u64>,
    /// Written to the cache.
    #[serde(default)]
    pub cache_creation_tokens: Option<u64>,
    /// The same, by how long they stay there.
    #[serde(default)]
    pub cache_creation_token_details: Option<CacheCreation>,
}

/// Tokens written to the cache, by how long they stay there.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct CacheCreation {
    /// Five minutes.
    #[serde(default)]
    pub ephemeral_5m_input_tokens: Option<u64>,
    /// An hour.
    #[serde(default)]
    pub ephemeral_1h_input_tokens: Option<u64>,
}
