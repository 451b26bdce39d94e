//! Whether nobody is served without TLS.

use std::time::Duration;

use async_trait::async_trait;

use super::super::check::{Check, Needs, Stage, Verdict, one};
use super::super::client::Client;
use super::super::failure::Failure;
use super::super::gateway::Gateway;
use super::super::outcome::Outcome;
use crate::model::listener::LITELLM_HEALTH;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

pub(super) struct Plaintext;

#[async_trait]
impl Check for Plaintext {
    fn name(&self) -> &'static str {
        "plaintext"
    }

    fn proves(&self) -> &'static str {
        "port 80 serves nobody: it is closed, or sends on to TLS"
    }

    fn stage(&self) -> Stage {
        Stage::Enter
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    async fn run(&self, gateway: &Gateway) -> Verdict {
        let url = gateway.client.url();
        if url.scheme() != "https" {
            return one(Outcome::skip("the gateway has no TLS: keys and prompts cross the network in the clear"));
        }
        if gateway.client.is_tunnel() {
            return one(Outcome::skip("the tunnel leads to one port only"));
        }
        let host = url.host_str().unwrap_or_default();
        // A proxy would answer in its place.
        let client = Client::direct(&format!("http://{host}"), gateway.call())
            .await
            .map_err(|error| Box::new(Outcome::fail(error.to_string())))?;
        let next = gateway.step(
            "plan",
            "shows whether the listeners are the spec's",
            "close port 80, or let it send on to TLS",
        );
        let answer = match client.get(LITELLM_HEALTH, None).await {
            Ok(answer) => answer,
            Err(failure) => {
                let port = url.port_or_known_default().unwrap_or(443);
                let has_way = matches!(failure, Failure::Refused { .. }) || answers(host, port).await;
                return one(unanswered(&failure, has_way, next));
            }
        };
        let location = answer.header("location").unwrap_or_default();
        if matches!(answer.status, 301 | 302 | 307 | 308) && location.starts_with("https://") {
            return one(Outcome::pass(format!("port 80 sends on to TLS ({})", answer.status)).of(&answer));
        }
        one(Outcome::fail(format!("port 80 answers without TLS: {}", answer.status)).of(&answer).next(next))
    }
}

/// Whether this machine has a way to the gateway that leads through no proxy.
async fn answers(host: &str, port: u16) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let connecting = tokio::net::TcpStream::connect((host, port));
    tokio::time::timeout(CONNECT, connecting).await.is_ok_and(|connected| connected.is_ok())
}

/// What no answer of port 80 means. One that takes connections is open, whether or not it says anything.
fn unanswered(failure: &Failure, has_way: bool, next: String) -> Outcome {
    match failure {
        Failure::Refused { .. } | Failure::Unreachable { .. } if has_way => {
            Outcome::pass(format!("port 80 does not answer: {failure}"))
        }
        Failure::Unreachable { .. } | Failure::Resolve { .. } => {
            Outcome::skip("this machine reaches the gateway through a proxy only, and cannot look at port 80")
        }
        _ => Outcome::fail(format!("port 80 takes connections: {failure}")).next(next),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::outcome::Status;
    use super::*;

    fn status(failure: &Failure, has_way: bool) -> Status {
        unanswered(failure, has_way, String::new()).status
    }

    #[test]
    fn a_port_that_takes_connections_and_says_nothing_is_open() {
        assert_eq!(status(&Failure::Slow { seconds: 60 }, true), Status::Fail);
        assert_eq!(status(&Failure::BrokenOff { reason: String::new() }, true), Status::Fail);
    }

    #[test]
    fn a_port_that_lets_nobody_in_is_closed() {
        assert_eq!(status(&Failure::Refused { host: String::new() }, true), Status::Pass);
        let silent = Failure::Unreachable { host: String::new(), reason: String::new() };
        assert_eq!(status(&silent, true), Status::Pass);
    }

    #[test]
    fn where_only_a_proxy_leads_nothing_is_known_of_a_port() {
        let silent = Failure::Unreachable { host: String::new(), reason: String::new() };
        assert_eq!(status(&silent, false), Status::Skip);
        assert_eq!(status(&Failure::Resolve { host: String::new(), reason: String::new() }, false), Status::Skip);
    }
}
