//! `middleware healthcheck`: what ECS runs in the container, whose image has no other program.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, StatusCode};

use crate::config::Config;
use crate::routes::health::LIVELINESS;
use crate::upstream::{Call, Upstream};

const TIMEOUT: Duration = Duration::from_secs(5);

/// Whether the service of this container lives.
///
/// # Errors
/// What it answered instead.
pub async fn check(config: Config) -> Result<(), String> {
    let listen = config.listen;
    check_at(config, listen, PathAndQuery::from_static(LIVELINESS)).await
}

/// Whether a service of this container answers at an address.
///
/// # Errors
/// What it answered instead.
pub async fn check_at(mut config: Config, mut listen: SocketAddr, path: PathAndQuery) -> Result<(), String> {
    if listen.ip().is_unspecified() {
        listen.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    let address = format!("http://{listen}");
    config.upstream = address.parse().map_err(|error| format!("{address}: {error}"))?;
    let call = Call::get(path.clone(), HeaderMap::new());
    match Upstream::new(&config).send_within(call, TIMEOUT).await {
        Ok(answer) if answer.status == StatusCode::OK => Ok(()),
        Ok(answer) => Err(format!("{address}{path} answered {}", answer.status)),
        Err(_) => Err(format!("{address}{path} does not answer")),
    }
}
