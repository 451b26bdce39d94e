//! OpenAI's chat completions and list of models.

mod answer;

use std::borrow::Cow;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::call::{Model, Ticket, Wanted};
use super::fault::Fault;
use super::prompt::Prompt;
use super::tool::{Tool, ToolCall};

pub(super) use answer::models;

/// The body of a call, of which only what decides the answer is read.
#[derive(Debug, Deserialize)]
struct Request<'a> {
    #[serde(borrow, default)]
    model: Option<Cow<'a, str>>,
    messages: Option<Prompt>,
    stream: Option<bool>,
    #[serde(borrow)]
    stream_options: Option<&'a RawValue>,
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
    #[serde(borrow)]
    tools: Option<&'a RawValue>,
    tool_choice: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

/// Answers a call of chat completions. `deployment` is the model of a path that names one, as Azure's do.
pub(super) async fn chat(
    model: &Arc<Model>,
    ticket: Ticket,
    headers: &HeaderMap,
    body: &Bytes,
    deployment: Option<&str>,
) -> Result<Response, Fault> {
    let request: Request<'_> = serde_json::from_slice(body).map_err(|error| Fault::Malformed(error.to_string()))?;
    let Some(name) = request.model.as_deref().or(deployment).filter(|name| !name.is_empty()) else {
        return Err(Fault::Invalid("you must provide a model parameter".to_owned(), Some("model")));
    };
    let Some(messages) = request.messages else {
        return Err(Fault::Invalid("Missing required parameter: 'messages'.".to_owned(), Some("messages")));
    };
    if messages.elements == 0 {
        let message = "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array \
            instead.";
        return Err(Fault::Invalid(message.to_owned(), Some("messages")));
    }
    let tool = tool_call(&request, messages)?;
    let part = |text: Option<&RawValue>| text.and_then(|text| serde_json::from_str(text.get()).ok());
    let wanted = Wanted {
        operation: "chat",
        model: name,
        prompt: messages.with(part(request.tools)),
        max_tokens: request.max_completion_tokens.or(request.max_tokens),
        stream: request.stream.unwrap_or_default(),
        tool,
    };
    let with_usage = request
        .stream_options
        .and_then(|options| serde_json::from_str::<StreamOptions>(options.get()).ok())
        .is_some_and(|options| options.include_usage);
    let id = ticket.id;
    let call = model.begin(ticket, headers, &wanted).await?;
    Ok(if wanted.stream { answer::stream(call, id, &wanted, with_usage) } else { answer::whole(call, id, &wanted) })
}

/// The call of a tool that is to be the answer: whenever tools are offered, unless the last message is the result of one.
fn tool_call(request: &Request<'_>, messages: Prompt) -> Result<Option<ToolCall>, Fault> {
    let Some(tools) = request.tools else { return Ok(None) };
    let choice = request.tool_choice.as_ref();
    let mode = choice.and_then(Value::as_str).unwrap_or("auto");
    let named = choice.and_then(|choice| choice.pointer("/function/name")).and_then(Value::as_str);
    if mode == "none" || (messages.ends_with_result && mode == "auto" && named.is_none()) {
        return Ok(None);
    }
    let tools: Vec<Value> = serde_json::from_str(tools.get())
        .map_err(|error| Fault::Invalid(format!("Invalid 'tools': {error}"), Some("tools")))?;
    let offered = tools.iter().filter_map(|tool| tool.get("function")).filter_map(|function| {
        Some(Tool { name: function.get("name")?.as_str()?, schema: function.get("parameters") })
    });
    let call = ToolCall::choose(offered, named);
    match (call, named) {
        (None, Some(name)) => {
            let message = format!("Tool choice '{name}' not found in 'tools' parameter.");
            Err(Fault::Invalid(message, Some("tool_choice")))
        }
        (call, _) => Ok(call),
    }
}
