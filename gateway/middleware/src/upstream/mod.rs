//! LiteLLM: one pool of connections, bodies as streams both ways.
//!
//! Dropping an [`Answer`], or the future of [`Upstream::send`], closes its connection: that is how a client that goes away
//! stops LiteLLM.

mod answer;
mod decoder;

use std::error::Error as _;
use std::time::Duration;

use axum::body::Body;
use axum::http::uri::{Authority, PathAndQuery, Scheme};
use axum::http::{HeaderMap, Method, Request, Uri};
use http_body_util::LengthLimitError;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

pub use self::answer::{Answer, AnswerBody, LARGEST_ANSWER, StreamError};
use crate::body::TooSlow;
use crate::config::Config;
use crate::error::Failure;

/// Path of chat completions at LiteLLM.
pub const CHAT_COMPLETIONS: &str = "/v1/chat/completions";
/// Shorter than LiteLLM's own: a connection that it is just closing would fail a request. A deployment gives it minutes; by
/// itself it has uvicorn's five seconds. <https://www.uvicorn.org/settings/#timeouts>
const IDLE_CONNECTION: Duration = Duration::from_secs(4);
/// It is in the same task.
const CONNECT: Duration = Duration::from_secs(3);

/// A call to LiteLLM.
#[derive(Debug)]
pub struct Call {
    /// Method.
    pub method: Method,
    /// Path, and perhaps a query.
    pub path: PathAndQuery,
    /// Headers, as [`crate::headers::for_upstream`] makes them.
    pub headers: HeaderMap,
    /// Body.
    pub body: Body,
}

impl Call {
    /// A `POST` of JSON to chat completions, with the query of the client's request but for a model.
    pub fn chat(headers: HeaderMap, body: impl Into<Body>, query: Option<&str>) -> Self {
        let chat = PathAndQuery::from_static(CHAT_COMPLETIONS);
        let path = match query.and_then(without_model) {
            None => chat,
            // What was a query is one.
            Some(query) => format!("{CHAT_COMPLETIONS}?{query}").parse().unwrap_or(chat),
        };
        Self { method: Method::POST, path, headers, body: body.into() }
    }

    /// A `GET`.
    pub fn get(path: PathAndQuery, headers: HeaderMap) -> Self {
        Self { method: Method::GET, path, headers, body: Body::empty() }
    }
}

/// A query without the model that it names: LiteLLM 1.102 calls it in place of the body's, and asks only of the body's
/// whether the key may call it. <https://github.com/BerriAI/litellm/issues/41810>
fn without_model(query: &str) -> Option<String> {
    let is_model = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        percent_encoding::percent_decode_str(name).eq(*b"model")
    };
    let rest: Vec<&str> = query.split('&').filter(|pair| !is_model(pair)).collect();
    (!rest.is_empty()).then(|| rest.join("&"))
}

/// The client of LiteLLM.
#[derive(Debug, Clone)]
pub struct Upstream {
    client: Client<HttpConnector, Body>,
    authority: Authority,
    /// Path before every path, without a slash at its end.
    prefix: String,
    timeout: Duration,
}

impl Upstream {
    /// A client of the LiteLLM of a configuration.
    pub fn new(config: &Config) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_CONNECTION)
            .build(connector);
        let authority = config.upstream.authority().cloned().unwrap_or(Authority::from_static("127.0.0.1"));
        let prefix = config.upstream.path().trim_end_matches('/').to_owned();
        Self { client, authority, prefix, timeout: config.request_timeout }
    }

    /// How long an answer, and each next part of it, may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Sends a call and waits for the head of the answer, whatever its status.
    ///
    /// # Errors
    /// If LiteLLM cannot be reached or takes too long, or if the request's own body failed while it was sent.
    pub async fn send(&self, call: Call) -> Result<Answer, Failure> {
        self.send_within(call, self.timeout).await
    }

    /// As [`Self::send`], with a time of its own.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn send_within(&self, call: Call, timeout: Duration) -> Result<Answer, Failure> {
        let mut request = Request::new(call.body);
        *request.method_mut() = call.method;
        *request.uri_mut() = self.uri(call.path)?;
        *request.headers_mut() = call.headers;
        match tokio::time::timeout(timeout, self.client.request(request)).await {
            Ok(Ok(response)) => Answer::new(response, timeout),
            Ok(Err(error)) => Err(failure(&error)),
            Err(_) => Err(Failure::UpstreamTimeout { seconds: timeout.as_secs() }),
        }
    }

    fn uri(&self, path: PathAndQuery) -> Result<Uri, Failure> {
        let path = if self.prefix.is_empty() {
            path
        } else {
            format!("{}{path}", self.prefix).parse().map_err(|_| Failure::Internal)?
        };
        let mut parts = axum::http::uri::Parts::default();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).map_err(|_| Failure::Internal)
    }
}

/// What a failed call means. The client's own body may be the reason.
fn failure(error: &hyper_util::client::legacy::Error) -> Failure {
    if error.is_connect() {
        tracing::warn!(%error, "LiteLLM cannot be reached");
        return Failure::UpstreamUnreachable;
    }
    let causes = || std::iter::successors(error.source(), |&cause| cause.source());
    if causes().any(|cause| cause.is::<LengthLimitError>()) {
        return Failure::TooLarge { limit: 0 };
    }
    if let Some(TooSlow { seconds }) = causes().find_map(|cause| cause.downcast_ref()) {
        return Failure::BodyTimeout { seconds: *seconds };
    }
    if causes().any(|cause| cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_user)) {
        return Failure::BodyCut;
    }
    tracing::warn!(%error, "a call to LiteLLM failed");
    Failure::UpstreamUnreachable
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that answers every request with nothing and keeps its connections, and how many it has had.
    async fn server() -> (Upstream, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let connections = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                seen.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    let mut asked = vec![0; 4096];
                    while client.read(&mut asked).await.is_ok_and(|length| length > 0) {
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                        client.write_all(answer).await.expect("written");
                    }
                });
            }
        });
        let of = |name: &str| match name {
            "UPSTREAM_URL" => Some(url.clone()),
            "CHAT_HISTORY" => Some("false".to_owned()),
            _ => None,
        };
        (Upstream::new(&Config::read(of).expect("a configuration")), connections)
    }

    async fn call(upstream: &Upstream) {
        let call = Call::get(PathAndQuery::from_static("/health"), HeaderMap::new());
        drop(upstream.send(call).await.expect("an answer"));
        // The connection goes back by itself.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    #[tokio::test]
    async fn a_connection_that_was_idle_as_long_as_litellm_keeps_it_is_not_used_again() {
        let (upstream, connections) = server().await;
        call(&upstream).await;
        call(&upstream).await;
        assert_eq!(connections.load(Ordering::Relaxed), 1, "it is kept");
        tokio::time::sleep(Duration::from_millis(4_500)).await;
        call(&upstream).await;
        assert_eq!(connections.load(Ordering::Relaxed), 2);
    }
}
