//! A LiteLLM whose every answer a test decides, down to the bytes and their pauses.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, StatusCode};
use futures::{StreamExt as _, stream};
use gwinfra_middleware::auth::Credential;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Seen {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }

    /// The content of the last message.
    pub fn asked(&self) -> String {
        self.json()["messages"]
            .as_array()
            .and_then(|list| list.last())
            .map_or(String::new(), |message| message["content"].as_str().unwrap_or_default().to_owned())
    }
}

/// A part of an answer's body.
#[derive(Clone)]
pub enum Part {
    Bytes(Vec<u8>),
    /// Goes on when the test adds a permit.
    Wait(Arc<Semaphore>),
    /// Adds a permit when it is reached.
    Count(Arc<Semaphore>),
    /// The connection breaks.
    Cut,
}

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::Bytes(text.into_bytes())
    }
}

/// An answer.
#[derive(Clone)]
pub struct Reply {
    status: StatusCode,
    headers: Vec<(&'static str, String)>,
    parts: Vec<Part>,
    /// Before the head is sent.
    wait: Option<Arc<Semaphore>>,
}

impl Reply {
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", vec![body.to_string().into()])
    }

    pub fn stream(parts: Vec<Part>) -> Self {
        Self::new(200, "text/event-stream; charset=utf-8", parts)
    }

    pub fn new(status: u16, content_type: &str, parts: Vec<Part>) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        Self { status: StatusCode::from_u16(status).expect("a status"), headers, parts, wait: None }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn after(mut self, permit: &Arc<Semaphore>) -> Self {
        self.wait = Some(Arc::clone(permit));
        self
    }
}

type Script = dyn Fn(&Seen) -> Reply + Send + Sync;

struct Inner {
    script: Box<Script>,
    seen: Mutex<Vec<Seen>>,
    /// What `/key/info` says, by key. Keys that are not here are refused; `"master"` is the master key, and `limited` holds
    /// what it is told about a key that may not ask for itself. A key with `from` is taken from that address only; one with
    /// `refused` is not taken, for that reason. One that is `"remembered"` is deleted, and taken from memory; one with
    /// `forgotten` is so, too, and is limited as it was.
    keys: Mutex<HashMap<String, Value>>,
    roles: Mutex<HashMap<String, &'static str>>,
    ready: Mutex<bool>,
    /// Bodies that ended before all of their parts were sent.
    abandoned: AtomicUsize,
}

/// The upstream.
#[derive(Clone)]
pub struct Upstream {
    pub address: SocketAddr,
    inner: Arc<Inner>,
}

impl Upstream {
    /// Starts one that answers chat completions as the script says.
    pub async fn start(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let inner = Arc::new(Inner {
            script: Box::new(script),
            seen: Mutex::default(),
            keys: Mutex::default(),
            roles: Mutex::default(),
            ready: Mutex::new(true),
            abandoned: AtomicUsize::new(0),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let upstream = Self { address, inner };
        for name in ["one", "two"] {
            upstream.know(&format!("sk-{name}"), json!({"user_id": name}));
        }
        upstream
    }

    /// Knows a key from now on.
    pub fn know(&self, key: &str, info: Value) {
        self.inner.keys.lock().expect("no panic").insert(key.to_owned(), info);
    }

    /// Knows a key no longer.
    pub fn revoke(&self, key: &str) {
        self.inner.keys.lock().expect("no panic").remove(key);
    }

    /// Gives a user a role.
    pub fn role(&self, user: &str, role: &'static str) {
        self.inner.roles.lock().expect("no panic").insert(user.to_owned(), role);
    }

    /// Whether it says that it is ready.
    pub fn set_ready(&self, ready: bool) {
        *self.inner.ready.lock().expect("no panic") = ready;
    }

    /// Requests to a path.
    pub fn seen(&self, path: &str) -> Vec<Seen> {
        self.inner.seen.lock().expect("no panic").iter().filter(|seen| seen.path == path).cloned().collect()
    }

    /// Chat requests.
    pub fn chats(&self) -> Vec<Seen> {
        self.seen("/v1/chat/completions")
    }

    pub fn abandoned(&self) -> usize {
        self.inner.abandoned.load(Ordering::SeqCst)
    }
}

async fn answer(State(inner): State<Arc<Inner>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else { return Response::new(Body::empty()) };
    let (path, query) = (parts.uri.path().to_owned(), parts.uri.query().unwrap_or_default().to_owned());
    let seen = Seen { method: parts.method.to_string(), path, query, headers: parts.headers, body };
    inner.seen.lock().expect("no panic").push(seen.clone());
    let reply = match seen.path.as_str() {
        "/key/info" => key_info(&inner, &seen, parts.uri.query().unwrap_or_default()),
        "/user/info" => user_info(&inner, parts.uri.query().unwrap_or_default()),
        "/health/readiness" => {
            let ready = *inner.ready.lock().expect("no panic");
            Reply::json(if ready { 200 } else { 503 }, &json!({"status": "healthy"}))
        }
        _ => (inner.script)(&seen),
    };
    if let Some(wait) = &reply.wait {
        wait.acquire().await.expect("open").forget();
    }
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    response.body(body_of(inner, reply.parts)).expect("a response")
}

fn key_info(inner: &Inner, seen: &Seen, query: &str) -> Reply {
    let key = seen.headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let keys = inner.keys.lock().expect("no panic");
    if let Some(hash) = query.strip_prefix("key=") {
        let asked = keys.iter().find(|(key, _)| Credential::new(key).hash() == hash);
        return match asked {
            Some((_, info)) if info.get("forgotten").is_some() => Reply::json(404, &json!({"error": {"code": "404"}})),
            Some((_, info)) if key.is_some_and(|key| keys.get(key).is_some_and(|info| info == "master")) => {
                Reply::json(200, &json!({"key": hash, "info": info["limited"]}))
            }
            _ => Reply::json(403, &json!({"detail": "no"})),
        };
    }
    let from = seen.headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    match key.and_then(|key| keys.get(key).map(|info| (key, info))) {
        Some((_, info)) if info.get("from").is_some() && info["from"].as_str() != from => {
            let message = format!("Access forbidden: IP address {} not allowed.", from.unwrap_or("127.0.0.1"));
            Reply::json(403, &json!({"error": {"message": message, "type": "auth_error", "code": "403"}}))
        }
        Some((_, info)) if info.get("refused").is_some() => {
            let error = json!({"message": info["refused"], "type": "budget_exceeded", "param": null, "code": "429"});
            Reply::json(429, &json!({"error": error}))
        }
        Some((_, info)) if info == "master" || info == "remembered" => {
            Reply::json(404, &json!({"error": {"code": "404"}}))
        }
        Some((_, info)) if info.get("limited").is_some() || info.get("forgotten").is_some() => {
            Reply::json(403, &json!({"detail": "Virtual key is not allowed to call this route."}))
        }
        Some((key, info)) => Reply::json(200, &json!({"key": key, "info": info})),
        None => Reply::json(401, &json!({"error": {"code": "401", "type": "token_not_found_in_db"}})),
    }
}

fn user_info(inner: &Inner, query: &str) -> Reply {
    let user = percent_encoding::percent_decode_str(query.strip_prefix("user_id=").unwrap_or_default());
    let user = user.decode_utf8().expect("UTF-8");
    let role = inner.roles.lock().expect("no panic").get(user.as_ref()).copied().unwrap_or("internal_user");
    Reply::json(200, &json!({"user_id": user, "user_info": {"user_role": role}}))
}

/// Counts a body that is dropped before its end.
struct Unfinished(Option<Arc<Inner>>);

impl Unfinished {
    fn done(mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(inner) = &self.0 {
            inner.abandoned.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn body_of(inner: Arc<Inner>, parts: Vec<Part>) -> Body {
    if let [Part::Bytes(bytes)] = parts.as_slice() {
        return Body::from(bytes.clone());
    }
    let unfinished = Unfinished(Some(inner));
    let parts = stream::unfold((parts.into_iter(), unfinished), |(mut parts, unfinished)| async move {
        loop {
            match parts.next() {
                None => {
                    unfinished.done();
                    return None;
                }
                Some(Part::Bytes(bytes)) => return Some((Ok(bytes), (parts, unfinished))),
                Some(Part::Wait(permit)) => permit.acquire().await.expect("open").forget(),
                Some(Part::Count(permit)) => permit.add_permits(1),
                Some(Part::Cut) => return Some((Err(std::io::Error::other("cut")), (parts, unfinished))),
            }
        }
    });
    Body::from_stream(parts.boxed())
}
