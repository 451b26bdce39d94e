//! Whether the models are there.

use async_trait::async_trait;
use serde_json::Value;

use super::super::check::{Check, Stage, Verdict, one};
use super::super::gateway::Gateway;
use super::super::outcome::Outcome;
use crate::plan::count;
use crate::spec::shape::word_list;

pub(super) struct Models;

#[async_trait]
impl Check for Models {
    fn name(&self) -> &'static str {
        "models"
    }

    fn proves(&self) -> &'static str {
        "the gateway lists the models of the spec, with all their deployments"
    }

    fn stage(&self) -> Stage {
        Stage::Call
    }

    async fn run(&self, gateway: &Gateway) -> Verdict {
        let answer = gateway.get("GET /v1/models", "/v1/models").await?;
        let answer = gateway.good("GET /v1/models", answer)?;
        let body = answer.json();
        let listed: Vec<&str> = body
            .get("data")
            .and_then(Value::as_array)
            .map(|all| all.iter().filter_map(|one| one.get("id")?.as_str()).collect())
            .unwrap_or_default();
        if listed.is_empty() {
            return one(Outcome::fail("the gateway lists no model")
                .of(&answer)
                .next(gateway.configured("is `model_list` of its configuration empty?")));
        }
        let missing: Vec<&str> = match (&gateway.expected.models, &gateway.ask.model) {
            (Some(models), _) => models.iter().map(String::as_str).filter(|name| !listed.contains(name)).collect(),
            (None, Some(model)) => Some(model.as_str()).into_iter().filter(|name| !listed.contains(name)).collect(),
            (None, None) => Vec::new(),
        };
        if !missing.is_empty() {
            if let Some(limited) = gateway.limited_to().await {
                return one(unseen(&limited, missing).of(&answer));
            }
            let next = if gateway.expected.models.is_some() {
                "gwinfra config diff   shows whether the deployed configuration is the spec's".to_owned()
            } else {
                format!("--model takes {}", word_list(listed.iter().copied()))
            };
            return one(Outcome::fail(format!("the gateway does not list {}", word_list(missing)))
                .of(&answer)
                .next(next));
        }
        let mut words = count(listed.len(), "model");
        if let Some(expected) = &gateway.expected.deployments {
            let there = gateway.deployments().await?;
            let missing: Vec<&str> = expected
                .iter()
                .map(|deployment| deployment.id.as_str())
                .filter(|id| there.iter().all(|deployment| deployment.id != *id))
                .collect();
            if !missing.is_empty() {
                if let Some(limited) = gateway.limited_to().await {
                    return one(unseen(&limited, missing).of(&answer));
                }
                let detail =
                    format!("LiteLLM does not have {}: {}", count(missing.len(), "deployment"), word_list(missing));
                return one(Outcome::fail(detail).of(&answer).next("gwinfra config diff"));
            }
            words = format!("{words}, {} of Bedrock", count(expected.len(), "deployment"));
        }
        let left_out = gateway.left_out().await;
        if !left_out.is_empty() {
            words = format!("{words}; no chat calls to {}", word_list(left_out.iter().map(String::as_str)));
        }
        one(Outcome::pass(words).of(&answer))
    }
}

/// What a key does not see may be there all the same.
fn unseen<'a>(limited: &str, missing: impl IntoIterator<Item = &'a str>) -> Outcome {
    let missing = word_list(missing);
    Outcome::skip(format!("{limited}, and does not show whether {missing} is there: use the master key"))
}
