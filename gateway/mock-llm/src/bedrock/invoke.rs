//! `InvokeModel` and `InvokeModelWithResponseStream`, with the body of Anthropic's messages.

use std::sync::Arc;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{EVENT_STREAM, JSON, count_in_headers, response};
use crate::answer::Words;
use crate::call::{Call, Model, Ticket, Wanted};
use crate::fault::Fault;
use crate::frames::{frame, write};
use crate::json::Writer;
use crate::pace::{self, Script};
use crate::prompt::Prompt;
use crate::tool::{Tool, ToolCall};

#[derive(Debug, Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    anthropic_version: Option<&'a RawValue>,
    messages: Option<Prompt>,
    system: Option<Prompt>,
    max_tokens: Option<u64>,
    #[serde(borrow)]
    tools: Option<&'a RawValue>,
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
    if request.max_tokens.is_none() {
        return Err(Fault::Invalid("max_tokens: Field required".to_owned(), None));
    }
    let wanted = Wanted {
        operation: if stream { "invoke-with-response-stream" } else { "invoke" },
        model: name,
        prompt: prompt(&request),
        max_tokens: request.max_tokens,
        stream,
        tool: tool_call(&request)?,
    };
    let id = ticket.id;
    let call = model.begin(ticket, headers, &wanted).await?;
    Ok(if stream { streamed(call, id, &wanted) } else { whole(call, id, &wanted) })
}

fn read(body: &[u8]) -> Result<Request<'_>, Fault> {
    let request: Request<'_> = serde_json::from_slice(body).map_err(|error| Fault::Malformed(error.to_string()))?;
    if request.anthropic_version.is_none() {
        let message = "anthropic_version: Field required. mock-llm answers InvokeModel with the body of Anthropic's \
            messages only; Converse has one body for every model.";
        return Err(Fault::Invalid(message.to_owned(), None));
    }
    match request.messages {
        None => Err(Fault::Invalid("messages: Field required".to_owned(), None)),
        Some(messages) if messages.elements == 0 => {
            Err(Fault::Invalid("messages: at least one message is required".to_owned(), None))
        }
        Some(_) => Ok(request),
    }
}

fn prompt(request: &Request<'_>) -> Prompt {
    let tools = request.tools.and_then(|tools| serde_json::from_str(tools.get()).ok());
    request.messages.unwrap_or_default().with(request.system).with(tools)
}

/// A tool is called whenever some are offered, unless the last message is the result of one.
fn tool_call(request: &Request<'_>) -> Result<Option<ToolCall>, Fault> {
    let Some(tools) = request.tools else { return Ok(None) };
    let choice = request.tool_choice.as_ref();
    let mode = choice.and_then(|choice| choice.get("type")).and_then(Value::as_str).unwrap_or("auto");
    let named = choice.and_then(|choice| choice.get("name")).and_then(Value::as_str);
    if mode == "none" || (mode == "auto" && request.messages.is_some_and(|messages| messages.ends_with_result)) {
        return Ok(None);
    }
    let tools: Vec<Value> = serde_json::from_str(tools.get()).map_err(|error| Fault::Malformed(error.to_string()))?;
    let offered = tools
        .iter()
        .filter_map(|tool| Some(Tool { name: tool.get("name")?.as_str()?, schema: tool.get("input_schema") }));
    match (ToolCall::choose(offered, named), named) {
        (None, Some(name)) => {
            Err(Fault::Invalid(format!("tool_choice: Tool '{name}' not found in provided tools"), None))
        }
        (call, _) => Ok(call),
    }
}

fn whole(call: Call, id: Uuid, wanted: &Wanted<'_>) -> Response {
    let model = call.model().clone();
    let text = model.answers.text(call.output_tokens);
    let mut answer = Writer::with_room(text.len() + wanted.model.len() + 512);
    message(answer.raw("{"), id, wanted.model);
    answer.raw(",\"content\":[{");
    match &wanted.tool {
        None => answer.raw("\"type\":\"text\",\"text\":\"").raw(text).raw("\""),
        Some(tool) => {
            tool_use(&mut answer, id, tool);
            answer.raw(",\"input\":").raw(&tool.arguments)
        }
    };
    answer.raw("}],\"stop_reason\":\"").raw(stop_reason(&call, wanted)).raw("\",\"stop_sequence\":null,");
    usage(&mut answer, &call, call.output_tokens);
    answer.raw("}");
    let mut response = response(JSON, Body::from(answer.finish()));
    count_in_headers(&mut response, &call);
    call.answered();
    response
}

fn streamed(call: Call, id: Uuid, wanted: &Wanted<'_>) -> Response {
    let mut start = Writer::with_room(384);
    message(start.raw("{\"type\":\"message_start\",\"message\":{"), id, wanted.model);
    start.raw(",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,");
    usage(&mut start, &call, 1);
    start.raw("}}");
    let mut head = Vec::with_capacity(1024);
    chunk(&mut head, &start.finish());
    let mut block = Writer::with_room(192);
    block.raw("{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{");
    let words = match &wanted.tool {
        None => {
            block.raw("\"type\":\"text\",\"text\":\"\"");
            call.model().words.invoke.clone()
        }
        Some(tool) => {
            tool_use(&mut block, id, tool);
            block.raw(",\"input\":{}");
            Arc::new(Words::of(tool.pieces().into_iter().map(input_event).collect()))
        }
    };
    block.raw("}}");
    chunk(&mut head, &block.finish());
    let mut tail = Vec::with_capacity(1024);
    chunk(&mut tail, br#"{"type":"content_block_stop","index":0}"#);
    let mut delta = Writer::with_room(192);
    delta.raw("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"").raw(stop_reason(&call, wanted));
    delta.raw("\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":").number(call.output_tokens).raw("}}");
    chunk(&mut tail, &delta.finish());
    let mut stop = Writer::with_room(256);
    stop.raw("{\"type\":\"message_stop\",\"amazon-bedrock-invocationMetrics\":{\"inputTokenCount\":")
        .number(call.input_tokens);
    stop.raw(",\"outputTokenCount\":")
        .number(call.output_tokens)
        .raw(",\"invocationLatency\":")
        .number(call.milliseconds);
    stop.raw(",\"firstByteLatency\":").number(call.milliseconds).raw("}}");
    chunk(&mut tail, &stop.finish());
    let (before, after) = (Bytes::new(), Bytes::new());
    let script = Script { head: head.into(), before, words, after, tail: tail.into() };
    let mut response = response(EVENT_STREAM, pace::body(script, call));
    response.headers_mut().insert("x-amzn-bedrock-content-type", axum::http::HeaderValue::from_static(JSON));
    response
}

/// The event of a token.
pub(crate) fn text_event(word: &str) -> Bytes {
    delta_event("{\"type\":\"text_delta\",\"text\":", word)
}

/// The event of a piece of a tool's arguments.
fn input_event(piece: &str) -> Bytes {
    delta_event("{\"type\":\"input_json_delta\",\"partial_json\":", piece)
}

fn delta_event(delta: &str, text: &str) -> Bytes {
    let mut event = Writer::with_room(128);
    event.raw("{\"type\":\"content_block_delta\",\"index\":0,\"delta\":").raw(delta).string(text).raw("}}");
    frame("chunk", wrapped(&event.finish()))
}

/// Writes an event of Anthropic's as an event of Bedrock's.
fn chunk(buffer: &mut Vec<u8>, event: &[u8]) {
    write(buffer, "chunk", wrapped(event));
}

fn wrapped(event: &[u8]) -> Vec<u8> {
    let mut payload = Writer::with_room(event.len() * 4 / 3 + 16);
    payload.raw("{\"bytes\":\"").raw(BASE64_STANDARD.encode(event)).raw("\"}");
    payload.finish()
}

fn message(answer: &mut Writer, id: Uuid, model: &str) {
    answer.raw("\"model\":").string(model).raw(",\"id\":\"msg_bdrk_").hex(id);
    answer.raw("\",\"type\":\"message\",\"role\":\"assistant\"");
}

fn tool_use(answer: &mut Writer, id: Uuid, tool: &ToolCall) {
    answer.raw("\"type\":\"tool_use\",\"id\":\"toolu_bdrk_").hex(id).raw("\",\"name\":").string(&tool.name);
}

fn usage(answer: &mut Writer, call: &Call, output_tokens: u32) {
    answer.raw("\"usage\":{\"input_tokens\":").number(call.input_tokens);
    answer.raw(",\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":");
    answer.number(output_tokens).raw("}");
}

fn stop_reason(call: &Call, wanted: &Wanted<'_>) -> &'static str {
    match (&wanted.tool, call.cut_off) {
        (Some(_), _) => "tool_use",
        (None, true) => "max_tokens",
        (None, false) => "end_turn",
    }
}
