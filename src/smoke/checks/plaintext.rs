//! Whether nobody is served without TLS.

use async_trait::async_trait;

use super::super::check::{Check, Needs, Stage, Verdict, one};
use super::super::client::Client;
use super::super::gateway::Gateway;
use super::super::outcome::Outcome;
use crate::model::listener::LITELLM_HEALTH;

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
        let client = Client::new(&format!("http://{host}"), None, gateway.call())
            .await
            .map_err(|error| Box::new(Outcome::fail(error.to_string())))?;
        let answer = match client.get(LITELLM_HEALTH, None).await {
            Ok(answer) => answer,
            Err(failure) => return one(Outcome::pass(format!("port 80 does not answer: {failure}"))),
        };
        let location = answer.header("location").unwrap_or_default();
        if matches!(answer.status, 301 | 302 | 307 | 308) && location.starts_with("https://") {
            return one(Outcome::pass(format!("port 80 sends on to TLS ({})", answer.status)).of(&answer));
        }
        one(Outcome::fail(format!("port 80 answers without TLS: {}", answer.status)).of(&answer).next(gateway.step(
            "plan",
            "shows whether the listeners are the spec's",
            "close port 80, or let it send on to TLS",
        )))
    }
}
