//! A server whose answers the test decides, and that remembers what it was asked.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use bytes::Bytes;
use futures::StreamExt;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A request that came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Method.
    pub method: String,
    /// Path with query, undecoded.
    pub path: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Seen {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// An answer.
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    chunks: Vec<Bytes>,
    cut: bool,
    hold: Option<oneshot::Receiver<()>>,
}

impl Reply {
    /// JSON.
    pub fn json(status: u16, value: Value) -> Self {
        Self::text(status, "application/json", value.to_string())
    }

    /// Any text.
    pub fn text(status: u16, content_type: &str, text: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        Self { status, headers, chunks: vec![text.into()], cut: false, hold: None }
    }

    /// A chat completion with that message.
    pub fn message(message: Value, finish_reason: &str) -> Self {
        Self::json(200, completion(message, finish_reason))
    }

    /// An error of LiteLLM.
    pub fn error(status: u16, message: &str) -> Self {
        let error = json!({"message": message, "type": "some_error", "param": null, "code": status.to_string()});
        Self::json(status, json!({"error": error}))
    }

    /// A stream of chunks with its end.
    pub fn stream(chunks: &[Value]) -> Self {
        let mut events: Vec<Bytes> = chunks.iter().map(|chunk| Bytes::from(format!("data: {chunk}\n\n"))).collect();
        events.push(Bytes::from_static(b"data: [DONE]\n\n"));
        Self::bytes(events)
    }

    /// A stream of these bytes.
    pub fn bytes(chunks: Vec<Bytes>) -> Self {
        let headers = vec![("content-type", "text/event-stream; charset=utf-8".to_owned())];
        Self { status: 200, headers, chunks, cut: false, hold: None }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Without the end: the connection breaks behind the last chunk.
    #[must_use]
    pub fn cut(mut self) -> Self {
        if self.chunks.last().is_some_and(|chunk| chunk.starts_with(b"data: [DONE]")) {
            self.chunks.pop();
        }
        self.cut = true;
        self
    }

    /// Without the end, until the other half is used or dropped.
    #[must_use]
    pub fn held(mut self) -> (Self, oneshot::Sender<()>) {
        let (release, hold) = oneshot::channel();
        self.chunks.pop();
        self.hold = Some(hold);
        (self, release)
    }

    fn response(self) -> Response<Body> {
        let Self { status, headers, chunks, cut, hold } = self;
        let end = futures::stream::once(async move {
            // What came before is sent now, and does not break together with the rest.
            tokio::task::yield_now().await;
            if cut { Err(std::io::Error::other("the connection breaks here")) } else { Ok(Bytes::new()) }
        });
        let chunks = futures::stream::iter(chunks.into_iter().map(Ok)).chain(end);
        let held = futures::stream::once(async move {
            if let Some(hold) = hold {
                let _ = hold.await;
            }
            Ok(Bytes::new())
        });
        let mut response = Response::new(Body::from_stream(chunks.chain(held)));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        for (name, value) in headers {
            let value = HeaderValue::from_str(&value).expect("a value");
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
        response
    }
}

/// A chat completion.
pub fn completion(message: Value, finish_reason: &str) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    })
}

/// A chunk of a chat stream.
pub fn chunk(delta: Value, finish_reason: Option<&str>) -> Value {
    let mut choice = json!({"index": 0, "delta": delta});
    if let Some(reason) = finish_reason {
        choice["finish_reason"] = json!(reason);
    }
    json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]})
}

/// The chunk that counts tokens.
pub fn usage() -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [],
        "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    })
}

/// The server. It ends with its test.
#[derive(Clone)]
pub struct Upstream {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Upstream {
    /// A LiteLLM that answers chat as told, and knows every key that begins with `sk-`: `sk-<user>-<anything>` is one of
    /// that user.
    pub async fn chat(reply: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(move |seen| match seen.path.as_str() {
            "/key/info" => key_info(seen),
            "/health/liveliness" => Reply::json(200, json!("I'm alive!")),
            _ => reply(seen),
        })
        .await
    }

    /// A server that answers everything as told.
    pub async fn start(reply: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (reply, memory) = (Arc::new(reply), seen.clone());
        let router = Router::new().fallback(move |request: Request| {
            let (reply, memory) = (reply.clone(), memory.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
                let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
                let seen = Seen { method: parts.method.to_string(), path, headers: parts.headers, body };
                memory.lock().expect("no panic").push(seen.clone());
                Ok::<_, Infallible>(reply(&seen).response())
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, seen }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests, but for those about keys.
    pub fn seen(&self) -> Vec<Seen> {
        let seen = self.seen.lock().expect("no panic");
        seen.iter().filter(|seen| seen.path != "/key/info").cloned().collect()
    }

    /// The body of the last request.
    #[track_caller]
    pub fn last(&self) -> Value {
        self.seen().last().expect("a request").json()
    }
}

fn key_info(seen: &Seen) -> Reply {
    match seen.header("authorization").and_then(|value| value.strip_prefix("Bearer sk-")) {
        Some(key) => {
            let user = key.split('-').next();
            Reply::json(200, json!({"key": "hash", "info": {"user_id": user, "team_id": null}}))
        }
        None => Reply::error(401, "Authentication Error"),
    }
}
