//! The answer of Converse, made of the one that LiteLLM gives.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};

use super::completion::{Call, CalledFunction, Choice, Completion, ProviderFields, Thinking, Usage};
use crate::json::Json;

/// The body of an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConverseResponse {
    /// What the model said.
    pub output: Output,
    /// Why it stopped.
    pub stop_reason: StopReason,
    /// Tokens.
    pub usage: TokenUsage,
    /// Time.
    pub metrics: Metrics,
    /// What a guardrail found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Value>,
    /// The tier that served it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<Value>,
    /// The session of the chat history. SDKs drop it: they find it in the header `X-Session-Id`.
    #[serde(rename = "session_id", skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
}

/// What the model said.
#[derive(Debug, Serialize)]
pub struct Output {
    /// One message.
    pub message: OutputMessage,
}

/// What the model said.
#[derive(Debug, Serialize)]
pub struct OutputMessage {
    /// Always `assistant`.
    pub role: &'static str,
    /// Blocks.
    pub content: Vec<OutputBlock>,
}

/// A block of what the model said.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum OutputBlock {
    /// Text.
    Text(String),
    /// A tool that it wants to use.
    ToolUse(ToolUse),
    /// Its reasoning.
    ReasoningContent(Reasoning),
}

/// A tool that the model wants to use.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolUse {
    /// What the result will be known by.
    pub tool_use_id: String,
    /// Name.
    pub name: String,
    /// Input.
    pub input: Json,
}

/// Reasoning.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Reasoning {
    /// In words.
    ReasoningText(ReasoningText),
    /// Not for anybody else to read, in base64.
    RedactedContent(String),
}

/// Reasoning in words.
#[derive(Debug, PartialEq, Serialize)]
pub struct ReasoningText {
    /// The words.
    pub text: String,
    /// What tells the model that they are its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// It had said everything.
    EndTurn,
    /// It wants to use a tool.
    ToolUse,
    /// It had said as much as it may.
    MaxTokens,
    /// It came to a text that ends the answer.
    StopSequence,
    /// A guardrail stopped it.
    GuardrailIntervened,
    /// What it said is filtered.
    ContentFiltered,
    /// The input of a tool is not JSON.
    MalformedToolUse,
    /// The conversation is longer than it can take.
    ModelContextWindowExceeded,
}

impl StopReason {
    /// Of OpenAI's words, and of the provider's own where LiteLLM kept them. Providers are not of one mind on whether an
    /// answer with calls ends for that reason: the calls decide.
    pub fn new(finish_reason: Option<&str>, native: Option<&str>, has_calls: bool, guarded: bool) -> Self {
        match native {
            Some("stop_sequence") => return Self::StopSequence,
            Some("guardrail_intervened") => return Self::GuardrailIntervened,
            Some("model_context_window_exceeded") => return Self::ModelContextWindowExceeded,
            _ => {}
        }
        match finish_reason {
            Some("length") => Self::MaxTokens,
            Some("content_filter") if guarded => Self::GuardrailIntervened,
            Some("content_filter") => Self::ContentFiltered,
            _ if has_calls => Self::ToolUse,
            _ => Self::EndTurn,
        }
    }
}

/// Tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenUsage {
    /// Of the request, without those of the cache.
    pub input_tokens: u64,
    /// Of the answer.
    pub output_tokens: u64,
    /// Of all.
    pub total_tokens: u64,
    /// Read from the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read_input_tokens: Option<u64>,
    /// Written to the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write_input_tokens: Option<u64>,
    /// The same, by how long they stay there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cache_details: Vec<CacheDetail>,
}

/// Tokens written to the cache that stay so long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CacheDetail {
    /// How long.
    pub ttl: &'static str,
    /// How many.
    pub input_tokens: u64,
}

impl From<&Usage> for TokenUsage {
    /// OpenAI counts tokens of the cache among those of the request, Bedrock beside them.
    fn from(usage: &Usage) -> Self {
        let details = usage.prompt_tokens_details.clone().unwrap_or_default();
        let read = usage.cache_read_input_tokens.or(details.cached_tokens);
        let written = usage.cache_creation_input_tokens.or(details.cache_creation_tokens);
        let prompt = usage.prompt_tokens.unwrap_or_default();
        let output_tokens = usage.completion_tokens.unwrap_or_default();
        let by_ttl = details.cache_creation_token_details.unwrap_or_default();
        let cache_details = [("5m", by_ttl.ephemeral_5m_input_tokens), ("1h", by_ttl.ephemeral_1h_input_tokens)]
            .into_iter()
            .filter_map(|(ttl, tokens)| {
                let input_tokens = tokens.filter(|tokens| *tokens > 0)?;
                Some(CacheDetail { ttl, input_tokens })
            })
            .collect();
        Self {
            input_tokens: prompt.saturating_sub(read.unwrap_or_default()).saturating_sub(written.unwrap_or_default()),
            output_tokens,
            total_tokens: usage.total_tokens.unwrap_or(prompt + output_tokens),
            cache_read_input_tokens: read,
            cache_write_input_tokens: written,
            cache_details,
        }
    }
}

/// Time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// From the call of the model to the end of its answer.
    pub latency_ms: u64,
}

impl From<Duration> for Metrics {
    fn from(latency: Duration) -> Self {
        Self { latency_ms: u64::try_from(latency.as_millis()).unwrap_or(u64::MAX) }
    }
}

/// Why no answer could be made of what LiteLLM gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer of the model has no choice")]
pub struct NoChoice;

/// Makes the answer.
pub fn response(completion: Completion, guarded: bool, latency: Duration) -> Result<ConverseResponse, NoChoice> {
    let Choice { message, finish_reason, provider_specific_fields } =
        completion.choices.into_iter().next().ok_or(NoChoice)?;
    let native = provider_specific_fields.and_then(|ProviderFields { native_finish_reason, .. }| native_finish_reason);
    let calls = message.tool_calls.unwrap_or_default();
    let guarded = guarded || is_guardrail(completion.trace.as_ref());
    let mut stop_reason = StopReason::new(finish_reason.as_deref(), native.as_deref(), !calls.is_empty(), guarded);
    let mut content = Vec::new();
    match message.thinking_blocks {
        Some(blocks) if !blocks.is_empty() => content.extend(blocks.into_iter().filter_map(reasoning)),
        _ => content.extend(message.reasoning_content.filter(|text| !text.is_empty()).map(|text| {
            OutputBlock::ReasoningContent(Reasoning::ReasoningText(ReasoningText { text, signature: None }))
        })),
    }
    for text in [message.content, message.refusal].into_iter().flatten().filter(|text| !text.is_empty()) {
        content.push(OutputBlock::Text(text));
    }
    for call in calls {
        let (tool_use, is_json) = tool_use(call);
        // An answer that was cut short is cut short, whatever it was in the middle of.
        if !is_json && stop_reason == StopReason::ToolUse {
            stop_reason = StopReason::MalformedToolUse;
        }
        content.push(OutputBlock::ToolUse(tool_use));
    }
    Ok(ConverseResponse {
        output: Output { message: OutputMessage { role: "assistant", content } },
        stop_reason,
        usage: completion.usage.as_ref().map(TokenUsage::from).unwrap_or_default(),
        metrics: latency.into(),
        trace: completion.trace.filter(Value::is_object),
        service_tier: completion.service_tier.as_deref().and_then(service_tier),
        session_id: None,
    })
}

/// Whether a guardrail had a say.
pub fn is_guardrail(trace: Option<&Value>) -> bool {
    trace.is_some_and(|trace| trace.get("guardrail").is_some())
}

/// The tier, where Bedrock has one of that name.
pub fn service_tier(tier: &str) -> Option<Value> {
    matches!(tier, "priority" | "default" | "flex" | "reserved").then(|| json!({"type": tier}))
}

/// The member is a blob: SDKs give the client the bytes and send them in base64 again.
pub fn redacted(data: String) -> String {
    if STANDARD.decode(&data).is_ok() { data } else { STANDARD.encode(data) }
}

fn reasoning(block: Thinking) -> Option<OutputBlock> {
    Some(OutputBlock::ReasoningContent(match block {
        Thinking::Thinking { thinking, signature } => {
            if thinking.is_none() && signature.is_none() {
                return None;
            }
            Reasoning::ReasoningText(ReasoningText { text: thinking.unwrap_or_default(), signature })
        }
        Thinking::RedactedThinking { data } => Reasoning::RedactedContent(redacted(data)),
    }))
}

/// The use of a tool, and whether its input is JSON. Input that is not is given as it is, for the client to see.
fn tool_use(call: Call) -> (ToolUse, bool) {
    let CalledFunction { name, arguments } = call.function.unwrap_or_default();
    let arguments = arguments.unwrap_or_default();
    let (input, is_json) = if arguments.trim().is_empty() {
        (json!({}).into(), true)
    } else {
        match serde_json::from_str(&arguments) {
            Ok(input) => (input, true),
            Err(_) => (json!(arguments).into(), false),
        }
    };
    let tool_use_id = call.id.filter(|id| !id.is_empty()).unwrap_or_else(new_tool_use_id);
    (ToolUse { tool_use_id, name: name.unwrap_or_default(), input }, is_json)
}

/// An id for a call that came without one.
pub fn new_tool_use_id() -> String {
    format!("tooluse_{}", uuid::Uuid::new_v4().simple())
}
