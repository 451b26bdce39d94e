//! What is served where.
//!
//! A handler takes the [`App`], the request's id and the request, and returns a [`Failure`] where it cannot answer;
//! [`answer`] says it in the route's dialect.

pub mod chat;
pub mod converse;
pub mod health;
pub mod history;
mod kept;
pub mod keys;
pub mod prompt;
pub mod user;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use axum::http::request::Parts;
use axum::routing::{get, post};

use crate::app::App;
use crate::auth::Credential;
use crate::body::Held;
use crate::error::{Dialect, Failure};
use crate::headers;
use crate::request_id::RequestId;
use crate::telemetry::metrics::Route;
use crate::upstream::Answer;

/// Paths of the service, as metrics and logs name them.
const PATHS: &[&str] = &[
    "/chat/completions",
    "/v1/chat/completions",
    "/chat-history",
    "/bedrock/chat-history",
    "/session-ids",
    "/key/generate",
    "/user/new",
    health::LIVELINESS,
    health::READINESS,
    "/",
];

/// The router of all paths.
pub fn router(app: App) -> Router {
    let converse = match app.config().bedrock_api {
        true => Router::new().route(converse::PATH, post(converse::model)),
        false => Router::new(),
    };
    converse
        .route("/chat/completions", post(chat::complete))
        .route("/v1/chat/completions", post(chat::complete))
        .route("/chat-history", post(history::messages).delete(history::delete))
        .route("/bedrock/chat-history", post(history::bedrock_messages).delete(history::bedrock_delete))
        .route("/session-ids", post(history::sessions))
        .route("/key/generate", post(keys::generate))
        .route("/user/new", post(user::new))
        .route(health::LIVELINESS, get(health::liveliness))
        .route(health::READINESS, get(health::readiness))
        .route("/", get(health::liveliness))
        .fallback(async |request: Request| refuse(&request, &Failure::NotFound))
        .method_not_allowed_fallback(async |request: Request| refuse(&request, &Failure::MethodNotAllowed))
        .with_state(app)
}

/// The route of a path, for metrics and logs: never the path itself, of which there are as many as clients invent.
pub fn route_of(path: &str) -> Route {
    if let Some(known) = PATHS.iter().find(|&&known| known == path) {
        return Route(known);
    }
    match path.strip_prefix("/bedrock/model/") {
        Some(rest) if rest.ends_with("/converse") => Route("/bedrock/model/{id}/converse"),
        Some(rest) if rest.ends_with("/converse-stream") => Route("/bedrock/model/{id}/converse-stream"),
        _ => Route("other"),
    }
}

/// Whether a route is asked by machines every few seconds.
pub fn is_health(route: Route) -> bool {
    [health::LIVELINESS, health::READINESS, "/"].contains(&route.0)
}

/// The dialect of a path.
pub fn dialect_of(path: &str) -> Dialect {
    if path.starts_with("/bedrock/") { Dialect::Bedrock } else { Dialect::OpenAi }
}

/// The id that [`crate::service`] gave the request.
pub fn id_of<B>(request: &axum::http::Request<B>) -> RequestId {
    request.extensions().get::<RequestId>().cloned().unwrap_or_else(RequestId::random)
}

/// A handler's answer, or its failure in a dialect.
pub fn answer(result: Result<Response<Body>, Failure>, dialect: Dialect, id: &RequestId) -> Response<Body> {
    result.unwrap_or_else(|failure| failure.response(dialect, id))
}

/// The whole body of a request. LiteLLM is asked about the key before one is taken that is large, or slow to arrive.
///
/// # Errors
/// If LiteLLM refuses the key, or as [`crate::body::Intake::read`].
pub async fn read(
    app: &App,
    parts: &Parts,
    body: Body,
    credential: &Credential,
    id: &RequestId,
) -> Result<Held, Failure> {
    // Made only when it is needed, and not a part of every request's future.
    let admit = async { Box::pin(app.keys().admit(credential, id)).await };
    app.intake().read(parts.extensions.get(), &parts.headers, body, admit).await
}

/// An answer of LiteLLM as it is: status, the headers that a client sees, and the body as it comes.
pub fn pass(answer: Answer) -> Response<Body> {
    let mut response = Response::new(Body::new(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = headers::for_client(&answer.headers);
    response
}

fn refuse(request: &Request, failure: &Failure) -> Response<Body> {
    failure.response(dialect_of(request.uri().path()), &id_of(request))
}

/// An answer of JSON.
pub fn json(text: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(text.into());
    let content_type = axum::http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(axum::http::header::CONTENT_TYPE, content_type);
    response
}
