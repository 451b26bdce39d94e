//! `Converse` and `ConverseStream`.

use std::sync::Arc;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{EVENT_STREAM, JSON, response};
use crate::answer::Words;
use crate::call::{Call, Model, Ticket, Wanted};
use crate::fault::Fault;
use crate::frames::{frame, write};
use crate::json::Writer;
use crate::pace::{self, Script};
use crate::prompt::Prompt;
use crate::tool::{Tool, ToolCall};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    messages: Option<Prompt>,
    system: Option<Prompt>,
    inference_config: Option<InferenceConfig>,
    #[serde(borrow)]
    tool_config: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InferenceConfig {
    max_tokens: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig {
    tools: Vec<Value>,
    tool_choice: Option<Value>,
}

/// The tokens of a prompt in the form of these calls.
pub(super) fn count(body: &[u8]) -> Result<u32, Fault> {
    let request = read(body)?;
    Ok(prompt(&request).tokens().max(1))
}

pub(super) async fn answer(
    model: &Arc<Model>,
    ticket: Ticket,
    headers: &HeaderMap,
    body: &Bytes,
    name: &str,
    stream: bool,
) -> Result<Response, Fault> {
    let request = read(body)?;
    let wanted = Wanted {
        operation: if stream { "converse-stream" } else { "converse" },
        model: name,
        prompt: prompt(&request),
        max_tokens: request.inference_config.as_ref().and_then(|config| config.max_tokens),
        stream,
        tool: tool_call(&request)?,
    };
    let id = ticket.id;
    let call = model.begin(ticket, headers, &wanted).await?;
    Ok(if stream { streamed(call, id, &wanted) } else { whole(call, id, &wanted) })
}

fn read(body: &[u8]) -> Result<Request<'_>, Fault> {
    let request: Request<'_> = serde_json::from_slice(body).map_err(|error| Fault::Malformed(error.to_string()))?;
    if request.messages.is_none_or(|messages| messages.elements == 0) {
        let message = "A conversation must start with a user message. Try again with a conversation that starts with a \
            user message.";
        return Err(Fault::Invalid(message.to_owned(), None));
    }
    Ok(request)
}

fn prompt(request: &Request<'_>) -> Prompt {
    let tools = request.tool_config.and_then(|config| serde_json::from_str(config.get()).ok());
    request.messages.unwrap_or_default().with(request.system).with(tools)
}

/// A tool is called whenever some are offered, unless the last message is the result of one.
fn tool_call(request: &Request<'_>) -> Result<Option<ToolCall>, Fault> {
    let Some(config) = request.tool_config else { return Ok(None) };
    let config: ToolConfig = serde_json::from_str(config.get()).map_err(|error| Fault::Malformed(error.to_string()))?;
    let choice = config.tool_choice.as_ref();
    let named = choice.and_then(|choice| choice.pointer("/tool/name")).and_then(Value::as_str);
    let must = named.is_some() || choice.is_some_and(|choice| choice.get("any").is_some());
    if !must && request.messages.is_some_and(|messages| messages.ends_with_result) {
        return Ok(None);
    }
    let offered =
        config.tools.iter().filter_map(|tool| tool.get("toolSpec")).filter_map(|tool| {
            Some(Tool { name: tool.get("name")?.as_str()?, schema: tool.pointer("/inputSchema/json") })
        });
    match (ToolCall::choose(offered, named), named) {
        (None, Some(name)) => {
            let message = format!("The tool {name} of toolChoice is not in toolConfig.tools.");
            Err(Fault::Invalid(message, None))
        }
        (call, _) => Ok(call),
    }
}

fn whole(call: Call, id: Uuid, wanted: &Wanted<'_>) -> Response {
    let model = call.model().clone();
    let text = model.answers.text(call.output_tokens);
    let mut answer = Writer::with_room(text.len() + 512);
    metrics(answer.raw("{"), &call);
    answer.raw(",\"output\":{\"message\":{\"content\":[{");
    match &wanted.tool {
        None => answer.raw("\"text\":\"").raw(text).raw("\""),
        Some(tool) => {
            answer.raw("\"toolUse\":{\"input\":").raw(&tool.arguments).raw(",\"name\":").string(&tool.name);
            answer.raw(",\"toolUseId\":\"tooluse_").hex(id).raw("\"}")
        }
    };
    answer.raw("}],\"role\":\"assistant\"}},\"stopReason\":\"").raw(stop_reason(&call, wanted)).raw("\",");
    usage(&mut answer, &call);
    answer.raw("}");
    call.answered();
    response(JSON, Body::from(answer.finish()))
}

fn streamed(call: Call, id: Uuid, wanted: &Wanted<'_>) -> Response {
    let mut head = Vec::with_capacity(512);
    write(&mut head, "messageStart", r#"{"role":"assistant"}"#);
    let words = match &wanted.tool {
        None => call.model().words.converse.clone(),
        Some(tool) => {
            let mut start = Writer::with_room(160);
            start.raw("{\"contentBlockIndex\":0,\"start\":{\"toolUse\":{\"name\":").string(&tool.name);
            start.raw(",\"toolUseId\":\"tooluse_").hex(id).raw("\"}}}");
            write(&mut head, "contentBlockStart", start.finish());
            Arc::new(Words::of(tool.pieces().into_iter().map(input_event).collect()))
        }
    };
    let mut tail = Vec::with_capacity(640);
    write(&mut tail, "contentBlockStop", r#"{"contentBlockIndex":0}"#);
    let mut stop = Writer::with_room(64);
    stop.raw("{\"stopReason\":\"").raw(stop_reason(&call, wanted)).raw("\"}");
    write(&mut tail, "messageStop", stop.finish());
    let mut metadata = Writer::with_room(256);
    metrics(metadata.raw("{"), &call);
    usage(metadata.raw(","), &call);
    metadata.raw("}");
    write(&mut tail, "metadata", metadata.finish());
    let (before, after) = (Bytes::new(), Bytes::new());
    let script = Script { head: head.into(), before, words, after, tail: tail.into() };
    response(EVENT_STREAM, pace::body(script, call))
}

/// The event of a token.
pub(crate) fn text_event(word: &str) -> Bytes {
    let mut payload = Writer::with_room(64);
    payload.raw("{\"contentBlockIndex\":0,\"delta\":{\"text\":").string(word).raw("}}");
    frame("contentBlockDelta", payload.finish())
}

/// The event of a piece of a tool's arguments.
fn input_event(piece: &str) -> Bytes {
    let mut payload = Writer::with_room(80);
    payload.raw("{\"contentBlockIndex\":0,\"delta\":{\"toolUse\":{\"input\":").string(piece).raw("}}}");
    frame("contentBlockDelta", payload.finish())
}

fn metrics(answer: &mut Writer, call: &Call) {
    answer.raw("\"metrics\":{\"latencyMs\":").number(call.milliseconds).raw("}");
}

fn usage(answer: &mut Writer, call: &Call) {
    answer
        .raw("\"usage\":{\"cacheReadInputTokens\":0,\"cacheWriteInputTokens\":0,\"inputTokens\":")
        .number(call.input_tokens);
    answer.raw(",\"outputTokens\":").number(call.output_tokens);
    answer.raw(",\"totalTokens\":").number(u64::from(call.input_tokens) + u64::from(call.output_tokens)).raw("}");
}

fn stop_reason(call: &Call, wanted: &Wanted<'_>) -> &'static str {
    match (&wanted.tool, call.cut_off) {
        (Some(_), _) => "tool_use",
        (None, true) => "max_tokens",
        (None, false) => "end_turn",
    }
}
