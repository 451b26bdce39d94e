//! `/chat-history`, `/bedrock/chat-history` and `/session-ids`.

mod bedrock;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::http::request::Parts;
use serde::Deserialize;
use serde_json::json;

use super::{answer, id_of, read};
use crate::app::App;
use crate::auth::Credential;
use crate::body::Share;
use crate::error::{Dialect, Failure};
use crate::history::{Cursor, LARGEST_PAGE, MessagePage};
use crate::json::Json;
use crate::keys::Owner;
use crate::request_id::RequestId;

/// What `after` has to be.
const AFTER: &str = "`after` is the `next` of the last page";

/// Bytes of a page beside its messages.
const AROUND: usize = 32;

/// Body of all three.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    session_id: Option<String>,
    /// Most messages or sessions.
    limit: Option<i64>,
    /// What the last page said: a number for messages, a text for sessions.
    after: Option<Json>,
}

/// Who asks, and for what.
struct Asked {
    owner: Owner,
    wanted: Wanted,
    share: Share,
}

/// `POST /chat-history`.
pub async fn messages(State(app): State<App>, request: Request) -> Response<Body> {
    let id = id_of(&request);
    answer(page(&app, request, &id, openai).await, Dialect::OpenAi, &id)
}

/// `POST /bedrock/chat-history`.
pub async fn bedrock_messages(State(app): State<App>, request: Request) -> Response<Body> {
    let id = id_of(&request);
    answer(page(&app, request, &id, bedrock::page).await, Dialect::Bedrock, &id)
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

/// Writes a page, and grows the share by what the text takes beyond that of the messages.
type Write = fn(&MessagePage, &mut Share) -> Result<String, Failure>;

async fn page(app: &App, request: Request, id: &RequestId, write: Write) -> Result<Response<Body>, Failure> {
    let (parts, body) = request.into_parts();
    let Asked { owner, wanted, mut share } = asked(app, &parts, body, id).await?;
    let session = session(&wanted)?;
    let after = after::<i64>(&wanted)?;
    let page = app.history()?.messages(&owner, session, after, limit(&wanted)?, &mut share).await?;
    let text = write(&page, &mut share)?;
    drop(page);
    // It counts as memory until the client has it.
    Ok(super::json(share.replace(text, 0).0))
}

async fn deleted(app: &App, request: Request, id: &RequestId) -> Result<Response<Body>, Failure> {
    let (parts, body) = request.into_parts();
    let Asked { owner, mut wanted, .. } = asked(app, &parts, body, id).await?;
    // A `DELETE` with a body does not get through every client and proxy.
    let query = parts.uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("session_id="));
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    wanted.session_id = wanted.session_id.or(query.map(decoded));
    let session = session(&wanted)?;
    app.history()?.delete(&owner, session).await?;
    Ok(super::json(json!({"session_id": session, "deleted": true}).to_string()))
}

async fn listed(app: &App, request: Request, id: &RequestId) -> Result<Response<Body>, Failure> {
    let (parts, body) = request.into_parts();
    let Asked { owner, wanted, .. } = asked(app, &parts, body, id).await?;
    let after = match after::<String>(&wanted)? {
        None => None,
        Some(after) => Some(Cursor::parse(&after).ok_or_else(|| invalid(AFTER))?),
    };
    let limit = limit(&wanted)?.unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE);
    let page = app.history()?.sessions(&owner, after.as_ref(), limit).await?;
    let next = page.next.map(|next| next.to_string());
    Ok(super::json(json!({"session_ids": page.ids, "next": next}).to_string()))
}

/// Reads the key before the body, and the body before LiteLLM is asked whose the key is.
async fn asked(app: &App, parts: &Parts, body: Body, id: &RequestId) -> Result<Asked, Failure> {
    let credential = Credential::from_headers(&parts.headers)?;
    let held = read(app, parts, body, &credential, id).await?;
    let text = held.bytes().trim_ascii();
    let wanted = match text.first() {
        None => Wanted::default(),
        Some(b'{') => serde_json::from_slice(text).map_err(|error| no_object(&error))?,
        Some(_) => return Err(no_object(&"it is something else")),
    };
    let owner = app.keys().owner(&credential, id).await?;
    let mut share = held.into_share();
    share.shrink_to(0);
    Ok(Asked { owner, wanted, share })
}

fn no_object(reason: &dyn std::fmt::Display) -> Failure {
    invalid(&format!("The body is not a JSON object: {reason}"))
}

/// What the last page said, of the type that it is said in.
fn after<T: serde::de::DeserializeOwned>(wanted: &Wanted) -> Result<Option<T>, Failure> {
    let Some(after) = &wanted.after else { return Ok(None) };
    serde_json::from_str(after.get()).map_err(|_| invalid(AFTER))
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

fn invalid(message: &str) -> Failure {
    Failure::Invalid(message.to_owned())
}

/// Messages as they were sent, without being read again.
fn openai(page: &MessagePage, share: &mut Share) -> Result<String, Failure> {
    let next = page.next.map_or("null".to_owned(), |next| next.to_string());
    let length = page.messages.iter().map(|message| message.len() + 1).sum::<usize>() + next.len() + AROUND;
    share.grow(length)?;
    let mut text = String::with_capacity(length);
    text.push_str("{\"messages\":[");
    for (index, message) in page.messages.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(message);
    }
    text.push_str("],\"next\":");
    text.push_str(&next);
    text.push('}');
    Ok(text)
}
