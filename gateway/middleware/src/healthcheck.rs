//! `middleware healthcheck`: what ECS runs in the container, whose image has no other program.

use std::net::Ipv4Addr;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};

use crate::config::Config;
use crate::routes::health::LIVELINESS;
use crate::upstream::{Call, Upstream};

const TIMEOUT: Duration = Duration::from_secs(5);

/// Whether the service of this container lives.
///
/// # Errors
/// What it answered instead.
pub async fn check(mut config: Config) -> Result<(), String> {
    let mut listen = config.listen;
    if listen.ip().is_unspecified() {
        listen.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    let address = format!("http://{listen}");
    config.upstream = address.parse().map_err(|error| format!("{address}: {error}"))?;
    let call = Call::get(axum::http::uri::PathAndQuery::from_static(LIVELINESS), HeaderMap::new());
    match Upstream::new(&config).send_within(call, TIMEOUT).await {
        Ok(answer) if answer.status == StatusCode::OK => Ok(()),
        Ok(answer) => Err(format!("{address}{LIVELINESS} answered {}", answer.status)),
        Err(_) => Err(format!("{address}{LIVELINESS} does not answer")),
    }
}
