//! Whether every Bedrock account and region answers when it is addressed alone.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::StreamExt;
use serde_json::json;

use super::super::check::{Check, Stage, Verdict, one};
use super::super::deployments::Deployment;
use super::super::explain;
use super::super::gateway::{CHAT, Gateway};
use super::super::outcome::Outcome;

/// Accounts that are called at the same time.
const AT_ONCE: usize = 8;

pub(super) struct Accounts;

#[async_trait]
impl Check for Accounts {
    fn name(&self) -> &'static str {
        "accounts"
    }

    fn proves(&self) -> &'static str {
        "every Bedrock account and region answers when it is addressed alone"
    }

    fn stage(&self) -> Stage {
        Stage::Each
    }

    fn limit(&self, gateway: &Gateway) -> std::time::Duration {
        // Some hundred accounts, of which a few are slow.
        gateway.call() * 10
    }

    async fn run(&self, gateway: &Gateway) -> Verdict {
        if let Some(skip) = gateway.without_chat().await {
            return one(skip);
        }
        let model = gateway.model().await?;
        let places = places(gateway.deployments().await?, model);
        if places.is_empty() {
            return one(Outcome::skip("no deployment of the gateway calls Bedrock"));
        }
        let mut calls = Vec::new();
        for ((account, region), deployment) in places {
            calls.push(tried(gateway, account, region, deployment));
        }
        Ok(futures::stream::iter(calls).buffered(AT_ONCE).collect().await)
    }
}

/// One deployment for each account and region: of the model that is called, where it has one there, or else of another that
/// answers chat calls.
fn places<'a>(deployments: &'a [Deployment], model: &str) -> BTreeMap<(String, String), &'a Deployment> {
    let mut places: BTreeMap<(String, String), &Deployment> = BTreeMap::new();
    for deployment in deployments.iter().filter(|deployment| deployment.is_bedrock()) {
        let place = (deployment.account(), deployment.region.clone().unwrap_or_else(|| "its own region".to_owned()));
        let chosen = places.entry(place).or_insert(deployment);
        let rank = |one: &Deployment| (one.is_chat(), one.model == model);
        if rank(deployment) > rank(chosen) {
            *chosen = deployment;
        }
    }
    places
}

async fn tried(gateway: &Gateway, account: String, region: String, deployment: &Deployment) -> Outcome {
    if deployment.is_chat() {
        return call(gateway, account, region, deployment).await;
    }
    let outcome = Outcome::skip(format!("it serves no chat model, only {}", deployment.named()));
    outcome.about(format!("{account} {region}")).in_account(Some(account))
}

async fn call(gateway: &Gateway, account: String, region: String, deployment: &Deployment) -> Outcome {
    let mut body = gateway.chat_of(&deployment.id);
    // Neither another try nor another model: this one is to answer.
    body["num_retries"] = json!(0);
    body["disable_fallbacks"] = json!(true);
    let what = format!("{} does not answer", deployment.id);
    let outcome = match gateway.client.post(CHAT, gateway.key(), &body).await {
        Err(failure) => explain::no_answer(gateway, &what, &failure),
        Ok(answer) if !answer.is_success() => explain::wrong(gateway, &what, &answer),
        Ok(answer) => match answer.deployment() {
            Some(served) if served != deployment.id => {
                Outcome::fail(format!("{} was called, and {served} answered", deployment.id))
                    .of(&answer)
                    .next(gateway.logs(answer.request_id().as_deref()))
            }
            _ => Outcome::pass(format!("{} answers", deployment.model)).of(&answer),
        },
    };
    let outcome = outcome.about(format!("{account} {region}")).in_account(Some(account));
    Outcome { deployment: Some(deployment.id.clone()), ..outcome }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(id: &str, model: &str, source: &str, region: &str) -> Deployment {
        Deployment {
            id: id.to_owned(),
            model: model.to_owned(),
            source: source.to_owned(),
            region: Some(region.to_owned()),
            role_account: None,
            mode: None,
        }
    }

    #[test]
    fn a_model_that_answers_no_chat_calls_is_not_chosen_where_another_is() {
        let embed = |id: &str, region: &str| Deployment {
            mode: Some("embedding".to_owned()),
            ..deployment(id, "embed", "bedrock/e", region)
        };
        let all = [
            embed("embed--one--us-east-1", "us-east-1"),
            deployment("haiku--one--us-east-1", "haiku", "bedrock/h", "us-east-1"),
            embed("embed--two--us-east-1", "us-east-1"),
        ];
        let chosen: Vec<_> = places(&all, "embed").into_values().map(|one| one.id.as_str()).collect();
        assert_eq!(chosen, ["haiku--one--us-east-1", "embed--two--us-east-1"]);
    }

    #[test]
    fn each_account_and_region_is_called_once_with_the_model_if_it_has_it() {
        let all = [
            deployment("haiku--one--us-east-1", "haiku", "bedrock/h", "us-east-1"),
            deployment("sonnet--one--us-east-1", "sonnet", "bedrock/s", "us-east-1"),
            deployment("haiku--two--us-east-1", "haiku", "bedrock/h", "us-east-1"),
            deployment("gpt", "gpt", "openai/gpt", "us-east-1"),
        ];
        let chosen: Vec<_> = places(&all, "sonnet").into_values().map(|one| one.id.as_str()).collect();
        assert_eq!(chosen, ["sonnet--one--us-east-1", "haiku--two--us-east-1"]);
    }
}
