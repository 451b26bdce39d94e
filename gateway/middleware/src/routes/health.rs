//! Whether the service lives, and whether it can work.
//!
//! Liveness is the service alone: an orchestrator that kills it because LiteLLM is slow makes things worse. Readiness is
//! everything that it needs, and says what is missing.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, Response, StatusCode};
use serde_json::json;

use crate::app::App;
use crate::upstream::Call;

/// Path of liveness.
pub const LIVELINESS: &str = "/bedrock/health/liveliness";
/// Path of readiness.
pub const READINESS: &str = "/bedrock/health/readiness";
const UPSTREAM_READINESS: &str = "/health/readiness";
const TIMEOUT: Duration = Duration::from_secs(4);

/// The service answers.
pub async fn liveliness() -> Response<Body> {
    super::json(json!({"status": "healthy"}).to_string())
}

/// Whether LiteLLM and, with chat history, the database answer.
pub async fn readiness(State(app): State<App>) -> Response<Body> {
    let (litellm, database) = tokio::join!(litellm(&app), database(&app));
    let ready = litellm == "connected" && matches!(database, "connected" | "not used");
    let status = if ready { "healthy" } else { "unhealthy" };
    let mut response = super::json(json!({"status": status, "litellm": litellm, "database": database}).to_string());
    if !ready {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response
}

async fn litellm(app: &App) -> &'static str {
    let call = Call::get(PathAndQuery::from_static(UPSTREAM_READINESS), HeaderMap::new());
    match app.upstream().send_within(call, TIMEOUT).await {
        Ok(answer) if answer.status == StatusCode::OK => "connected",
        Ok(_) => "error",
        Err(_) => "disconnected",
    }
}

async fn database(app: &App) -> &'static str {
    let Some(history) = app.history_if_on() else { return "not used" };
    match tokio::time::timeout(TIMEOUT, history.answers()).await {
        Ok(true) => "connected",
        Ok(false) | Err(_) => "disconnected",
    }
}
