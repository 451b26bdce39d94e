//! What LiteLLM takes: a chat request of OpenAI's form, with the extensions of LiteLLM that Converse needs.

use serde::Serialize;

use super::content::CacheTtl;
use crate::json::Json;

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub enum ChatMessage {
    /// Instructions.
    System {
        /// The text.
        content: Content,
    },
    /// The user.
    User {
        /// What is said.
        content: Content,
    },
    /// The model.
    Assistant(Assistant),
    /// The result of a tool.
    Tool {
        /// The call that it answers.
        tool_call_id: String,
        /// What the tool gave.
        content: Content,
    },
}

/// What the model said.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Assistant {
    /// Text.
    pub content: Option<Content>,
    /// Tools that it wants to use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Its reasoning, as LiteLLM takes it for models that sign it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub thinking_blocks: Vec<ThinkingBlock>,
    /// Its reasoning, as LiteLLM takes it for models that do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<String>,
}

/// Text alone, or parts.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Content {
    /// Text.
    Text(String),
    /// Parts.
    Parts(Vec<Part>),
}

impl Content {
    /// Text alone where parts would add nothing: every provider takes it.
    pub fn of(mut parts: Vec<Part>) -> Self {
        if let [Part { kind: PartKind::Text { text }, cache_control: None }] = parts.as_mut_slice() {
            return Self::Text(std::mem::take(text));
        }
        Self::Parts(parts)
    }
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// What it is.
    #[serde(flatten)]
    pub kind: PartKind,
    /// That it is the last one to be cached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<CacheControl>,
}

impl Part {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        PartKind::Text { text: text.into() }.into()
    }
}

impl From<PartKind> for Part {
    fn from(kind: PartKind) -> Self {
        Self { kind, cache_control: None }
    }
}

/// What a part is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PartKind {
    /// Text.
    Text {
        /// The text.
        text: String,
    },
    /// Text that a guardrail assesses. LiteLLM's own kind.
    GuardedText {
        /// The text.
        text: String,
    },
    /// An image.
    ImageUrl {
        /// The image.
        image_url: ImageUrl,
    },
    /// A document or a video.
    File {
        /// The file.
        file: Box<File>,
    },
}

/// An image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImageUrl {
    /// A data URL.
    pub url: String,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct File {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// A data URL.
    pub file_data: String,
    /// Its media type, which LiteLLM prefers to that of the data URL.
    pub format: &'static str,
}

/// That a part is the last one to be cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CacheControl {
    /// The kind of cache.
    pub r#type: &'static str,
    /// How long it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<CacheTtl>,
}

impl CacheControl {
    /// That of a cache point.
    pub fn new(ttl: Option<CacheTtl>) -> Self {
        Self { r#type: "ephemeral", ttl }
    }
}

/// Reasoning.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ThinkingBlock {
    /// In words.
    Thinking {
        /// The words.
        thinking: String,
        /// What tells the model that they are its own.
        signature: String,
    },
    /// Not for anybody else to read.
    RedactedThinking {
        /// Base64.
        data: String,
    },
}

/// A tool that the model wants to use.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToolCall {
    /// What the result will be known by.
    pub id: String,
    /// Always `function`.
    pub r#type: &'static str,
    /// The tool.
    pub function: FunctionCall,
    /// That it is the last one to be cached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<CacheControl>,
}

/// A tool and its input.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FunctionCall {
    /// Name.
    pub name: String,
    /// Input, as JSON in a text.
    pub arguments: String,
}

/// A tool.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChatTool {
    /// Always `function`.
    pub r#type: &'static str,
    /// The tool.
    pub function: Function,
    /// That it is the last one to be cached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<CacheControl>,
}

/// What the model knows of a tool.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Function {
    /// Name.
    pub name: String,
    /// What it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The schema of its input.
    pub parameters: Json,
    /// Whether the model has to keep to the schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}
