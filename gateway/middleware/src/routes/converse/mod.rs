//! The Converse API of Bedrock: `/bedrock/model/{id}/converse` and `/bedrock/model/{id}/converse-stream`.

mod request;
mod stream;

use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};

use self::request::Prepared;
use self::stream::Events;
use super::kept::Kept;
use super::{id_of, read};
use crate::app::App;
use crate::auth::Credential;
use crate::converse::error::ConverseError;
use crate::converse::model_id::{self, Operation};
use crate::converse::place::Invalid;
use crate::converse::response::response;
use crate::converse::stream::frame;
use crate::error::{AMAZON_REQUEST_ID, Dialect, ERROR_TYPE, Failure};
use crate::headers::{self, SESSION_ID};
use crate::history::assembly;
use crate::request_id::RequestId;
use crate::upstream::{Answer, Call, LARGEST_ANSWER};

/// The paths of all models. What is behind the prefix is looked at undecoded: ids of models hold slashes.
pub const PATH: &str = "/bedrock/model/{*rest}";

const PREFIX: &str = "/bedrock/model/";

/// Largest error that is read.
const LARGEST_ERROR: usize = 1024 * 1024;

/// LiteLLM's name for what a provider says about trying again.
const PROVIDER_RETRY_AFTER: &str = "llm_provider-retry-after";

/// Why a request has no answer.
enum Refusal {
    /// The gateway says so.
    Own(Failure),
    /// LiteLLM says so.
    Upstream(ConverseError, HeaderMap),
}

impl<E: Into<Failure>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Own(error.into())
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid.0)
    }
}

/// `POST /bedrock/model/{id}/converse` and `/bedrock/model/{id}/converse-stream`.
pub async fn model(State(app): State<App>, request: Request) -> Response<Body> {
    let id = id_of(&request);
    let mut response = match converse(&app, request, &id).await {
        Ok(response) => response,
        Err(Refusal::Own(failure)) => return failure.response(Dialect::Bedrock, &id),
        Err(Refusal::Upstream(error, headers)) => refused(&error, headers),
    };
    response.headers_mut().insert(AMAZON_REQUEST_ID, id.header());
    response
}

async fn converse(app: &App, request: Request, id: &RequestId) -> Result<Response<Body>, Refusal> {
    let (parts, body) = request.into_parts();
    let rest = parts.uri.path().strip_prefix(PREFIX).unwrap_or_default();
    // InvokeModel and the like are LiteLLM's own; the load balancer sends them there.
    let (model, operation) = model_id::parse(rest).ok_or(Failure::NotFound)??;
    let credential = Credential::from_headers(&parts.headers)?;
    let held = read(app, &parts, body, &credential, id).await?;
    let streamed = operation == Operation::ConverseStream;
    let Prepared { body, guarded, kept } = request::prepare(app, model, held, streamed, &credential, id).await?;
    let mut sent = headers::for_upstream(&parts.headers, Some(&credential), id);
    sent.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    sent.remove(axum::http::header::ACCEPT);
    let began = Instant::now();
    let answer = app.upstream().send(Call::chat(sent, body, None)).await?;
    if !answer.status.is_success() {
        return Err(upstream_refusal(answer).await);
    }
    match operation {
        Operation::Converse => whole(answer, kept, guarded, began).await,
        Operation::ConverseStream => stream(answer, kept, guarded, began).await,
    }
}

async fn whole(answer: Answer, kept: Option<Kept>, guarded: bool, began: Instant) -> Result<Response<Body>, Refusal> {
    let mut headers = client_headers(&answer.headers, "application/json");
    let body = answer.collect(LARGEST_ANSWER).await?;
    let latency = began.elapsed();
    let completion = serde_json::from_slice(&body).map_err(|_| Failure::UpstreamInvalid)?;
    let mut converse = response(completion, guarded, latency).map_err(|_| Failure::UpstreamInvalid)?;
    if let Some(kept) = kept {
        let (header, session) = (kept.header()?, kept.session_id().to_owned());
        if kept.whole(assembly::answered(&body)).await? {
            headers.insert(SESSION_ID, header);
            converse.session_id = Some(session);
        }
    }
    let body = serde_json::to_vec(&converse).map_err(|_| Failure::Internal)?;
    let mut response = Response::new(Body::from(body));
    *response.headers_mut() = headers;
    Ok(response)
}

async fn stream(
    answer: Answer,
    mut kept: Option<Kept>,
    guarded: bool,
    began: Instant,
) -> Result<Response<Body>, Refusal> {
    if !answer.is_event_stream() {
        return Err(Failure::UpstreamInvalid.into());
    }
    let mut headers = client_headers(&answer.headers, frame::CONTENT_TYPE);
    if let Some(kept) = &mut kept {
        kept.open().await?;
        headers.insert(SESSION_ID, kept.header()?);
    }
    let events = Events::new(answer.body, kept, guarded, began);
    let broken = events.broken();
    let mut response = Response::new(Body::new(events));
    *response.headers_mut() = headers;
    response.extensions_mut().insert(broken);
    Ok(response)
}

/// What LiteLLM answered instead of an answer. Nothing is tried again here: clients do, and would multiply it.
async fn upstream_refusal(answer: Answer) -> Refusal {
    let status = answer.status.as_u16();
    let text = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let retry_after = text(RETRY_AFTER.as_str()).or_else(|| text(PROVIDER_RETRY_AFTER));
    let headers = client_headers(&answer.headers, "application/json");
    let body = answer.collect(LARGEST_ERROR).await.unwrap_or_default();
    Refusal::Upstream(ConverseError::of_upstream(status, retry_after, &body), headers)
}

fn refused(error: &ConverseError, headers: HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::from(error.body().to_string()));
    *response.status_mut() = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = headers;
    let headers = response.headers_mut();
    headers.insert(ERROR_TYPE, HeaderValue::from_static(error.kind.name()));
    if let Some(retry_after) = error.retry_after.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
        headers.insert(RETRY_AFTER, retry_after);
    }
    response
}

fn client_headers(headers: &HeaderMap, content_type: &'static str) -> HeaderMap {
    let mut headers = headers::for_client(headers);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers
}
