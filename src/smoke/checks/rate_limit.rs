//! Whether a limit is kept.

use async_trait::async_trait;

use super::super::check::{Check, Stage, Verdict, one};
use super::super::explain;
use super::super::gateway::{CHAT, Gateway};
use super::super::keys::{Limits, MadeKey};
use super::super::outcome::Outcome;

/// Calls within a minute of a key that may make one. Tasks that share their counters refuse the second.
const CALLS: u32 = 6;

pub(super) struct RateLimit;

#[async_trait]
impl Check for RateLimit {
    fn name(&self) -> &'static str {
        "rate-limit"
    }

    fn proves(&self) -> &'static str {
        "a key with one request a minute gets a 429 that says why"
    }

    fn stage(&self) -> Stage {
        Stage::Call
    }

    fn limit(&self, gateway: &Gateway) -> std::time::Duration {
        gateway.call() * (CALLS + 2)
    }

    async fn run(&self, gateway: &Gateway) -> Verdict {
        if let Some(skip) = gateway.without_chat().await {
            return one(skip);
        }
        if let Some(skip) = gateway.without_database("virtual keys").await {
            return one(skip);
        }
        let model = gateway.model().await?.to_owned();
        let limits = Limits { models: vec![model.clone()], rpm: Some(1), budget: None };
        let key = super::virtual_keys::make(gateway, "rate-limit", &limits).await?;
        let outcome = calls(gateway, &model, &key).await;
        // The end of the run deletes what this cannot.
        let _ = gateway.keys.delete(&key).await;
        one(outcome?)
    }
}

async fn calls(gateway: &Gateway, model: &str, key: &MadeKey) -> Result<Outcome, Box<Outcome>> {
    let body = gateway.chat_of(model);
    for number in 1..=CALLS {
        let what = format!("call {number} of a key with one request a minute");
        let answer = gateway.answered(&what, gateway.client.post(CHAT, Some(&key.secret), &body).await)?;
        if answer.status != 429 {
            gateway.good(&what, answer)?;
            continue;
        }
        let message = answer.message();
        if number == 1 || !message.to_lowercase().contains("rate limit") {
            // The provider's own limit, and not the key's.
            return Err(Box::new(explain::wrong(gateway, &what, &answer)));
        }
        let Some(retry) = answer.header("retry-after") else {
            return Ok(Outcome::fail("the 429 does not say when to try again (retry-after)")
                .of(&answer)
                .next(gateway.logs(answer.request_id().as_deref())));
        };
        return Ok(
            Outcome::pass(format!("call {number} of a key with one a minute: 429, retry after {retry} s")).of(&answer)
        );
    }
    Ok(Outcome::fail(format!("a key with one request a minute made {CALLS}"))
        .next(format!("tasks count together only through the cache: see readiness, and {}", gateway.logs(None))))
}
