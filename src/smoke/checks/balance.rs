//! Whether calls are spread.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::future::join_all;
use serde_json::json;

use super::super::check::{Check, Stage, Verdict, one};
use super::super::explain;
use super::super::gateway::{CHAT, Gateway};
use super::super::outcome::Outcome;
use crate::plan::count;
use crate::spec::shape::word_list;

/// Fewest and most calls.
const CALLS: (usize, usize) = (6, 24);

pub(super) struct Balance;

#[async_trait]
impl Check for Balance {
    fn name(&self) -> &'static str {
        "balance"
    }

    fn proves(&self) -> &'static str {
        "calls at the same time reach more than one deployment of the model"
    }

    fn stage(&self) -> Stage {
        Stage::Load
    }

    fn limit(&self, call: std::time::Duration) -> std::time::Duration {
        call * 3
    }

    async fn run(&self, gateway: &Gateway) -> Verdict {
        if let Some(skip) = gateway.without_chat().await {
            return one(skip);
        }
        let model = gateway.model().await?;
        let deployments = gateway.deployments().await?.iter().filter(|one| one.model == model).count();
        if deployments < 2 {
            return one(Outcome::skip(format!("{model} has {}", count(deployments, "deployment"))));
        }
        let mut calls = (deployments * 2).clamp(CALLS.0, CALLS.1);
        // Ties always go to the first: calls that are over at once may all be its. Then more of them are made.
        for last in [false, true] {
            let round = round(gateway, calls).await?;
            if round.reached.len() > 1 {
                let reached: Vec<String> = round.reached.iter().map(|(id, calls)| format!("{id} {calls}")).collect();
                let words = format!(
                    "{} reached {} of {deployments} deployments: {}{}",
                    count(calls, "call"),
                    reached.len(),
                    word_list(reached.iter().map(String::as_str)),
                    if round.failed > 0 { format!("; {} failed", round.failed) } else { String::new() },
                );
                return one(Outcome::pass(words).took(round.took));
            }
            if last {
                let id = round.reached.keys().next().cloned().unwrap_or_default();
                let detail = format!(
                    "all of {} were answered by {id}, though {model} has {deployments} deployments",
                    count(calls, "call")
                );
                return one(Outcome::fail(detail)
                    .next(format!("accounts tells whether the other deployments answer; {}", gateway.logs(None))));
            }
            calls = CALLS.1;
        }
        one(Outcome::skip("nothing was called"))
    }
}

struct Round {
    reached: BTreeMap<String, usize>,
    failed: usize,
    took: std::time::Duration,
}

async fn round(gateway: &Gateway, calls: usize) -> Result<Round, Box<Outcome>> {
    let mut body = gateway.chat().await?;
    body["disable_fallbacks"] = json!(true);
    let begun = std::time::Instant::now();
    let answers = join_all((0..calls).map(|_| gateway.client.post(CHAT, gateway.key(), &body))).await;
    let mut round = Round { reached: BTreeMap::new(), failed: 0, took: begun.elapsed() };
    let mut first_failure = None;
    for answer in answers {
        match answer {
            Ok(answer) if answer.is_success() => {
                let id = answer.deployment().unwrap_or_else(|| "a deployment without x-litellm-model-id".to_owned());
                *round.reached.entry(id).or_default() += 1;
            }
            Ok(answer) => {
                round.failed += 1;
                first_failure
                    .get_or_insert_with(|| explain::wrong(gateway, "all calls failed, the first with", &answer));
            }
            Err(failure) => {
                round.failed += 1;
                first_failure.get_or_insert_with(|| explain::no_answer(gateway, "all calls failed", &failure));
            }
        }
    }
    match first_failure {
        Some(outcome) if round.reached.is_empty() => Err(Box::new(outcome)),
        _ => Ok(round),
    }
}
