//! Whether the database and the cache are there.

use async_trait::async_trait;
use serde_json::Value;

use super::super::check::{Check, Needs, Stage, Verdict, one};
use super::super::explain;
use super::super::gateway::Gateway;
use super::super::outcome::Outcome;

const PATH: &str = "/health/readiness";
const DETAILS: &str = "/health/readiness/details";
const PING: &str = "/cache/ping";

pub(super) struct Readiness;

#[async_trait]
impl Check for Readiness {
    fn name(&self) -> &'static str {
        "readiness"
    }

    fn proves(&self) -> &'static str {
        "LiteLLM is ready, its database is connected, its cache answers"
    }

    fn stage(&self) -> Stage {
        Stage::Enter
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn limit(&self, gateway: &Gateway) -> std::time::Duration {
        gateway.call() * 4
    }

    async fn run(&self, gateway: &Gateway) -> Verdict {
        let answer = gateway.answered("LiteLLM is not ready", gateway.client.get(PATH, None).await)?;
        let body = answer.json();
        let database = database(gateway, body.get("db").and_then(Value::as_str));
        // The database is the reason of a 503 where it is named as disconnected.
        let database = match database {
            Ok(_) if !answer.is_success() => {
                return Err(Box::new(explain::wrong(gateway, "LiteLLM is not ready", &answer)));
            }
            Ok(text) => text,
            Err(outcome) => return one(outcome.of(&answer)),
        };
        if gateway.key().is_none() {
            return one(Outcome::pass(format!("{database}; the cache is not asked without a key")).of(&answer));
        }
        let cache = cache(gateway, &body).await?;
        one(Outcome::pass(format!("{database}, {cache}")).of(&answer))
    }
}

fn database(gateway: &Gateway, said: Option<&str>) -> Result<&'static str, Box<Outcome>> {
    let lost = |text: &str| {
        let next = format!("is the database up, and may the tasks reach it? {}", gateway.logs(None));
        Box::new(Outcome::fail(text.to_owned()).next(next))
    };
    match (said, gateway.expected.database) {
        (Some("connected"), Some(false)) => Ok("database connected, though the spec has none"),
        (Some("connected"), _) => Ok("database connected"),
        (Some("disconnected"), _) => Err(lost("LiteLLM has lost its database")),
        (_, Some(true)) => Err(lost("LiteLLM runs without the database of the spec")),
        _ => Ok("no database"),
    }
}

/// What is to be said about the cache. Older versions tell of it without a key.
async fn cache(gateway: &Gateway, open: &Value) -> Result<String, Box<Outcome>> {
    let details = gateway.get("details of readiness", DETAILS).await?;
    let details = match details.status {
        200..300 => details.json(),
        401 | 403 | 400 if open.get("cache").is_none() => return Ok("the cache is not told to this key".to_owned()),
        _ => open.clone(),
    };
    let configured = details.get("cache").filter(|cache| !cache.is_null() && **cache != Value::Bool(false));
    let Some(kind) = configured else {
        if gateway.expected.cache == Some(true) {
            let outcome = Outcome::fail("LiteLLM runs without the cache of the spec");
            return Err(Box::new(outcome.next(gateway.configured("is `cache` set?"))));
        }
        return Ok("no cache".to_owned());
    };
    let kind = kind.as_str().unwrap_or("cache").to_owned();
    let answer = gateway.get("the cache", PING).await?;
    if answer.status == 401 || answer.status == 403 {
        return Ok(format!("cache {kind}, which this key may not ask"));
    }
    if !answer.is_success() {
        let what = format!("the cache ({kind}) does not answer");
        return Err(Box::new(
            Outcome::fail(format!("{what}: {}", answer.status))
                .of(&answer)
                .next(format!("is the cache up, and may the tasks reach it? {}", gateway.logs(None))),
        ));
    }
    Ok(format!("cache {kind} answers"))
}
