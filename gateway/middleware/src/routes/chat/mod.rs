//! Chat completions, as OpenAI's clients send them.
//!
//! A request without a field of this gateway's own goes to LiteLLM byte for byte, and its answer comes back as it arrives.

mod recorded;
mod request;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response};

use self::recorded::Recorded;
pub use self::request::announce;
use self::request::{Peek, compose};
use super::kept::Kept;
use super::prompt::{self, Said};
use super::{answer, id_of, pass, read};
use crate::app::App;
use crate::auth::Credential;
use crate::error::{Dialect, Failure};
use crate::headers::{self, SESSION_ID};
use crate::history::assembly;
use crate::request_id::RequestId;
use crate::upstream::{Answer, Call, LARGEST_ANSWER};

/// `POST /chat/completions` and `/v1/chat/completions`.
pub async fn complete(State(app): State<App>, request: Request) -> Response<Body> {
    let id = id_of(&request);
    answer(chat(&app, request, &id).await, Dialect::OpenAi, &id)
}

async fn chat(app: &App, request: Request, id: &RequestId) -> Result<Response<Body>, Failure> {
    let (parts, body) = request.into_parts();
    let credential = Credential::from_headers(&parts.headers)?;
    let headers = headers::for_upstream(&parts.headers, Some(&credential), id);
    let query = parts.uri.query();
    if !app.config().managed_prompts && app.config().history.is_none() {
        return through(app, &parts, headers, body).await;
    }
    let mut held = read(app, &parts, body, &credential, id).await?;
    let (bytes, share) = held.parts();
    let peek = Peek::of(bytes)?;
    let rendered = match peek.model.and_then(prompt::name) {
        Some(name) if app.config().managed_prompts => {
            prompt::resolve(app, &name, peek.prompt_variables(), &credential, id).await?
        }
        _ => None,
    };
    if !peek.wants_history() {
        if rendered.is_none() && !peek.has_own_fields() {
            let body = Body::from(bytes.clone());
            return app.upstream().send(Call::chat(headers, body, query)).await.map(pass);
        }
        share.grow(bytes.len())?;
        let body = compose(bytes, None, rendered.as_ref())?;
        let (body, _) = held.replace(body, 0);
        return app.upstream().send(Call::chat(headers, body, query)).await.map(pass);
    }
    let session = peek.session_id().map(str::to_owned);
    let messages = if rendered.is_some() { Vec::new() } else { peek.messages(share)? };
    let owner = app.keys().owner(&credential, id).await?;
    let (turn, past) = app.history()?.begin(&owner, session.as_deref(), share).await?;
    let messages = match &rendered {
        Some(rendered) => Said::new(rendered.messages.clone(), messages, past.messages()).added,
        None => messages,
    };
    // The new body has what the request and the session have.
    let said: usize = messages.iter().map(String::len).sum();
    share.grow(bytes.len() + past.bytes())?;
    let body = compose(bytes, Some((past.messages(), &messages)), rendered.as_ref())?;
    drop(past);
    let (body, share) = held.replace(body, said);
    let kept = Kept::new(turn, messages, share, app.metrics().clone());
    let answer = app.upstream().send(Call::chat(headers, body, query)).await?;
    if !answer.status.is_success() {
        return Ok(pass(answer));
    }
    if answer.is_event_stream() { streamed(answer, kept, id).await } else { whole(answer, kept).await }
}

/// Neither prompts nor history are on: the body is not looked at.
async fn through(app: &App, parts: &Parts, headers: HeaderMap, body: Body) -> Result<Response<Body>, Failure> {
    let body = app.intake().pass(&parts.headers, body)?;
    match app.upstream().send(Call::chat(headers, body, parts.uri.query())).await {
        Err(Failure::TooLarge { .. }) => Err(Failure::TooLarge { limit: app.intake().limit() }),
        sent => sent.map(pass),
    }
}

/// An answer that comes at once: it is written to the session before the client has it.
async fn whole(answer: Answer, kept: Kept) -> Result<Response<Body>, Failure> {
    let (status, mut headers) = (answer.status, headers::for_client(&answer.headers));
    let mut body = answer.collect(LARGEST_ANSWER).await?;
    let (header, session) = (kept.header()?, kept.session_id().to_owned());
    if kept.whole(assembly::answered(&body)).await? {
        headers.insert(SESSION_ID, header);
        body = announce(&body, &session);
    }
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

async fn streamed(answer: Answer, mut kept: Kept, id: &RequestId) -> Result<Response<Body>, Failure> {
    kept.open().await?;
    let mut headers = headers::for_client(&answer.headers);
    headers.insert(SESSION_ID, kept.header()?);
    let mut response = Response::new(Body::new(Recorded::new(answer.body, kept, id.clone())));
    *response.status_mut() = answer.status;
    *response.headers_mut() = headers;
    Ok(response)
}
