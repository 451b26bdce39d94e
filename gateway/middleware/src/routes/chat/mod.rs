//! Chat completions, as OpenAI's clients send them.
//!
//! A request without a field of this gateway's own goes to LiteLLM byte for byte, and its answer comes back as it arrives.

mod recorded;
mod request;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Response};
use http_body_util::Limited;

use self::recorded::Recorded;
pub use self::request::announce;
use self::request::{Peek, compose};
use super::{answer, id_of, pass, prompt};
use crate::app::App;
use crate::auth::Credential;
use crate::error::{Dialect, Failure};
use crate::headers::{self, SESSION_ID};
use crate::history::{Turn, assembly};
use crate::request_id::RequestId;
use crate::telemetry::metrics::TurnOutcome;
use crate::upstream::{Answer, Call};

/// Largest answer that is not streamed and has to be read.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// `POST /chat/completions` and `/v1/chat/completions`.
pub async fn complete(State(app): State<App>, request: Request) -> Response<Body> {
    let id = id_of(&request);
    answer(chat(&app, request, &id).await, Dialect::OpenAi, &id)
}

async fn chat(app: &App, request: Request, id: &RequestId) -> Result<Response<Body>, Failure> {
    let (parts, body) = request.into_parts();
    let credential = Credential::from_headers(&parts.headers)?;
    let headers = headers::for_upstream(&parts.headers, Some(&credential), id);
    if !app.config().managed_prompts && app.config().history.is_none() {
        return through(app, &parts, headers, body).await;
    }
    let held = app.intake().read(&parts.headers, body).await?;
    let peek = Peek::of(held.bytes())?;
    let rendered = match peek.model {
        Some(model) if app.config().managed_prompts && prompt::may_be(model) => {
            let name: String = serde_json::from_str(model.get()).map_err(|_| Failure::Internal)?;
            prompt::resolve(app, &name, peek.prompt_variables, &credential, id).await?
        }
        _ => None,
    };
    if !peek.wants_history() {
        let body = if rendered.is_none() && !peek.has_own_fields() {
            Body::from(held.bytes().clone())
        } else {
            Body::from(compose(held.bytes(), None, rendered.as_ref())?)
        };
        return app.upstream().send(Call::chat(headers, body)).await.map(pass);
    }
    let owner = app.keys().owner(&credential, id).await?;
    let turn = app.history()?.begin(&owner, peek.session_id.as_deref()).await?;
    let messages = match &rendered {
        Some(rendered) => rendered.messages.clone(),
        None => peek.messages()?,
    };
    let body = compose(held.bytes(), Some((turn.past(), &messages)), rendered.as_ref())?;
    drop(held);
    let answer = app.upstream().send(Call::chat(headers, body)).await?;
    if !answer.status.is_success() {
        return Ok(pass(answer));
    }
    if answer.is_event_stream() {
        streamed(app, answer, turn, messages, id).await
    } else {
        whole(app, answer, turn, messages).await
    }
}

/// Neither prompts nor history are on: the body is not looked at.
async fn through(app: &App, parts: &Parts, headers: HeaderMap, body: Body) -> Result<Response<Body>, Failure> {
    let limit = app.intake().limit();
    app.intake().check(&parts.headers)?;
    let sent = app.upstream().send(Call::chat(headers, Body::new(Limited::new(body, limit)))).await;
    match sent {
        Err(Failure::TooLarge { .. }) => Err(Failure::TooLarge { limit }),
        sent => sent.map(pass),
    }
}

/// An answer that comes at once: it is written to the session before the client has it.
async fn whole(app: &App, answer: Answer, turn: Turn, mut messages: Vec<String>) -> Result<Response<Body>, Failure> {
    let (status, mut headers) = (answer.status, headers::for_client(&answer.headers));
    let body = answer.collect(LARGEST_ANSWER).await?;
    let Some(message) = assembly::answered(&body) else {
        tracing::warn!("an answer without a message is not kept in its session");
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        return Ok(response);
    };
    messages.push(message);
    let session = turn.session_id().to_owned();
    let finished = turn.finish(messages).await;
    app.metrics().turn(if finished.is_ok() { TurnOutcome::Saved } else { TurnOutcome::Failed });
    finished?;
    headers.insert(SESSION_ID, HeaderValue::from_str(&session).map_err(|_| Failure::Internal)?);
    let mut response = Response::new(Body::from(announce(&body, &session)));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

async fn streamed(
    app: &App,
    answer: Answer,
    turn: Turn,
    messages: Vec<String>,
    id: &RequestId,
) -> Result<Response<Body>, Failure> {
    turn.open().await?;
    let mut headers = headers::for_client(&answer.headers);
    headers.insert(SESSION_ID, HeaderValue::from_str(turn.session_id()).map_err(|_| Failure::Internal)?);
    let body = Recorded::new(answer.body, turn, messages, app.metrics().clone(), id.clone());
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = headers;
    Ok(response)
}
