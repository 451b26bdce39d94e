//! The events of ConverseStream.

use serde::Serialize;
use serde_json::Value;

use crate::converse::response::{Metrics, StopReason, TokenUsage};

/// An event, or the exception that ends the events. Serialises to the payload of its frame.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Event {
    /// The model begins.
    MessageStart(MessageStart),
    /// It wants to use a tool. Blocks of text and of reasoning begin with their first piece.
    ContentBlockStart(ContentBlockStart),
    /// A piece of a block.
    ContentBlockDelta(ContentBlockDelta),
    /// A block is over.
    ContentBlockStop(ContentBlockStop),
    /// The model stopped.
    MessageStop(MessageStop),
    /// Tokens and time.
    Metadata(Metadata),
    /// There will be no more.
    Exception(Exception),
}

impl Event {
    /// The name in the frame.
    pub fn name(&self) -> &'static str {
        match self {
            Self::MessageStart(_) => "messageStart",
            Self::ContentBlockStart(_) => "contentBlockStart",
            Self::ContentBlockDelta(_) => "contentBlockDelta",
            Self::ContentBlockStop(_) => "contentBlockStop",
            Self::MessageStop(_) => "messageStop",
            Self::Metadata(_) => "metadata",
            Self::Exception(exception) => exception.kind.name(),
        }
    }

    /// A piece of a block.
    pub fn delta(index: u32, delta: BlockDelta) -> Self {
        Self::ContentBlockDelta(ContentBlockDelta { content_block_index: index, delta })
    }

    /// The end of a block.
    pub fn stop(index: u32) -> Self {
        Self::ContentBlockStop(ContentBlockStop { content_block_index: index })
    }

    /// An exception.
    pub fn exception(kind: ExceptionKind, message: impl Into<String>) -> Self {
        Self::Exception(Exception { kind, message: message.into(), original_status_code: None, original_message: None })
    }
}

/// The model begins.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct MessageStart {
    /// Always `assistant`.
    pub role: &'static str,
}

/// It wants to use a tool.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContentBlockStart {
    /// Which block.
    pub content_block_index: u32,
    /// What it is.
    pub start: BlockStart,
}

/// What a block is.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum BlockStart {
    /// The use of a tool.
    ToolUse(ToolUseStart),
}

/// The use of a tool.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolUseStart {
    /// What the result will be known by.
    pub tool_use_id: String,
    /// Name.
    pub name: String,
}

/// A piece of a block.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContentBlockDelta {
    /// Which block.
    pub content_block_index: u32,
    /// The piece.
    pub delta: BlockDelta,
}

/// A piece of a block.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum BlockDelta {
    /// Text.
    Text(String),
    /// Input of a tool.
    ToolUse(ToolUseDelta),
    /// Reasoning.
    ReasoningContent(ReasoningDelta),
}

/// Input of a tool.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct ToolUseDelta {
    /// A piece of JSON.
    pub input: String,
}

/// Reasoning.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ReasoningDelta {
    /// Words.
    Text(String),
    /// What tells the model that the words are its own.
    Signature(String),
    /// Not for anybody else to read, in base64.
    RedactedContent(String),
}

/// A block is over.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContentBlockStop {
    /// Which block.
    pub content_block_index: u32,
}

/// The model stopped.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageStop {
    /// Why.
    pub stop_reason: StopReason,
}

/// Tokens and time.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Tokens. Missing where the provider did not count them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<TokenUsage>,
    /// Time.
    pub metrics: Metrics,
    /// What a guardrail found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Value>,
    /// The tier that served it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<Value>,
}

/// There will be no more events.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exception {
    /// Which.
    #[serde(skip)]
    pub kind: ExceptionKind,
    /// What went wrong.
    pub message: String,
    /// The status that the model's server gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_status_code: Option<u16>,
    /// What the model's server said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_message: Option<String>,
}

/// The exceptions of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExceptionKind {
    /// The gateway failed.
    InternalServer,
    /// The model failed.
    ModelStreamError,
    /// The request cannot be carried out.
    Validation,
    /// Too much at once.
    Throttling,
    /// LiteLLM is going away.
    ServiceUnavailable,
}

impl ExceptionKind {
    /// The name in the frame.
    pub fn name(self) -> &'static str {
        match self {
            Self::InternalServer => "internalServerException",
            Self::ModelStreamError => "modelStreamErrorException",
            Self::Validation => "validationException",
            Self::Throttling => "throttlingException",
            Self::ServiceUnavailable => "serviceUnavailableException",
        }
    }
}
