//! A load balancer of one's own: it applies the listener's rules, so that one URL serves both containers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::LocalError;
use crate::model::listener::{Rule, Target, matches};

/// Headers that belong to one connection, not to the request.
const OF_A_CONNECTION: [HeaderName; 5] =
    [header::CONNECTION, header::TRANSFER_ENCODING, header::TE, header::TRAILER, header::UPGRADE];
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Where requests go.
#[derive(Debug)]
pub(super) struct Routes {
    /// The listener's rules.
    pub rules: Vec<Rule>,
    /// URL of LiteLLM, without a slash at its end.
    pub litellm: String,
    /// URL of the middleware. `None`: LiteLLM gets everything.
    pub middleware: Option<String>,
    /// Makes the calls.
    pub client: reqwest::Client,
}

/// A running proxy. Dropping it stops it.
#[derive(Debug)]
pub(super) struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Routes {
    fn target(&self, path: &str) -> &str {
        let rule = self.rules.iter().find(|rule| rule.paths.iter().any(|pattern| matches(pattern, path)));
        match (rule.map(|rule| rule.target), &self.middleware) {
            (Some(Target::Middleware), Some(middleware)) => middleware,
            _ => &self.litellm,
        }
    }
}

impl Proxy {
    /// Takes the port. Nothing is answered before [`Self::serve`].
    pub async fn listen(port: u16) -> Result<TcpListener, LocalError> {
        TcpListener::bind(("127.0.0.1", port)).await.map_err(|source| LocalError::Port { port, source })
    }

    /// Starts answering.
    pub fn serve(listener: TcpListener, routes: Routes) -> Result<Self, LocalError> {
        let address = listener.local_addr().map_err(|source| LocalError::Port { port: 0, source })?;
        let router = Router::new().fallback(forward).with_state(Arc::new(routes));
        let listener = listener.tap_io(|stream| {
            // A socket that is closed already cannot be set.
            let _ = stream.set_nodelay(true);
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            let graceful = async {
                let _ = stopped.await;
            };
            // Only the listener can fail here, and a later try would change nothing.
            let _ = axum::serve(listener, service).with_graceful_shutdown(graceful).await;
        });
        Ok(Self { address, stop: Some(stop), task })
    }

    /// Takes no more requests, and gives those under way a time to end.
    pub async fn stop(mut self, patience: Duration) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if tokio::time::timeout(patience, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

async fn forward(
    State(routes): State<Arc<Routes>>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let url = format!("{}{path}", routes.target(parts.uri.path()));
    let has_body =
        parts.headers.contains_key(header::CONTENT_LENGTH) || parts.headers.contains_key(header::TRANSFER_ENCODING);
    let mut headers = parts.headers;
    remove_of_connection(&mut headers);
    forwarded(&mut headers, client);
    let mut call = routes.client.request(parts.method, url).headers(headers);
    if has_body {
        call = call.body(reqwest::Body::wrap_stream(body.into_data_stream()));
    }
    let Ok(answer) = call.send().await else { return unavailable() };
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    remove_of_connection(&mut headers);
    let mut response = Response::new(Body::from_stream(answer.bytes_stream()));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn remove_of_connection(headers: &mut HeaderMap) {
    for name in OF_A_CONNECTION {
        headers.remove(name);
    }
}

/// Says for whom a request is forwarded, as an Application Load Balancer does.
fn forwarded(headers: &mut HeaderMap, client: SocketAddr) {
    let before = headers.get(FORWARDED_FOR).and_then(|value| value.to_str().ok()).map(|before| format!("{before}, "));
    let text = format!("{}{}", before.unwrap_or_default(), client.ip());
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.insert(FORWARDED_FOR, value);
    }
    headers.insert(HeaderName::from_static("x-forwarded-proto"), HeaderValue::from_static("http"));
}

/// What a load balancer says when a target does not answer.
fn unavailable() -> Response {
    let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n\
        </body>\r\n</html>\r\n";
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::http::HeaderMap;

    use super::*;
    use crate::model::Basis;
    use crate::model::listener::{MIDDLEWARE_HEALTH, rules};
    use crate::model::testing::spec;

    /// A container that says its name, and the headers that it was given.
    async fn container(name: &'static str) -> String {
        let answer = move |headers: HeaderMap, body: String| async move {
            let text =
                |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
            format!("{name} {} {} {body}", text("host"), text("x-forwarded-for"))
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        url
    }

    async fn proxy(litellm: String, middleware: Option<String>) -> Proxy {
        let spec = spec(serde_json::json!({}));
        let basis = Basis::new(&spec, None);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let routes = Routes { rules: rules(basis.spec), litellm, middleware, client };
        Proxy::serve(Proxy::listen(0).await.unwrap(), routes).unwrap()
    }

    async fn ask(proxy: &Proxy, path: &str) -> String {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let call = client.post(format!("http://{}{path}", proxy.address)).header("host", "llm.example").body("hello");
        call.send().await.unwrap().text().await.unwrap()
    }

    #[tokio::test]
    async fn each_path_reaches_the_container_that_the_listener_would_send_it_to() {
        let proxy = proxy(container("litellm").await, Some(container("middleware").await)).await;
        assert_eq!(ask(&proxy, "/bedrock/model/a/converse").await, "middleware llm.example 127.0.0.1 hello");
        assert_eq!(ask(&proxy, "/v1/chat/completions?beta=true").await, "middleware llm.example 127.0.0.1 hello");
        assert_eq!(ask(&proxy, "/key/info").await, "litellm llm.example 127.0.0.1 hello");
        assert!(ask(&proxy, MIDDLEWARE_HEALTH).await.starts_with("middleware"));
    }

    #[tokio::test]
    async fn without_the_middleware_litellm_gets_everything() {
        let proxy = proxy(container("litellm").await, None).await;
        assert!(ask(&proxy, "/v1/chat/completions").await.starts_with("litellm"));
    }

    #[tokio::test]
    async fn a_container_that_is_gone_is_a_bad_gateway() {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let proxy = proxy(format!("http://{gone}"), None).await;
        let answer = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = answer.get(format!("http://{}/", proxy.address)).send().await.unwrap();
        assert_eq!(answer.status(), 502);
        assert!(answer.text().await.unwrap().contains("502 Bad Gateway"));
    }

    #[tokio::test]
    async fn a_stream_is_passed_on_piece_by_piece() {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel::<&'static str>();
        let pieces = futures::stream::unfold(receiver, async |mut receiver| {
            let piece = receiver.recv().await?;
            Some((Ok::<_, Infallible>(piece), receiver))
        });
        let body = std::sync::Mutex::new(Some(Body::from_stream(pieces)));
        let body = Arc::new(body);
        let answer = move || async move { Response::new(body.lock().unwrap().take().unwrap()) };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        let proxy = proxy(url, None).await;
        sender.send("one").unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut answer = client.get(format!("http://{}/", proxy.address)).send().await.unwrap();
        // The second piece is not there yet.
        assert_eq!(answer.chunk().await.unwrap().unwrap(), "one");
        sender.send("two").unwrap();
        assert_eq!(answer.chunk().await.unwrap().unwrap(), "two");
    }
}
