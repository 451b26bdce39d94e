//! `/chat-history`, `/bedrock/chat-history` and `/session-ids`.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::http::request::Parts;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{answer, id_of};
use crate::app::App;
use crate::auth::Credential;
use crate::error::{Dialect, Failure};
use crate::history::{Cursor, LARGEST_PAGE, MessagePage};
use crate::keys::Owner;
use crate::request_id::RequestId;

/// What `after` has to be.
const AFTER: &str = "`after` is the `next` of the last page";

/// Body of all three.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    session_id: Option<String>,
    /// Most messages or sessions.
    limit: Option<i64>,
    /// What the last page said.
    after: Option<Value>,
}

/// `POST /chat-history`.
pub async fn messages(State(app): State<App>, request: Request) -> Response<Body> {
    let id = id_of(&request);
    let page = page(&app, request, &id).await;
    answer(page.and_then(|page| held(&app, openai(&page))), Dialect::OpenAi, &id)
}

/// `POST /bedrock/chat-history`.
pub async fn bedrock_messages(State(app): State<App>, request: Request) -> Response<Body> {
    let id = id_of(&request);
    let page = page(&app, request, &id).await;
    answer(page.and_then(|page| held(&app, bedrock(&page))), Dialect::Bedrock, &id)
}

/// `DELETE /chat-history`.
pub async fn delete(State(app): State<App>, request: Request) -> Response<Body> {
    let id = id_of(&request);
    answer(deleted(&app, request, &id).await, Dialect::OpenAi, &id)
}

/// `DELETE /bedrock/chat-history`.
pub async fn bedrock_delete(State(app): State<App>, request: Request) -> Response<Body> {
    let id = id_of(&request);
    answer(deleted(&app, request, &id).await, Dialect::Bedrock, &id)
}

/// `POST /session-ids`.
pub async fn sessions(State(app): State<App>, request: Request) -> Response<Body> {
    let id = id_of(&request);
    answer(listed(&app, request, &id).await, Dialect::OpenAi, &id)
}

async fn page(app: &App, request: Request, id: &RequestId) -> Result<MessagePage, Failure> {
    let (parts, body) = request.into_parts();
    let wanted = wanted(app, &parts, body).await?;
    let session = session(&wanted)?;
    let after = match &wanted.after {
        None | Some(Value::Null) => None,
        Some(after) => Some(after.as_i64().ok_or_else(|| invalid(AFTER))?),
    };
    let limit = limit(&wanted)?;
    let owner = owner(app, &parts, id).await?;
    app.history()?.messages(&owner, session, after, limit).await
}

async fn deleted(app: &App, request: Request, id: &RequestId) -> Result<Response<Body>, Failure> {
    let (parts, body) = request.into_parts();
    let mut wanted = wanted(app, &parts, body).await?;
    // A `DELETE` with a body does not get through every client and proxy.
    let query = parts.uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("session_id="));
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    wanted.session_id = wanted.session_id.or(query.map(decoded));
    let session = session(&wanted)?;
    let owner = owner(app, &parts, id).await?;
    app.history()?.delete(&owner, session).await?;
    Ok(super::json(json!({"session_id": session, "deleted": true}).to_string()))
}

async fn listed(app: &App, request: Request, id: &RequestId) -> Result<Response<Body>, Failure> {
    let (parts, body) = request.into_parts();
    let wanted = wanted(app, &parts, body).await?;
    let after = match &wanted.after {
        None | Some(Value::Null) => None,
        Some(after) => Some(after.as_str().and_then(Cursor::parse).ok_or_else(|| invalid(AFTER))?),
    };
    let limit = limit(&wanted)?.unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE);
    let owner = owner(app, &parts, id).await?;
    let page = app.history()?.sessions(&owner, after.as_ref(), limit).await?;
    let next = page.next.map(|next| next.to_string());
    Ok(super::json(json!({"session_ids": page.ids, "next": next}).to_string()))
}

async fn wanted(app: &App, parts: &Parts, body: Body) -> Result<Wanted, Failure> {
    let held = app.intake().read(&parts.headers, body).await?;
    if held.bytes().trim_ascii().is_empty() {
        return Ok(Wanted::default());
    }
    serde_json::from_slice(held.bytes()).map_err(|error| invalid(&format!("The body is not a JSON object: {error}")))
}

fn session(wanted: &Wanted) -> Result<&str, Failure> {
    wanted.session_id.as_deref().filter(|id| !id.is_empty()).ok_or_else(|| invalid("`session_id` is missing"))
}

fn limit(wanted: &Wanted) -> Result<Option<i64>, Failure> {
    match wanted.limit {
        Some(limit) if !(1..=i64::from(i32::MAX)).contains(&limit) => Err(invalid("`limit` is a positive number")),
        limit => Ok(limit),
    }
}

async fn owner(app: &App, parts: &Parts, id: &RequestId) -> Result<Owner, Failure> {
    let credential = Credential::from_headers(&parts.headers)?;
    app.keys().owner(&credential, id).await
}

fn invalid(message: &str) -> Failure {
    Failure::Invalid(message.to_owned())
}

/// An answer of JSON that counts as memory until the client has it.
fn held(app: &App, text: String) -> Result<Response<Body>, Failure> {
    let mut share = app.intake().share();
    share.grow(text.len())?;
    Ok(super::json(share.hold(text)))
}

/// Messages as they were sent, without being read again.
fn openai(page: &MessagePage) -> String {
    let next = page.next.map_or("null".to_owned(), |next| next.to_string());
    format!("{{\"messages\":[{}],\"next\":{next}}}", page.messages.join(","))
}

/// The fields of a message that Bedrock's form has. Others are not read. A message that is odd even here was taken as it was
/// sent, and is shown so.
#[derive(Deserialize)]
struct Message<'a> {
    role: String,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_calls: Option<&'a RawValue>,
    #[serde(default)]
    tool_call_id: Option<String>,
}

/// Messages in Bedrock's form, system messages apart.
fn bedrock(page: &MessagePage) -> String {
    let (mut messages, mut system) = (Vec::new(), Vec::new());
    for text in &page.messages {
        let Ok(message) = serde_json::from_str::<Message<'_>>(text) else {
            messages.push(json!({"role": "user", "content": [{"text": text}]}));
            continue;
        };
        let blocks = blocks(&message);
        match message.role.as_str() {
            "system" | "developer" => system.extend(blocks),
            "assistant" => messages.push(json!({"role": "assistant", "content": blocks})),
            // Bedrock has no other roles: results of tools are the user's.
            _ => messages.push(json!({"role": "user", "content": blocks})),
        }
    }
    json!({"messages": messages, "system": system, "next": page.next}).to_string()
}

/// Content blocks of a message.
fn blocks(message: &Message<'_>) -> Vec<Value> {
    if message.role == "tool" {
        return vec![json!({"toolResult": {"toolUseId": message.tool_call_id, "content": texts(message.content)}})];
    }
    let mut blocks = texts(message.content);
    let calls = message.tool_calls.and_then(|calls| serde_json::from_str::<Vec<Value>>(calls.get()).ok());
    for call in calls.unwrap_or_default() {
        let arguments = call.pointer("/function/arguments").and_then(Value::as_str).unwrap_or_default();
        let input: Value = serde_json::from_str(arguments).unwrap_or_else(|_| json!({}));
        let (id, name) = (call.get("id"), call.pointer("/function/name"));
        blocks.push(json!({"toolUse": {"toolUseId": id, "name": name, "input": input}}));
    }
    blocks
}

/// Text blocks. Parts of other kinds (images), and what is no text of Unicode, stay JSON as they were sent.
fn texts(content: Option<&RawValue>) -> Vec<Value> {
    let Some(content) = content else { return Vec::new() };
    match serde_json::from_str(content.get()) {
        Ok(Value::Null) => Vec::new(),
        Ok(Value::String(text)) if text.is_empty() => Vec::new(),
        Ok(Value::String(text)) => vec![json!({"text": text})],
        Ok(Value::Array(parts)) => parts
            .iter()
            .map(|part| match part.get("text") {
                Some(text) => json!({"text": text}),
                None => json!({"text": part.to_string()}),
            })
            .collect(),
        Ok(_) | Err(_) => vec![json!({"text": content.get()})],
    }
}
