//! The life of a virtual key, and what it spends.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::Value;

use super::super::answer::Answer;
use super::super::check::{Check, Stage, Verdict, one};
use super::super::explain;
use super::super::gateway::{CHAT, Gateway};
use super::super::keys::{Limits, MadeKey};
use super::super::outcome::Outcome;

/// Dollars that the key may spend: more than a call costs, and nothing that hurts.
const BUDGET: f64 = 0.5;
/// How long it is waited for what was spent, of a gateway of which nobody knows how often it is written: most write it at
/// least every minute.
const SPEND: Duration = Duration::from_secs(90);
/// The same of one that a spec describes, with how much longer than it says writing may take: every task begins when it
/// likes, and slow machines take their time.
const SPEND_AT_LEAST: Duration = Duration::from_secs(45);
const SPEND_LATER: Duration = Duration::from_secs(15);
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

    fn limit(&self, gateway: &Gateway) -> Duration {
        gateway.call() * 4 + patience(gateway) + FORGET
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

/// How long it is waited for what was spent.
fn patience(gateway: &Gateway) -> Duration {
    let written = gateway.expected.spend_written;
    written.map_or(SPEND, |written| (written + SPEND_LATER).max(SPEND_AT_LEAST))
}

/// A model that a key for one model may not call: another that is there, or else one that nobody has. LiteLLM refuses
/// before it looks whether there is such a model.
async fn another(gateway: &Gateway, model: &str) -> String {
    let names = gateway.names().await.unwrap_or_default();
    names.into_iter().find(|name| name != model).unwrap_or_else(|| "gwinfra-smoke-other".to_owned())
}

/// Whether a call was refused because the key may not call the model, and for no other reason.
fn is_kept_out(answer: &Answer) -> bool {
    let kind = answer.error_type().unwrap_or_default();
    let says_so = kind.ends_with("_model_access_denied") || answer.message().contains("not allowed to access model");
    matches!(answer.status, 401 | 403) && says_so
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
    let another = another(gateway, model).await;
    let other = gateway.answered("a model that the key may not call", call(gateway.chat_of(&another)).await)?;
    if other.is_success() {
        return Err(Box::new(
            Outcome::fail(format!("a key for {model} called {another}"))
                .of(&other)
                .next(gateway.logs(other.request_id().as_deref())),
        ));
    }
    if !is_kept_out(&other) {
        let what = format!("a call of {another} with a key for {model} is not refused for that");
        return Err(Box::new(explain::wrong(gateway, &what, &other)));
    }
    let spend = spend(gateway, &used, key).await?;
    let deleted = gateway.answered("the key could not be deleted", gateway.keys.delete(key).await)?;
    gateway.good("the key could not be deleted", deleted)?;
    let begun = Instant::now();
    refused(gateway, key, FORGET).await?;
    let after = if begun.elapsed() < Duration::from_secs(2) {
        String::new()
    } else {
        format!(" after {} s", begun.elapsed().as_secs())
    };
    let outcome = Outcome::pass(format!("made, used, kept from {another}, {spend}, deleted, refused{after}")).of(&used);
    Ok(gateway.served(outcome).await)
}

/// Waits until a deleted key is refused.
async fn refused(gateway: &Gateway, key: &MadeKey, patience: Duration) -> Result<(), Box<Outcome>> {
    let begun = Instant::now();
    loop {
        let answer = gateway.answered("a deleted key", gateway.client.get("/v1/models", Some(&key.secret)).await)?;
        if answer.status == 401 {
            return Ok(());
        }
        if begun.elapsed() > patience {
            let detail = format!("a deleted key is still taken after {} s: {}", patience.as_secs(), answer.status);
            let outcome = Outcome::fail(detail).of(&answer);
            return Err(Box::new(outcome.next("tasks forget keys through the cache: see readiness")));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What the key has spent, once LiteLLM has written it down.
async fn spend(gateway: &Gateway, used: &Answer, key: &MadeKey) -> Result<String, Box<Outcome>> {
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
        if begun.elapsed() > patience(gateway) {
            let seconds = patience(gateway).as_secs();
            let detail = format!("a call that cost ${cost:.6} is not counted as spend of its key after {seconds} s");
            return Err(Box::new(Outcome::fail(detail).of(used).next(gateway.logs(None))));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::client::Client;
    use super::super::super::expected::Expected;
    use super::super::super::gateway::Ask;
    use super::super::super::secret::Secret;
    use super::*;

    async fn waits(spend_written: Option<u64>) -> u64 {
        let client = Client::new("http://127.0.0.1:1", None, Duration::from_secs(1)).await.unwrap();
        let expected = Expected { spend_written: spend_written.map(Duration::from_secs), ..Expected::default() };
        let gateway = Gateway::new(client, None, expected, Ask::default());
        assert!(VirtualKeys.limit(&gateway) > patience(&gateway) + FORGET);
        patience(&gateway).as_secs()
    }

    #[tokio::test]
    async fn what_was_spent_is_waited_for_until_it_is_written() {
        assert_eq!((waits(None).await, waits(Some(60)).await, waits(Some(10)).await), (90, 75, 45));
    }

    #[tokio::test]
    async fn a_deleted_key_that_is_still_taken_is_told() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new().fallback(async || "{}");
        tokio::spawn(async move { axum::serve(listener, router).await });
        let client = Client::direct(&url, Duration::from_secs(5)).await.unwrap();
        let gateway = Gateway::new(client, None, Expected::default(), Ask::default());
        let key = MadeKey { secret: Secret::new("sk-made"), alias: "a".to_owned(), hash: "h".to_owned() };
        let outcome = refused(&gateway, &key, Duration::ZERO).await.unwrap_err();
        assert_eq!(outcome.detail, "a deleted key is still taken after 0 s: 200");
        assert_eq!(outcome.next.as_deref(), Some("tasks forget keys through the cache: see readiness"));
    }

    #[test]
    fn a_key_is_kept_from_a_model_only_where_the_answer_says_so() {
        let of = |status: u16, kind: &str, message: &str| {
            is_kept_out(&Answer::of(status, &json!({"error": {"type": kind, "message": message}})))
        };
        assert!(of(403, "key_model_access_denied", "Tried to access claude-sonnet"));
        assert!(of(401, "auth_error", "API Key not allowed to access model. This token can only access models=['a']"));
        assert!(!of(400, "invalid_request_error", "Invalid model name passed in model=other"));
        assert!(!of(500, "internal_server_error", "boom") && !of(503, "", "") && !of(403, "auth_error", "blocked"));
    }
}
