//! What LiteLLM answers: a chat completion of OpenAI's form, with the extensions of LiteLLM that Converse has a place
//! for. Members that are not named here have none. What an answer may do without counts as missing where it has another form
//! than it should: the answer was paid for.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::json::lenient;

/// A whole answer.
#[derive(Debug, Deserialize)]
pub struct Completion {
    /// The answers; one, as one is asked for.
    pub choices: Vec<Choice>,
    /// Tokens.
    #[serde(default, deserialize_with = "lenient")]
    pub usage: Option<Usage>,
    /// What a guardrail of Bedrock found.
    #[serde(default, deserialize_with = "lenient")]
    pub trace: Option<Value>,
    /// The tier that served it.
    #[serde(default, deserialize_with = "lenient")]
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
    #[serde(default, deserialize_with = "lenient")]
    pub provider_specific_fields: Option<ProviderFields>,
}

/// What LiteLLM knows beyond OpenAI's form.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ProviderFields {
    /// Why the model stopped, in the provider's own words where they say more.
    #[serde(default, deserialize_with = "lenient")]
    pub native_finish_reason: Option<String>,
    /// What a guardrail of Bedrock found, in a stream.
    #[serde(default, deserialize_with = "lenient")]
    pub trace: Option<Value>,
}

/// What the model said.
#[derive(Debug, Default, Deserialize)]
pub struct Answer {
    /// Text.
    #[serde(default, deserialize_with = "text")]
    pub content: Option<String>,
    /// Why it says nothing else.
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
    pub function: Option<CalledFunction>,
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
    #[serde(default, deserialize_with = "lenient")]
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
    #[serde(default, deserialize_with = "lenient")]
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

/// Blocks of reasoning, but for those of kinds that Converse does not have.
///
/// # Errors
/// If it is not JSON.
pub fn thinking<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Thinking>>, D::Error> {
    let blocks: Option<Vec<crate::json::Json>> = lenient(deserializer)?;
    Ok(blocks.map(|blocks| blocks.iter().filter_map(|block| serde_json::from_str(block.get()).ok()).collect()))
}

/// A text, also one that some servers give as a list of parts. What is neither counts as none.
///
/// # Errors
/// If it is not JSON.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct Text;

    impl<'de> Visitor<'de> for Text {
        type Value = Option<String>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a text")
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(text.to_owned()))
        }

        fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
            Ok(Some(text))
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(None)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
            let mut joined = String::new();
            while let Some(part) = parts.next_element::<Part>()? {
                joined.push_str(&part.0.unwrap_or_default());
            }
            Ok(Some(joined))
        }
    }

    /// The text of a part that has one.
    struct Part(Option<String>);

    impl<'de> Deserialize<'de> for Part {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            #[derive(Deserialize)]
            struct WithText {
                text: String,
            }
            lenient(deserializer).map(|part| Self(part.map(|WithText { text }| text)))
        }
    }

    deserializer.deserialize_any(Text)
}
