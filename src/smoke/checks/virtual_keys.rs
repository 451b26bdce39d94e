//! The life of a virtual key, and what it spends.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::Value;

use super::super::check::{Check, Stage, Verdict, one};
use super::super::explain;
use super::super::gateway::{CHAT, Gateway};
use super::super::keys::{Limits, MadeKey};
use super::super::outcome::Outcome;

/// Dollars that the key may spend: more than a call costs, and nothing that hurts.
const BUDGET: f64 = 0.5;
/// LiteLLM writes what was spent every ten seconds or so, a little later with many tasks.
const SPEND: Duration = Duration::from_secs(45);
/// Every task remembers a key for a minute, unless the cache tells it better.
const FORGET: Duration = Duration::from_secs(75);
const PAUSE: Duration = Duration::from_secs(1);

pub(super) struct VirtualKeys;

#[async_trait]
impl Check for VirtualKeys {
    fn name(&self) -> &'static str {
        "keys"
    }

    fn proves(&self) -> &'static str {
        "a virtual key is made, calls its model and no other, its spend is counted, it is deleted and refused then"
    }

    fn stage(&self) -> Stage {
        Stage::Call
    }

    fn limit(&self, call: Duration) -> Duration {
        call * 4 + SPEND + FORGET
    }

    async fn run(&self, gateway: &Gateway) -> Verdict {
        if let Some(skip) = gateway.without_chat().await {
            return one(skip);
        }
        if let Some(skip) = gateway.without_database("virtual keys").await {
            return one(skip);
        }
        let model = gateway.model().await?.to_owned();
        let limits = Limits { models: vec![model.clone()], rpm: None, budget: Some(BUDGET) };
        let key = make(gateway, "keys", &limits).await?;
        let outcome = life(gateway, &model, &key).await;
        if outcome.is_err() {
            // The end of the run deletes what this cannot.
            let _ = gateway.keys.delete(&key).await;
        }
        one(outcome?)
    }
}

/// Makes a key, whose text is never shown.
pub(super) async fn make(gateway: &Gateway, purpose: &str, limits: &Limits) -> Result<MadeKey, Box<Outcome>> {
    match gateway.keys.make(purpose, limits).await {
        Ok(Ok(key)) => {
            gateway.redactor.add(&key.secret);
            Ok(key)
        }
        Ok(Err(answer)) if matches!(answer.status, 401 | 403) => {
            Err(Box::new(Outcome::skip("this key may not make others: use the master key")))
        }
        Ok(Err(answer)) => Err(Box::new(explain::wrong(gateway, "no key could be made", &answer))),
        Err(failure) => Err(Box::new(explain::no_answer(gateway, "no key could be made", &failure))),
    }
}

async fn life(gateway: &Gateway, model: &str, key: &MadeKey) -> Result<Outcome, Box<Outcome>> {
    let call = |body: Value| async move { gateway.client.post(CHAT, Some(&key.secret), &body).await };
    let used = gateway.answered("a call with a new key", call(gateway.chat_of(model)).await)?;
    let used = gateway.good("a call with a new key", used)?;
    let other =
        gateway.answered("a model that the key may not call", call(gateway.chat_of("gwinfra-smoke-other")).await)?;
    if other.is_success() {
        return Err(Box::new(
            Outcome::fail("a key for one model called another")
                .of(&other)
                .next(gateway.logs(other.request_id().as_deref())),
        ));
    }
    let spend = spend(gateway, &used, key).await?;
    let deleted = gateway.answered("the key could not be deleted", gateway.keys.delete(key).await)?;
    gateway.good("the key could not be deleted", deleted)?;
    let begun = Instant::now();
    loop {
        let answer = gateway.answered("a deleted key", gateway.client.get("/v1/models", Some(&key.secret)).await)?;
        if answer.status == 401 {
            break;
        }
        if begun.elapsed() > FORGET {
            let detail = format!("a deleted key is still taken after {} s: {}", FORGET.as_secs(), answer.status);
            return Err(Box::new(
                Outcome::fail(detail).of(&answer).next("tasks forget keys through the cache: see readiness"),
            ));
        }
        tokio::time::sleep(PAUSE).await;
    }
    let after = if begun.elapsed() < Duration::from_secs(2) {
        String::new()
    } else {
        format!(" after {} s", begun.elapsed().as_secs())
    };
    let outcome = Outcome::pass(format!("made, used, {spend}, deleted, refused{after}")).of(&used);
    Ok(gateway.served(outcome).await)
}

/// What the key has spent, once LiteLLM has written it down.
async fn spend(gateway: &Gateway, used: &super::super::answer::Answer, key: &MadeKey) -> Result<String, Box<Outcome>> {
    let cost = used.header("x-litellm-response-cost").and_then(|cost| cost.parse::<f64>().ok()).unwrap_or_default();
    if cost <= 0.0 {
        return Ok("spend not counted: LiteLLM knows no price of the model".to_owned());
    }
    let path = format!("/key/info?key={}", key.hash);
    let begun = Instant::now();
    loop {
        let answer = gateway.get("what the key has spent", &path).await?;
        let answer = gateway.good("what the key has spent", answer)?;
        let spent = answer.json().pointer("/info/spend").and_then(Value::as_f64).unwrap_or_default();
        if spent > 0.0 {
            return Ok(format!("spend of ${spent:.6} counted"));
        }
        if begun.elapsed() > SPEND {
            let detail =
                format!("a call that cost ${cost:.6} is not counted as spend of its key after {} s", SPEND.as_secs());
            return Err(Box::new(Outcome::fail(detail).of(used).next(gateway.logs(None))));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
