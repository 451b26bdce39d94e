//! The HTTP server.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use axum::serve::ListenerExt;
use bytes::Bytes;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::call::Model;
use super::fault::{Dialect, Fault};
use super::log::Log;
use super::settings::Settings;
use super::stats::Document;
use super::{bedrock, json, openai, sts};

/// The largest body that is read: what Bedrock takes of images and documents.
const MOST_BYTES: usize = 32 << 20;

/// The server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address is taken, or may not be used.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// A running model. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    model: Arc<Model>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts answering in the current runtime.
    pub async fn start(address: SocketAddr, settings: Settings, log: Option<Log>) -> Result<Self, ServerError> {
        let failed = |source| ServerError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        let model = Arc::new(Model::new(settings, log));
        let router = Router::new().fallback(serve).with_state(model.clone());
        let listener = listener.tap_io(|stream| {
            // A token that waits for more would be measured as the gateway's delay. A socket that is closed already
            // cannot be set.
            let _ = stream.set_nodelay(true);
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let graceful = async {
                // An owner that is dropped without a word stops the server too.
                let _ = stopped.await;
            };
            // Only the listener can fail here, and a later try would change nothing.
            let _ = axum::serve(listener, router).with_graceful_shutdown(graceful).await;
        });
        Ok(Self { address: bound, model, stop: Some(stop), task })
    }

    /// Where clients find it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was called so far.
    pub fn stats(&self) -> Document {
        self.model.stats.document(self.model.seconds())
    }

    /// Hands over what is still in memory of the log.
    pub fn flush(&self) {
        if let Some(log) = &self.model.log {
            log.flush();
        }
    }

    /// Stops taking calls and waits a moment for those under way: a client may keep a stream open for minutes.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // The task may have ended by itself.
            let _ = stop.send(());
        }
        if tokio::time::timeout(std::time::Duration::from_secs(2), &mut self.task).await.is_err() {
            self.task.abort();
        }
        self.flush();
    }
}

async fn serve(State(model): State<Arc<Model>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    if parts.method != Method::POST {
        return other(&model, &parts.method, path);
    }
    let Ok(body) = axum::body::to_bytes(body, MOST_BYTES).await else {
        return Fault::Malformed(format!("more than {MOST_BYTES} bytes")).response(dialect(path));
    };
    if let Some(asked) = bedrock::operation(path) {
        let ticket = model.ticket(&parts.headers);
        let id = ticket.request_id.clone();
        let answer = bedrock::answer(&model, ticket, &parts.headers, &body, asked).await;
        return with_id(answer, Dialect::Bedrock, "x-amzn-requestid", id);
    }
    if path.ends_with("/chat/completions") {
        let ticket = model.ticket(&parts.headers);
        let id = ticket.request_id.clone();
        // Azure's: /openai/deployments/NAME/chat/completions
        let deployment = path.strip_prefix("/openai/deployments/").and_then(|rest| rest.split('/').next());
        let answer = openai::chat(&model, ticket, &parts.headers, &body, deployment).await;
        return with_id(answer, Dialect::OpenAi, "x-request-id", id);
    }
    if path == "/mock/reset" {
        model.forget();
        return document(&json!({"reset": true}));
    }
    if bedrock::is_guardrail(path) {
        return bedrock::guardrail();
    }
    if path == "/"
        && let Some(answer) = sts::answer(&parts.headers, &body)
    {
        return answer;
    }
    Fault::NoPath(format!("POST {path}")).response(dialect(path))
}

/// What is read: statistics, health and models.
fn other(model: &Model, method: &Method, path: &str) -> Response {
    if method == Method::GET {
        match path {
            "/mock/stats" => return document(&json!(model.stats.document(model.seconds()))),
            // The last is LiteLLM's, for a middleware that is measured without LiteLLM.
            "/mock/health" | "/health" | "/health/liveliness" => return document(&json!({"status": "healthy"})),
            _ if path.ends_with("/models") => return openai::models(model),
            _ => {}
        }
    }
    Fault::NoPath(format!("{method} {path}")).response(dialect(path))
}

fn dialect(path: &str) -> Dialect {
    if path.starts_with("/model/") || path.starts_with("/guardrail/") { Dialect::Bedrock } else { Dialect::OpenAi }
}

fn with_id(answer: Result<Response, Fault>, dialect: Dialect, name: &'static str, id: HeaderValue) -> Response {
    let mut response = answer.unwrap_or_else(|fault| fault.response(dialect));
    response.headers_mut().insert(HeaderName::from_static(name), id);
    response
}

fn document(value: &serde_json::Value) -> Response {
    let mut response = Response::new(Body::from(Bytes::from(json::text(value))));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
