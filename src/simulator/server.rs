//! The HTTP server: one world behind a lock, on a loopback port.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request as AxumRequest, State};
use axum::http::HeaderValue;
use axum::http::header::DATE;
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::dispatch;
use super::protocol::HttpRequest;
use super::world::World;

/// The largest request body that is read: 512 MiB, more than any layer of the gateway's image.
const MAXIMUM_BODY_BYTES: usize = 512 << 20;

/// Where anyone reads how many calls were answered, as JSON by `service:Action`: no AWS service has such a path.
const CALLS: &str = "/_simulator/calls";

/// How to serve.
#[derive(Debug, Clone)]
pub struct Options {
    /// The loopback port; 0 takes a free one.
    pub port: u16,
    /// The account of the access keys `simulator`, `test` and `testing`. Any other account is its own access key: `AWS_ACCESS_KEY_ID=111122223333`.
    pub account: String,
    /// Where the world is saved; `None` keeps it in memory.
    pub directory: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: 0, account: "111122223333".into(), directory: None }
    }
}

/// The server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The port is taken, or may not be used.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The port that was asked for.
        port: u16,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// A running simulator. Dropping it stops it; [`Server::stop`] also waits for calls under way.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    world: SharedWorld,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// The world that a server and its owner share.
#[derive(Debug, Clone)]
pub struct SharedWorld(Arc<Mutex<World>>);

impl SharedWorld {
    pub(super) fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    /// Waits for the world. A call that panicked does not lock the others out: the world is changed call by call.
    pub fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone)]
struct Context {
    world: SharedWorld,
    options: Arc<Options>,
}

impl Server {
    /// Starts serving a world in the current runtime.
    pub async fn start(world: World, options: Options) -> Result<Self, ServerError> {
        let port = options.port;
        let listen = |source| ServerError::Listen { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let world = SharedWorld::new(world);
        let context = Context { world: world.clone(), options: Arc::new(options) };
        let router = Router::new().fallback(serve).with_state(context);
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let graceful = async {
                // An owner that is dropped without a word stops the server too.
                let _ = stopped.await;
            };
            // Only the listener can fail here, and loopback has nothing that a later try would change.
            let _ = axum::serve(listener, router).with_graceful_shutdown(graceful).await;
        });
        Ok(Self { address, world, stop: Some(stop), task })
    }

    /// What clients use as endpoint URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The world, for its owner to look into.
    pub fn world(&self) -> &SharedWorld {
        &self.world
    }

    /// Stops taking calls, waits for those under way, and returns the world as they left it.
    pub async fn stop(mut self) -> SharedWorld {
        if let Some(stop) = self.stop.take() {
            // The task may have ended by itself.
            let _ = stop.send(());
        }
        let _ = self.task.await;
        self.world
    }
}

/// An answer that breaks off, so that the connection is closed.
fn broken() -> Response {
    let error = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    Response::new(Body::from_stream(futures::stream::once(async { Err::<Vec<u8>, _>(error) })))
}

async fn serve(State(context): State<Context>, request: AxumRequest) -> Response {
    let (parts, body) = request.into_parts();
    if parts.uri.path() == CALLS {
        let calls = serde_json::json!(context.world.lock().calls);
        return Response::new(Body::from(calls.to_string()));
    }
    let query = parts.uri.query().unwrap_or_default();
    let mut request = HttpRequest {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers: parts.headers,
        body: Bytes::new(),
    };
    let reply = match axum::body::to_bytes(body, MAXIMUM_BODY_BYTES).await {
        Ok(body) => {
            request.body = body;
            match dispatch::answer(&context.world, &context.options, &request).await {
                Some(reply) => reply,
                None => return broken(),
            }
        }
        Err(_) => dispatch::unread(&request, MAXIMUM_BODY_BYTES),
    };
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    // The simulation's own time, as HTTP writes it (RFC 9110).
    let date = context.world.lock().now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(DATE, date);
    }
    response
}
