//! A scenario of a spec.

use thiserror::Error;

use super::deployment::Deployment;
use super::rate::Rate;
use super::scenario::{Gateway, Load, Request, Router, Scenario, Spread};
use crate::model::bedrock::{Bedrock, Target};
use crate::model::burndown;
use crate::model::capacity::Applied;
use crate::spec::{BedrockModel, Compute, ExpectedLoad, Model, RoutingStrategy, Spec};

/// Most requests of a run: what they leave behind is kept in memory.
pub const MOST_REQUESTS: u64 = 20_000_000;

/// Time that a process of LiteLLM spends on one request with a whole core, in seconds.
///
/// Measured on LiteLLM 1.102.4 with one worker and 16 connections, against a backend that answers at once: 8.09 ms of CPU
/// per request, on 2026-11-20. Long prompts, streams, guardrails and keys in a database take more.
const SECONDS_PER_REQUEST: f64 = 0.0081;

/// What the command line says about a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Model to load. `None`: the only one that Bedrock serves.
    pub model: Option<String>,
    /// Requests that arrive.
    pub load: Rate,
    /// How long they arrive, in seconds.
    pub seconds: f64,
    /// How the times between arrivals vary.
    pub arrivals: Spread,
    /// How long an answer of average length takes, in seconds.
    pub answer_seconds: f64,
    /// How the length of answers varies.
    pub answers: Spread,
    /// Account that is lost.
    pub lost: Option<String>,
    /// Seed of everything that is random.
    pub seed: u64,
}

/// Why a spec has no such scenario.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettingError {
    /// Bedrock serves no model.
    #[error("no model of the spec is served by Bedrock")]
    NoModel,
    /// Bedrock serves several.
    #[error("the spec has several models on Bedrock: {}", .0.join(", "))]
    SeveralModels(Vec<String>),
    /// Bedrock serves none of that name.
    #[error("no model on Bedrock is named `{name}`; there are: {}", .known.join(", "))]
    UnknownModel {
        /// The name.
        name: String,
        /// The models on Bedrock.
        known: Vec<String>,
    },
    /// No account of that name serves the model.
    #[error("no account that serves `{model}` is named `{name}`; there are: {}", .known.join(", "))]
    UnknownAccount {
        /// The name.
        name: String,
        /// The model.
        model: String,
        /// The accounts that serve it.
        known: Vec<String>,
    },
    /// No account is left.
    #[error("no account is left that serves `{model}`")]
    NoAccount {
        /// The model.
        model: String,
    },
    /// Nothing limits a deployment of the model.
    #[error("`{model}` has neither `bedrock.tpm` nor `bedrock.rpm`: nothing would ever be throttled")]
    NoQuota {
        /// The model.
        model: String,
    },
    /// A request is larger than the quota.
    #[error(
        "a request of `{model}` reserves {reserved} tokens, and the largest quota is {quota}: every request is throttled"
    )]
    TooLarge {
        /// The model.
        model: String,
        /// Tokens that a request reserves.
        reserved: u64,
        /// Tokens per minute of a deployment.
        quota: u64,
    },
    /// There are too many requests.
    #[error("that is {requests} requests, and a run has at most {MOST_REQUESTS}")]
    TooMany {
        /// The requests.
        requests: u64,
    },
}

/// A scenario, and what it is of.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    /// Name of the model.
    pub model: String,
    /// Account that is lost.
    pub lost: Option<String>,
    /// Strategy of the spec.
    pub configured: RoutingStrategy,
    /// Whether the spec says what a request is, or its defaults do.
    pub expected: bool,
    /// The scenario.
    pub scenario: Scenario,
}

impl Setup {
    /// The scenario of a spec that passed the rules, with quotas that were found.
    pub fn new(spec: &Spec, bedrock: &Bedrock, applied: &Applied, options: &Options) -> Result<Self, SettingError> {
        let (model, source) = chosen(spec, options.model.as_deref())?;
        let name = model.name.0.clone();
        let deployments = deployments(bedrock, applied, source, &name, options.lost.as_deref())?;
        if deployments.iter().any(|one| one.tokens_per_minute.is_none() && one.requests_per_minute.is_none()) {
            return Err(SettingError::NoQuota { model: name });
        }
        let request = request(model, source, options);
        let reserved = request.input_tokens.saturating_add(request.max_tokens);
        let largest = deployments.iter().map(|one| one.tokens_per_minute.unwrap_or(u64::MAX)).max();
        if let Some(quota) = largest.filter(|quota| reserved > *quota) {
            return Err(SettingError::TooLarge { model: name, reserved, quota });
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate times a day is below 2^52")]
        let requests = (options.load.per_minute() * options.seconds / 60.0).ceil() as u64;
        if requests > MOST_REQUESTS {
            return Err(SettingError::TooMany { requests });
        }
        Ok(Self {
            lost: options.lost.clone(),
            configured: spec.routing.strategy,
            expected: model.expected.is_some(),
            scenario: Scenario {
                deployments,
                load: Load {
                    requests_per_minute: options.load.per_minute(),
                    seconds: options.seconds,
                    arrivals: options.arrivals,
                },
                request,
                router: Router { retries: spec.routing.retries, cooldown_seconds: spec.routing.cooldown_seconds },
                gateway: gateway(spec),
                seed: options.seed,
            },
            model: name,
        })
    }
}

fn chosen<'a>(spec: &'a Spec, name: Option<&str>) -> Result<(&'a Model, &'a BedrockModel), SettingError> {
    let on_bedrock = || spec.models.iter().filter_map(|model| Some((model, model.bedrock.as_ref()?)));
    let names = || on_bedrock().map(|(model, _)| model.name.0.clone()).collect::<Vec<_>>();
    let mut matching = on_bedrock().filter(|(model, _)| name.is_none_or(|name| model.name.0 == name));
    match (matching.next(), matching.next(), name) {
        (None, _, Some(name)) if on_bedrock().next().is_some() => {
            Err(SettingError::UnknownModel { name: name.to_owned(), known: names() })
        }
        (None, ..) => Err(SettingError::NoModel),
        (Some(_), Some(_), None) => Err(SettingError::SeveralModels(names())),
        (Some(one), ..) => Ok(one),
    }
}

fn deployments(
    bedrock: &Bedrock,
    applied: &Applied,
    source: &BedrockModel,
    model: &str,
    lost: Option<&str>,
) -> Result<Vec<Deployment>, SettingError> {
    let serving: Vec<&Target> = bedrock.serving(source).collect();
    if let Some(name) = lost.filter(|name| serving.iter().all(|target| target.name != **name)) {
        let known = serving.iter().map(|target| target.name.clone()).collect();
        return Err(SettingError::UnknownAccount { name: name.to_owned(), model: model.to_owned(), known });
    }
    let left = serving.into_iter().filter(|target| lost != Some(target.name.as_str()));
    let deployments: Vec<Deployment> = left
        .flat_map(|target| target.regions.iter().map(move |region| (target, region)))
        .map(|(target, region)| Deployment {
            account: target.name.clone(),
            tokens_per_minute: applied.tokens(model, &target.name, region).or(source.tpm),
            requests_per_minute: source.rpm,
            tpm: source.tpm,
            most_at_once: source.params.get("max_parallel_requests").and_then(serde_json::Value::as_u64),
        })
        .collect();
    if deployments.is_empty() { Err(SettingError::NoAccount { model: model.to_owned() }) } else { Ok(deployments) }
}

fn request(model: &Model, source: &BedrockModel, options: &Options) -> Request {
    let load = model.expected.unwrap_or_else(ExpectedLoad::of_one_request);
    Request {
        input_tokens: load.input_tokens,
        output_tokens: load.output_tokens,
        max_tokens: load.max_tokens.unwrap_or(load.output_tokens).max(load.output_tokens),
        burndown: burndown::rate(&source.model),
        answer_seconds: options.answer_seconds,
        answers: options.answers,
    }
}

/// LiteLLM's processes at the tasks that the service starts with; autoscaling is not simulated.
fn gateway(spec: &Spec) -> Gateway {
    let workers = u32::from(spec.gateway.litellm.workers).max(1);
    let Compute::Fargate(fargate) = &spec.compute else {
        return Gateway { workers, seconds_per_request: SECONDS_PER_REQUEST };
    };
    let core = (f64::from(fargate.cpu) / 1024.0 / f64::from(workers)).min(1.0);
    Gateway { workers: workers * fargate.tasks.desired.max(1), seconds_per_request: SECONDS_PER_REQUEST / core }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Basis;
    use crate::model::testing::spec;

    fn options() -> Options {
        Options {
            model: None,
            load: "60rpm".parse().unwrap(),
            seconds: 60.0,
            arrivals: Spread::Constant,
            answer_seconds: 1.0,
            answers: Spread::Constant,
            lost: None,
            seed: 1,
        }
    }

    fn setup(changes: Value, options: &Options) -> Result<Setup, SettingError> {
        let mut whole = json!({
            "bedrock": {"accounts": [
                {"id": "222222222222", "name": "one", "regions": ["us-east-1", "us-west-2"]},
                {"id": "333333333333", "name": "two", "regions": ["us-east-1"]}
            ]},
            "models": [{"name": "claude", "bedrock": {
                "model": "us.anthropic.claude-3-7-sonnet-20250219-v1:0", "tpm": 200_000
            }}]
        });
        whole.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let spec = spec(whole);
        Setup::new(&spec, &Bedrock::new(&Basis::new(&spec, None)), &Applied::default(), options)
    }

    #[test]
    fn a_deployment_for_each_account_and_region_with_the_quota_of_the_spec() {
        let setup = setup(json!({}), &options()).unwrap();
        let accounts: Vec<_> = setup.scenario.deployments.iter().map(|one| one.account.as_str()).collect();
        assert_eq!(accounts, ["one", "one", "two", "hub"]);
        assert!(setup.scenario.deployments.iter().all(|one| one.tokens_per_minute == Some(200_000)));
    }

    #[test]
    fn a_lost_account_takes_its_regions_with_it() {
        let options = Options { lost: Some("one".to_owned()), ..options() };
        let accounts: Vec<_> =
            setup(json!({}), &options).unwrap().scenario.deployments.into_iter().map(|one| one.account).collect();
        assert_eq!(accounts, ["two", "hub"]);
    }

    #[test]
    fn an_account_that_does_not_serve_cannot_be_lost() {
        let options = Options { lost: Some("three".to_owned()), ..options() };
        let known = ["one", "two", "hub"].map(str::to_owned).to_vec();
        let error = SettingError::UnknownAccount { name: "three".to_owned(), model: "claude".to_owned(), known };
        assert_eq!(setup(json!({}), &options), Err(error));
    }

    #[test]
    fn of_several_models_one_must_be_named() {
        let models = json!({"models": [
            {"name": "a", "bedrock": {"model": "amazon.nova-pro-v1:0", "tpm": 100_000}},
            {"name": "b", "bedrock": {"model": "amazon.nova-lite-v1:0", "tpm": 100_000}},
            {"name": "c", "litellm": {"model": "openai/c"}}
        ]});
        let named = |name: &str| Options { model: Some(name.to_owned()), ..options() };
        let known = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(setup(models.clone(), &options()), Err(SettingError::SeveralModels(known.clone())));
        assert_eq!(setup(models.clone(), &named("b")).unwrap().model, "b");
        assert_eq!(setup(models, &named("c")), Err(SettingError::UnknownModel { name: "c".to_owned(), known }));
    }

    #[test]
    fn without_a_model_on_bedrock_there_is_nothing_to_run() {
        let models = json!({"models": [{"name": "c", "litellm": {"model": "openai/c"}}]});
        assert_eq!(setup(models, &options()), Err(SettingError::NoModel));
    }

    #[test]
    fn without_a_quota_there_is_nothing_to_run() {
        let models = json!({"models": [{"name": "a", "bedrock": {"model": "amazon.nova-pro-v1:0"}}]});
        assert_eq!(setup(models, &options()), Err(SettingError::NoQuota { model: "a".to_owned() }));
    }

    #[test]
    fn a_request_that_no_minute_holds_is_refused_beforehand() {
        let models = json!({"models": [{
            "name": "a",
            "bedrock": {"model": "amazon.nova-pro-v1:0", "tpm": 5000},
            "expected": {"requests_per_minute": 1, "input_tokens": 1000, "max_tokens": 4096}
        }]});
        let error = SettingError::TooLarge { model: "a".to_owned(), reserved: 5096, quota: 5000 };
        assert_eq!(setup(models, &options()), Err(error));
    }

    #[test]
    fn a_run_has_an_end() {
        let options = Options { load: "1000000rpm".parse().unwrap(), seconds: 3600.0, ..options() };
        assert_eq!(setup(json!({}), &options), Err(SettingError::TooMany { requests: 60_000_000 }));
    }

    #[test]
    fn half_a_core_takes_twice_as_long() {
        let of = |fargate: Value| setup(json!({"compute": {"fargate": fargate}}), &options()).unwrap().scenario.gateway;
        let whole = of(json!({"cpu": 1024, "memory": 4096}));
        assert_eq!(whole, Gateway { workers: 2, seconds_per_request: SECONDS_PER_REQUEST });
        let half = of(json!({"cpu": 512, "memory": 4096, "tasks": {"desired": 3}}));
        assert_eq!(half, Gateway { workers: 3, seconds_per_request: 2.0 * SECONDS_PER_REQUEST });
    }
}
