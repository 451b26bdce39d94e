//! Connections, and their end.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

use crate::app::App;
use crate::client::{Patience, Requests, Watched};
use crate::service::Service;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 4096;
/// Longest time for a request's head to arrive. It runs between requests too, and a load balancer that sends one on a
/// connection that is just being closed answers with 502: so it is longer than any load balancer keeps an idle connection.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#connection-idle-timeout>
const HEAD_TIMEOUT: Duration = Duration::from_secs(4_000 + 10);
/// Longest time for the rest of a request's head, once its first byte is there. Nobody waits for a head of which half is sent.
const REST_OF_HEAD: Duration = Duration::from_secs(30);
/// Most bytes of a connection's buffer: thousands of streams are open at once.
const BUFFER: usize = 64 * 1024;
/// For turns of streams that were cut to be written. Together with the time to end it is less than what ECS grants.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// After an error of `accept`, such as no more descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Opens a port.
///
/// # Errors
/// If it is taken, or the address is not this machine's.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `stop` is there, then lets requests end: at most for the time of the configuration. What is still going on
/// then is cut.
pub async fn serve(app: App, listener: TcpListener, stop: impl Future<Output = ()>) {
    let service = Service::new(app.clone());
    let connections = GracefulShutdown::new();
    let cut = watch::Sender::new(false);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let (watcher, cut) = (connections.watcher(), cut.subscribe());
                    let patience = Patience { head: REST_OF_HEAD, answer: app.config().client_timeout };
                    tokio::spawn(connection(stream, service.clone(), patience, watcher, cut));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            () = &mut stop => break,
        }
    }
    drop(listener);
    let drain = app.config().drain;
    tracing::info!(seconds = drain.as_secs(), "ending: no new connections, requests have time to end");
    let ended = tokio::time::timeout(drain, async {
        connections.shutdown().await;
        app.tasks().idle().await;
    });
    if ended.await.is_err() {
        tracing::warn!("requests were still under way when the time was over");
        cut.send_replace(true);
        cut.closed().await;
        let _ = tokio::time::timeout(LAST_WORDS, app.tasks().idle()).await;
    }
    if let Some(history) = app.history_if_on() {
        let _ = tokio::time::timeout(Duration::from_secs(2), history.close()).await;
    }
}

async fn connection(
    stream: TcpStream,
    service: Service,
    patience: Patience,
    watcher: Watcher,
    mut cut: watch::Receiver<bool>,
) {
    // Else the last bytes of an event wait for the client's acknowledgement of the ones before.
    let _ = stream.set_nodelay(true);
    let requests = Requests::default();
    let (stream, service) = (Watched::new(stream, requests.clone(), patience), service.of(requests));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        ended = watcher.watch(connection) => if let Err(error) = ended {
            // A client that goes away, or that speaks something else: not worth a warning.
            tracing::debug!(%error, "a connection ended early");
        },
        _ = cut.wait_for(|&cut| cut) => {}
    }
}

/// Serves the metrics on a port of their own. The service's port is behind the load balancer, where anybody asks; this one
/// is on the loopback device unless configured otherwise, for a collector in the same task.
pub async fn serve_metrics(app: App, listener: TcpListener) {
    let router = axum::Router::new().route(
        "/metrics",
        axum::routing::get(move || {
            let text = app.metrics().text(app.intake().held());
            async move { ([(axum::http::header::CONTENT_TYPE, METRICS_TYPE)], text) }
        }),
    );
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "metrics are no longer served");
    }
}
