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
    /// This account refuses all calls.
    pub refused_account: Mutex<Option<String>>,
    /// Redis cannot be reached.
    pub redis_cut: watch::Sender<bool>,
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
            refused_account: Mutex::new(None),
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
        ] {
            switch.store(false, Ordering::SeqCst);
        }
        *self.refused_account.lock().unwrap() = None;
        self.redis_cut.send_replace(false);
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

async fn balance(State(routes): State<Arc<Routes>>, request: Request) -> Response {
    let switches = &routes.switches;
    if switches.firewall.load(Ordering::SeqCst) {
        let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let long = length.unwrap_or(0u64) > 8192 && switches.firewall_blocks_prompts.load(Ordering::SeqCst);
        let all = switches.firewall_blocks_all.load(Ordering::SeqCst);
        if all || long || request.uri().query().is_some_and(|query| query.contains("jndi")) {
            return page(StatusCode::FORBIDDEN);
        }
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
        _ => &routes.litellm,
    };
    let is_lost = path == "/key/generate" && switches.answers_lost.load(Ordering::SeqCst);
    let answer = forward(&routes.client, target, request).await;
    if is_lost {
        return page(StatusCode::GATEWAY_TIMEOUT);
    }
    let is_stream = answer
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    if !is_stream || !switches.cut_streams.load(Ordering::SeqCst) {
        return answer;
    }
    let (parts, body) = answer.into_parts();
    let whole = body.into_data_stream().map(|part| part.map(|part| before_end(&part)).map_err(std::io::Error::other));
    Response::from_parts(parts, Body::from_stream(whole))
}

/// What comes before the end of a stream of events.
fn before_end(part: &Bytes) -> Bytes {
    const END: &[u8] = b"data: [DONE]";
    part.windows(END.len()).position(|bytes| bytes == END).map_or_else(|| part.clone(), |end| part.slice(..end))
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
    forward(client, mock, request).await
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
