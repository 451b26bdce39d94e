//! Connections with registries: how they are made, where they may lead, and where plain HTTP is spoken.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Response, StatusCode, Url};

use super::RegistryError;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the other side may say nothing at all, not even that it has received something.
const SILENCE: Duration = Duration::from_secs(60);
/// Header of every answer of a registry itself.
const REGISTRY_VERSION: &str = "docker-distribution-api-version";

/// How connections are made.
pub(super) fn builder() -> ClientBuilder {
    // No time limit on answers here: that of an upload comes when all of it is sent, which may take long.
    let builder = reqwest::Client::builder()
        .user_agent(concat!("gwinfra/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .tcp_keepalive(SILENCE / 2)
        .redirect(Policy::custom(|attempt| {
            let asked = attempt.previous().first();
            let leads_away = asked.is_some_and(|asked| is_list(asked) && asked.origin() != attempt.url().origin());
            if leads_away { attempt.stop() } else { Policy::default().redirect(attempt) }
        }));
    #[cfg(target_os = "linux")]
    let builder = builder.tcp_user_timeout(SILENCE);
    builder
}

/// Whether a URL is that of a list of what is about an image. Registries without such lists lead to pages for browsers.
fn is_list(url: &Url) -> bool {
    url.path_segments().is_some_and(|segments| segments.rev().nth(1) == Some("referrers"))
}

/// Whether it looks as if plain HTTP came to where TLS is spoken: servers say 400 before any registry sees it, or break off.
pub(super) fn is_of_tls(answer: &Result<Response, RegistryError>) -> bool {
    match answer {
        Ok(response) => {
            response.status() == StatusCode::BAD_REQUEST && !response.headers().contains_key(REGISTRY_VERSION)
        }
        Err(RegistryError::Unreachable { source, .. }) => !source.is_connect() && !source.is_timeout(),
        Err(_) => false,
    }
}

/// Whether a registry is on this machine, where plain HTTP leaks nothing.
pub(super) fn is_this_machine(registry: &str) -> bool {
    let Ok(url) = Url::parse(&format!("http://{registry}")) else { return false };
    url.host_str().is_some_and(|host| {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}
