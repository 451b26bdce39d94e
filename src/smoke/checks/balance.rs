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

/// Strategies that send all calls to one deployment as long as it can take them, as they should.
const TO_ONE: [&str; 2] = ["cost-based-routing", "latency-based-routing"];
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

    fn limit(&self, gateway: &Gateway) -> std::time::Duration {
        gateway.call() * 3
    }

    async fn run(&self, gateway: &Gateway) -> Verdict {
        if let Some(skip) = gateway.without_chat().await {
            return one(skip);
        }
        if let Some(strategy) = &gateway.expected.strategy
            && TO_ONE.contains(&strategy.as_str())
        {
            return one(Outcome::skip(format!("{strategy} sends calls to the best deployment, and spreads none")));
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
                let next = format!("accounts tells whether the other deployments answer; {}", gateway.logs(None));
                return one(not_spread(detail, gateway.expected.strategy.as_deref(), next).took(round.took));
            }
            calls = CALLS.1;
        }
        one(Outcome::skip("nothing was called"))
    }
}

/// What it means that one deployment took all calls: without a spec nobody knows whether the strategy spreads them.
fn not_spread(detail: String, strategy: Option<&str>, next: String) -> Outcome {
    match strategy {
        Some(_) => Outcome::fail(detail).next(next),
        None => Outcome::skip(format!("{detail}; no spec says whether its strategy spreads calls")),
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

#[cfg(test)]
mod tests {
    use super::super::super::outcome::Status;
    use super::*;

    #[test]
    fn one_deployment_for_all_calls_is_wrong_only_where_a_strategy_is_known_to_spread_them() {
        let of = |strategy: Option<&str>| not_spread(String::new(), strategy, String::new()).status;
        assert_eq!((of(Some("least-busy")), of(None)), (Status::Fail, Status::Skip));
    }
}
