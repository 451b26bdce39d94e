//! What stands around LiteLLM in the tests of smoke calls, with switches that break it: a load balancer in front, which
//! sends paths where the listener's rules send them; AWS behind, whose accounts can refuse; a cable to Redis.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use gwinfra::model::listener::{Rule, Target, matches};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What is broken.
#[derive(Debug)]
pub struct Switches {
    /// The middleware's paths have no healthy target.
    pub middleware_down: AtomicBool,
    /// Streams lose their end.
    pub cut_streams: AtomicBool,
    /// A firewall blocks lookups of Log4j.
    pub firewall: AtomicBool,
    /// The firewall blocks long bodies, too.
    pub firewall_blocks_prompts: AtomicBool,
    /// The firewall blocks everything.
    pub firewall_blocks_all: AtomicBool,
    /// Answers to those who make keys are lost on their way back.
    pub answers_lost: AtomicBool,
    /// LiteLLM's paths have no healthy target.
    pub litellm_down: AtomicBool,
    /// Keys are made without their limits.
    pub limits_lost: AtomicBool,
    /// No answer says when to try again.
    pub retry_after_lost: AtomicBool,
    /// Who comes without a key is given this one.
    pub given_key: Mutex<Option<String>>,
    /// What the load balancer says in the place of what stands behind it.
    pub said: Mutex<Vec<Said>>,
    /// This account, or this region, refuses all calls.
    pub refused_account: Mutex<Option<String>>,
    /// Bodies of the calls of models, as they came to Bedrock.
    pub reached: Mutex<Vec<Bytes>>,
    /// Redis cannot be reached.
    pub redis_cut: watch::Sender<bool>,
}

/// An answer to a method and a path.
#[derive(Debug, Clone)]
pub struct Said {
    pub method: &'static str,
    pub path: &'static str,
    pub status: u16,
    pub body: serde_json::Value,
}

impl Switches {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            middleware_down: AtomicBool::new(false),
            cut_streams: AtomicBool::new(false),
            firewall: AtomicBool::new(false),
            firewall_blocks_prompts: AtomicBool::new(false),
            firewall_blocks_all: AtomicBool::new(false),
            answers_lost: AtomicBool::new(false),
            litellm_down: AtomicBool::new(false),
            limits_lost: AtomicBool::new(false),
            retry_after_lost: AtomicBool::new(false),
            given_key: Mutex::new(None),
            said: Mutex::default(),
            refused_account: Mutex::new(None),
            reached: Mutex::default(),
            redis_cut: watch::Sender::new(false),
        })
    }

    /// Everything works again.
    pub fn repair(&self) {
        for switch in [
            &self.middleware_down,
            &self.cut_streams,
            &self.firewall,
            &self.firewall_blocks_prompts,
            &self.firewall_blocks_all,
            &self.answers_lost,
            &self.litellm_down,
            &self.limits_lost,
            &self.retry_after_lost,
        ] {
            switch.store(false, Ordering::SeqCst);
        }
        *self.given_key.lock().unwrap() = None;
        self.said.lock().unwrap().clear();
        *self.refused_account.lock().unwrap() = None;
        self.reached.lock().unwrap().clear();
        self.redis_cut.send_replace(false);
    }

    /// From now on this is the answer to a method and a path.
    pub fn say(&self, method: &'static str, path: &'static str, status: u16, body: serde_json::Value) {
        self.said.lock().unwrap().push(Said { method, path, status, body });
    }

    fn says(&self, request: &Request) -> Option<Response> {
        let said = self.said.lock().unwrap();
        let said = said.iter().find(|said| said.method == request.method() && said.path == request.uri().path())?;
        let status = StatusCode::from_u16(said.status).unwrap();
        Some((status, [(header::CONTENT_TYPE, "application/json")], said.body.to_string()).into_response())
    }
}

/// Where the load balancer sends requests.
pub struct Routes {
    pub switches: Arc<Switches>,
    pub rules: Vec<Rule>,
    pub litellm: String,
    pub middleware: Option<String>,
    pub client: reqwest::Client,
}

/// A load balancer. Its URL.
pub async fn load_balancer(routes: Routes) -> String {
    serve(Router::new().fallback(balance).with_state(Arc::new(routes))).await
}

async fn balance(State(routes): State<Arc<Routes>>, mut request: Request) -> Response {
    let switches = &routes.switches;
    if switches.firewall.load(Ordering::SeqCst) {
        let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let long = length.unwrap_or(0u64) > 8192 && switches.firewall_blocks_prompts.load(Ordering::SeqCst);
        let all = switches.firewall_blocks_all.load(Ordering::SeqCst);
        if all || long || request.uri().query().is_some_and(|query| query.contains("jndi")) {
            return page(StatusCode::FORBIDDEN);
        }
    }
    if let Some(said) = switches.says(&request) {
        return said;
    }
    if let Some(key) = &*switches.given_key.lock().unwrap()
        && !request.headers().contains_key(header::AUTHORIZATION)
    {
        request.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {key}").parse().unwrap());
    }
    let path = request.uri().path();
    let of_middleware = routes
        .rules
        .iter()
        .any(|rule| rule.target == Target::Middleware && rule.paths.iter().any(|pattern| matches(pattern, path)));
    let target = match (&routes.middleware, of_middleware) {
        (Some(_), true) if switches.middleware_down.load(Ordering::SeqCst) => {
            return page(StatusCode::SERVICE_UNAVAILABLE);
        }
        (Some(middleware), true) => middleware,
        _ if switches.litellm_down.load(Ordering::SeqCst) => return page(StatusCode::SERVICE_UNAVAILABLE),
        _ => &routes.litellm,
    };
    let makes_key = path == "/key/generate";
    if makes_key && switches.limits_lost.load(Ordering::SeqCst) {
        request = without_limits(request).await;
    }
    let mut answer = forward(&routes.client, target, request).await;
    if makes_key && switches.answers_lost.load(Ordering::SeqCst) {
        return page(StatusCode::GATEWAY_TIMEOUT);
    }
    if switches.retry_after_lost.load(Ordering::SeqCst) {
        answer.headers_mut().remove(header::RETRY_AFTER);
    }
    if !switches.cut_streams.load(Ordering::SeqCst) {
        return answer;
    }
    let kind = answer.headers().get(header::CONTENT_TYPE).map(|kind| kind.as_bytes().to_vec()).unwrap_or_default();
    let is_frames = kind.starts_with(b"application/vnd.amazon.eventstream");
    if !is_frames && !kind.starts_with(b"text/event-stream") {
        return answer;
    }
    let (parts, body) = answer.into_parts();
    if is_frames {
        let whole = axum::body::to_bytes(body, 1 << 24).await.unwrap();
        // Within the last frame: its checksum alone has four bytes.
        return Response::from_parts(parts, Body::from(whole.slice(..whole.len() - 2)));
    }
    let mut held = Vec::new();
    let cut = body.into_data_stream().map(move |part| part.map(|part| before_end(&mut held, &part)));
    Response::from_parts(parts, Body::from_stream(cut))
}

/// The making of a key without the key's limits.
async fn without_limits(request: Request) -> Request {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 24).await.unwrap();
    let mut wanted: serde_json::Value = serde_json::from_slice(&body).unwrap();
    wanted.as_object_mut().unwrap().remove("rpm_limit");
    Request::from_parts(parts, Body::from(wanted.to_string()))
}

/// A part of a stream of events without the stream's end, which may stand in two parts: what may belong to it is held.
fn before_end(held: &mut Vec<u8>, part: &Bytes) -> Bytes {
    held.extend_from_slice(part);
    let known = held.len().saturating_sub("data: [DONE]\n\n".len());
    Bytes::from_iter(held.drain(..known))
}

/// What a load balancer and its firewall say themselves.
fn page(status: StatusCode) -> Response {
    let text = format!("<html>\r\n<head><title>{status}</title></head>\r\n<body><h1>{status}</h1></body>\r\n</html>");
    (status, [(header::SERVER, "awselb/2.0"), (header::CONTENT_TYPE, "text/html")], text).into_response()
}

/// AWS, whose accounts can refuse. Its URL.
pub async fn amazon(switches: Arc<Switches>, mock: String, client: reqwest::Client) -> String {
    serve(Router::new().fallback(refuse).with_state(Arc::new((switches, mock, client)))).await
}

type Amazon = Arc<(Arc<Switches>, String, reqwest::Client)>;

async fn refuse(State(amazon): State<Amazon>, request: Request) -> Response {
    let (switches, mock, client) = &*amazon;
    let refused = switches.refused_account.lock().unwrap().clone();
    let signed = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if request.uri().path().starts_with("/model/") && refused.is_some_and(|account| signed.contains(&account)) {
        let message = "You don't have access to the model with the specified model ID.";
        let body = serde_json::json!({"message": message}).to_string();
        let headers = [("x-amzn-errortype", "AccessDeniedException"), ("content-type", "application/json")];
        return (StatusCode::FORBIDDEN, headers, body).into_response();
    }
    if !request.uri().path().starts_with("/model/") {
        return forward(client, mock, request).await;
    }
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 24).await.unwrap();
    switches.reached.lock().unwrap().push(body.clone());
    forward(client, mock, Request::from_parts(parts, Body::from(body))).await
}

async fn forward(client: &reqwest::Client, target: &str, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let body = axum::body::to_bytes(body, 1 << 24).await.unwrap();
    let call = client.request(parts.method, format!("{target}{path}")).headers(of_request(parts.headers)).body(body);
    let Ok(answer) = call.send().await else { return page(StatusCode::BAD_GATEWAY) };
    let (status, headers) = (answer.status(), of_request(answer.headers().clone()));
    let mut response = Response::new(Body::from_stream(answer.bytes_stream()));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Headers without those of the connection.
fn of_request(mut headers: HeaderMap) -> HeaderMap {
    const OF_CONNECTION: [HeaderName; 3] = [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH];
    for name in OF_CONNECTION {
        headers.remove(name);
    }
    headers
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// A cable to a port, which can be cut: then its connections break, and no new one lasts. Its own port.
pub async fn cable(switches: Arc<Switches>, to: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let mut cut = switches.redis_cut.subscribe();
            tokio::spawn(async move {
                if *cut.borrow() {
                    return;
                }
                let Ok(mut far) = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], to))).await else { return };
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                    _ = cut.wait_for(|cut| *cut) => {}
                }
            });
        }
    });
    port
}
