//! Whether anybody answers.

use std::time::Instant;

use async_trait::async_trait;

use super::super::answer::Answer;
use super::super::check::{Check, Needs, Stage, Verdict, one};
use super::super::explain;
use super::super::failure::Failure;
use super::super::gateway::{Gateway, Middleware, PAUSE};
use super::super::outcome::Outcome;
use crate::model::listener::LITELLM_HEALTH;

pub(super) struct Health;

#[async_trait]
impl Check for Health {
    fn name(&self) -> &'static str {
        "health"
    }

    fn proves(&self) -> &'static str {
        "LiteLLM answers, and the middleware where there is one"
    }

    fn stage(&self) -> Stage {
        Stage::Reach
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    async fn run(&self, gateway: &Gateway) -> Verdict {
        let answer = match alive(gateway).await {
            Ok(answer) => answer,
            Err(failure) => {
                gateway.is_dead(&format!("health: {failure}"));
                return one(explain::no_answer(gateway, "the gateway does not answer", &failure));
            }
        };
        if !answer.is_success() {
            gateway.is_dead(&format!("health: LiteLLM does not answer: {}", answer.told()));
            return one(explain::wrong(gateway, &format!("LiteLLM does not answer on {LITELLM_HEALTH}"), &answer));
        }
        one(beside(gateway).await.of(&answer))
    }
}

/// Asks until it answers, or until patience is over.
async fn alive(gateway: &Gateway) -> Result<Answer, Failure> {
    let begun = Instant::now();
    loop {
        let answer = gateway.client.get(LITELLM_HEALTH, None).await;
        let may_pass = match &answer {
            Ok(answer) => !answer.is_success() && answer.is_from_the_front() && answer.status != 403,
            Err(failure) => failure.may_pass(),
        };
        if !may_pass || begun.elapsed() + PAUSE > gateway.patience {
            return answer;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What stands beside LiteLLM.
async fn beside(gateway: &Gateway) -> Outcome {
    let expected = gateway.expected.middleware;
    if expected == Some(false) {
        return Outcome::pass("LiteLLM answers");
    }
    match gateway.middleware().await {
        Middleware::Present => Outcome::pass("LiteLLM and the middleware answer"),
        Middleware::Absent if expected == Some(true) => Outcome::fail(
            "LiteLLM answers, but its paths are not the middleware's: the load balancer does not send them there",
        )
        .next("gwinfra plan   shows whether the listener's rules are the spec's"),
        Middleware::Absent => Outcome::pass("LiteLLM answers; there is no middleware behind this URL"),
        Middleware::Dead(why) => Outcome::fail(format!("LiteLLM answers, but the middleware does not: {why}"))
            .next(gateway.middleware_logs(None)),
    }
}
