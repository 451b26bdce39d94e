//! Whether another model answers when one fails.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::check::{Check, Stage, Verdict, one};
use super::super::explain;
use super::super::gateway::{CHAT, Gateway};
use super::super::outcome::Outcome;
use crate::spec::shape::word_list;

pub(super) struct Fallback;

#[async_trait]
impl Check for Fallback {
    fn name(&self) -> &'static str {
        "fallback"
    }

    fn proves(&self) -> &'static str {
        "a call that fails on a model is answered by its fallback"
    }

    fn stage(&self) -> Stage {
        Stage::Call
    }

    fn limit(&self, gateway: &Gateway) -> std::time::Duration {
        gateway.call() * 4
    }

    async fn run(&self, gateway: &Gateway) -> Verdict {
        if let Some(skip) = gateway.without_chat().await {
            return one(skip);
        }
        let model = match chosen(gateway).await? {
            Ok(model) => model,
            Err(skip) => return one(skip),
        };
        let fallbacks = match configured(gateway, &model).await? {
            Ok(fallbacks) => fallbacks,
            Err(outcome) => return one(outcome),
        };
        // LiteLLM can be told to fail the call itself, where that is allowed; it tries the configured fallbacks then.
        let mut body = gateway.chat_of(&model);
        body["num_retries"] = json!(0);
        let mut told = body.clone();
        told["mock_testing_fallbacks"] = json!(true);
        let answer = gateway.post("a call that fails", CHAT, &told).await?;
        let refused = answer.status == 400 && answer.message().to_lowercase().contains("mock testing");
        if !refused {
            return verdict(gateway, &model, &fallbacks, gateway.good("a call that fails", answer)?).await;
        }
        // Else the call fails because no model takes its messages. LiteLLM sees that itself: the provider is not asked, and
        // the deployment is not put aside. The fallback is asked with good ones.
        let good = gateway.messages();
        body["messages"] = json!([{"role": "nobody", "content": "gwinfra smoke: a call that is meant to fail"}]);
        body["fallbacks"] = fallbacks.iter().map(|fallback| json!({"model": fallback, "messages": good})).collect();
        let answer = gateway.post("a call that fails", CHAT, &body).await?;
        verdict(gateway, &model, &fallbacks, gateway.good("a call that fails", answer)?).await
    }
}

/// The model that is to fail: the one that is called if it has fallbacks, else any of the spec that has.
async fn chosen(gateway: &Gateway) -> Result<Result<String, Outcome>, Box<Outcome>> {
    let model = gateway.model().await?;
    let Some(expected) = &gateway.expected.fallbacks else { return Ok(Ok(model.to_owned())) };
    if expected.contains_key(model) {
        return Ok(Ok(model.to_owned()));
    }
    for other in expected.keys() {
        if gateway.answers_chat(other).await {
            return Ok(Ok(other.clone()));
        }
    }
    Ok(Err(Outcome::skip("no model of the spec that answers chat calls has fallbacks")))
}

/// The fallbacks that LiteLLM has for a model.
async fn configured(gateway: &Gateway, model: &str) -> Result<Result<Vec<String>, Outcome>, Box<Outcome>> {
    let expected = gateway.expected.fallbacks.as_ref().and_then(|all| all.get(model)).cloned();
    let path = format!("/fallback/{}", super::converse::segment(model));
    let answer = gateway.get("the fallbacks of a model", &path).await?;
    let Ok(listed) = listed(&answer) else {
        return Err(Box::new(explain::wrong(gateway, "the fallbacks of a model", &answer)));
    };
    Ok(match (listed, expected) {
        (Some(there), Some(wanted)) if there.is_empty() => Err(Outcome::fail(format!(
            "LiteLLM has no fallbacks of {model}, and the spec says {}",
            word_list(wanted.iter().map(String::as_str))
        ))
        .of(&answer)
        .next("gwinfra config diff")),
        (Some(there), Some(wanted)) if there != wanted => Err(Outcome::fail(format!(
            "the fallbacks of {model} are {}, and the spec says {}",
            word_list(there.iter().map(String::as_str)),
            word_list(wanted.iter().map(String::as_str))
        ))
        .of(&answer)
        .next("gwinfra config diff")),
        (Some(there), _) if !there.is_empty() => Ok(there),
        (None, Some(wanted)) => Ok(wanted),
        _ => Err(Outcome::skip(format!("{model} has no fallback"))),
    })
}

/// The fallbacks that LiteLLM lists; `None` where it does not tell. Older versions do not, and not every key is told.
fn listed(answer: &Answer) -> Result<Option<Vec<String>>, NotListed> {
    let body = answer.json();
    if let Some(all) = body.get("fallback_models").and_then(Value::as_array).filter(|_| answer.is_success()) {
        return Ok(Some(all.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect()));
    }
    let detail = body.get("detail").unwrap_or(&Value::Null);
    match answer.status {
        404 if answer.message().ends_with("Not Found") && detail.is_string() => Ok(None),
        404 if answer.message().contains("allbacks configured") => Ok(Some(Vec::new())),
        401 | 403 | 405 => Ok(None),
        _ => Err(NotListed),
    }
}

/// An answer that says nothing of fallbacks.
#[derive(Debug, PartialEq, Eq)]
struct NotListed;

async fn verdict(gateway: &Gateway, model: &str, fallbacks: &[String], answer: Answer) -> Verdict {
    let number = |name: &str| answer.header(name).and_then(|value| value.parse::<u32>().ok());
    let group = answer.header("x-litellm-model-group").unwrap_or_default();
    let taken = number("x-litellm-attempted-fallbacks").is_some_and(|taken| taken > 0);
    if taken && group != model {
        let outcome = Outcome::pass(format!("{model} failed as told, {group} answered")).of(&answer);
        return one(gateway.served(outcome).await);
    }
    let detail = format!(
        "{model} was told to fail, and {} answered instead of {}",
        if group.is_empty() { "somebody" } else { group },
        word_list(fallbacks.iter().map(String::as_str))
    );
    one(Outcome::fail(detail).of(&answer).next(gateway.logs(answer.request_id().as_deref())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &Value) -> Result<Option<Vec<String>>, NotListed> {
        listed(&Answer::of(status, body))
    }

    #[test]
    fn a_gateway_without_fallbacks_is_told_from_a_version_that_does_not_list_them() {
        let none = json!({"detail": {"error": "No general fallbacks configured for model 'claude'"}});
        assert_eq!(of(404, &none), Ok(Some(Vec::new())));
        assert_eq!(of(404, &json!({"detail": "Not Found"})), Ok(None));
        let some = json!({"model": "claude", "fallback_models": ["other"]});
        assert_eq!(of(200, &some), Ok(Some(vec!["other".to_owned()])));
    }

    #[test]
    fn what_says_nothing_of_fallbacks_proves_nothing() {
        assert_eq!(of(500, &json!({"detail": {"error": "Router not initialized"}})), Err(NotListed));
        assert_eq!(of(404, &json!({"message": "no such page"})), Err(NotListed));
    }
}
