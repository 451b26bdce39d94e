//! The report as data: what `capacity -o json` prints.

use schemars::JsonSchema;
use serde::Serialize;

use super::outcome::Outcome;
use super::scenario::Spread;
use super::setting::Setup;
use super::{simulate, simulate_all};
use crate::model::capacity::{Capacity, Cost, Quota};
use crate::quotas::AccountQuota;
use crate::spec::RoutingStrategy;

/// Name and version of the JSON format. Fields are only ever added within a version.
pub const SCHEMA: &str = "gwinfra.capacity/v1";

/// What the accounts carry, and what an expected load needs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: String,
    /// Share of the quotas that may be planned for.
    pub headroom: f64,
    /// One for each model on Bedrock, in the spec's order.
    pub models: Vec<ModelCapacity>,
    /// Quotas that Service Quotas told, if it was asked. `models` counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quotas: Option<Vec<AccountQuota>>,
    /// The run, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub simulation: Option<Simulation>,
}

/// What the accounts of a model carry, and what its expected load needs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ModelCapacity {
    /// Name of the model.
    pub name: String,
    /// Accounts that serve it.
    pub accounts: usize,
    /// Accounts times regions.
    pub deployments: usize,
    /// Tokens per minute of all deployments together. `None` if the quota is not known.
    pub quota_tokens_per_minute: Option<u64>,
    /// Tokens per minute that may be planned for: the headroom of all.
    pub usable_tokens_per_minute: Option<u64>,
    /// Tokens per minute that the expected load takes. `None` if no load is expected.
    pub expected_tokens_per_minute: Option<u64>,
    /// Requests per minute of all deployments together. `None` if there is no such limit.
    pub quota_requests_per_minute: Option<u64>,
    /// Requests per minute that may be planned for.
    pub usable_requests_per_minute: Option<u64>,
    /// Requests per minute that are expected.
    pub expected_requests_per_minute: Option<u64>,
    /// Tokens of the quota that one token of an answer takes.
    pub burndown: u64,
    /// What one request takes from the token quota.
    pub request: Option<Cost>,
    /// Share of all quotas that the expected load takes, of the one that it takes most of.
    pub utilization: Option<f64>,
    /// The quota that the expected load takes most of.
    pub limited_by: Option<Quota>,
    /// Whether the expected load fits into what may be planned for.
    pub fits: Option<bool>,
    /// Accounts that are enough for the expected load.
    pub accounts_needed: Option<u64>,
    /// Accounts that are enough when any one of them is lost.
    pub accounts_needed_with_one_lost: Option<u64>,
}

/// A run, under each of LiteLLM's strategies.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Simulation {
    /// Model that was loaded.
    pub model: String,
    /// Requests per minute that arrived.
    pub requests_per_minute: f64,
    /// How long they arrived, in seconds.
    pub seconds: f64,
    /// How the times between arrivals varied.
    pub arrivals: Spread,
    /// How the length of answers varied.
    pub answers: Spread,
    /// How long an answer of average length took, in seconds.
    pub answer_seconds: f64,
    /// Tokens of a prompt.
    pub input_tokens: u64,
    /// Tokens of an answer, on average.
    pub output_tokens: u64,
    /// `max_tokens` of a request.
    pub max_tokens: u64,
    /// Whether the spec's `expected` says the tokens of a request; otherwise they are its defaults.
    pub tokens_from_expected: bool,
    /// Accounts that served.
    pub accounts: usize,
    /// Accounts times regions that served.
    pub deployments: usize,
    /// Account that was lost.
    pub lost: Option<String>,
    /// Tries after the first.
    pub retries: u8,
    /// How long a deployment that throttled was left alone, in seconds.
    pub cooldown_seconds: u32,
    /// Processes of LiteLLM.
    pub workers: u32,
    /// Time that a process spent on a request, in milliseconds.
    pub milliseconds_per_request: f64,
    /// Seed of everything that was random.
    pub seed: u64,
    /// Strategy of the spec.
    pub configured: RoutingStrategy,
    /// What came of each strategy.
    pub strategies: Vec<Outcome>,
    /// What clients would see if the account that answered most under the spec's strategy were lost. `None` if an account
    /// is lost already, or there is only one.
    pub one_more_lost: Option<Loss>,
}

/// The same load without an account.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Loss {
    /// The account.
    pub account: String,
    /// Requests that arrived.
    pub requests: u64,
    /// Requests to which the client got 429.
    pub refused: u64,
    /// Their share.
    pub refused_share: f64,
}

impl Loss {
    /// Runs the scenario again without the account that answered most.
    fn of(setup: &Setup, outcome: &Outcome) -> Option<Self> {
        if setup.lost.is_some() || outcome.accounts.len() < 2 {
            return None;
        }
        let busiest = outcome.accounts.iter().max_by_key(|account| account.answered)?;
        let mut scenario = setup.scenario.clone();
        scenario.deployments.retain(|deployment| deployment.account != busiest.account);
        let Outcome { requests, refused, refused_share, .. } = simulate(&scenario, outcome.strategy);
        Some(Self { account: busiest.account.clone(), requests, refused, refused_share })
    }
}

impl Document {
    /// The report of a spec's capacities, and of a run.
    pub fn new(
        headroom: f64,
        capacities: &[Capacity],
        quotas: Option<Vec<AccountQuota>>,
        simulation: Option<Simulation>,
    ) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            headroom,
            models: capacities.iter().map(ModelCapacity::new).collect(),
            quotas,
            simulation,
        }
    }
}

impl ModelCapacity {
    fn new(capacity: &Capacity) -> Self {
        let expected = capacity.expected.as_ref();
        Self {
            name: capacity.model.clone(),
            accounts: capacity.accounts,
            deployments: capacity.deployments,
            quota_tokens_per_minute: capacity.tokens_per_minute,
            usable_tokens_per_minute: capacity.plannable,
            expected_tokens_per_minute: expected.map(|load| load.tokens_per_minute),
            quota_requests_per_minute: capacity.requests_per_minute,
            usable_requests_per_minute: capacity.plannable_requests,
            expected_requests_per_minute: expected.map(|load| load.requests_per_minute),
            burndown: capacity.burndown,
            request: expected.map(|load| load.request),
            utilization: expected.and_then(|load| load.utilization),
            limited_by: expected.and_then(|load| load.limited_by),
            fits: expected.and_then(|load| load.fits),
            accounts_needed: expected.and_then(|load| load.accounts_enough),
            accounts_needed_with_one_lost: expected.and_then(|load| load.accounts_enough_with_one_lost),
        }
    }
}

impl Simulation {
    /// Runs a scenario under every strategy.
    pub fn run(setup: &Setup) -> Self {
        let scenario = &setup.scenario;
        let strategies = simulate_all(scenario);
        let configured = strategies.iter().find(|outcome| outcome.strategy == setup.configured);
        let one_more_lost = configured.and_then(|outcome| Loss::of(setup, outcome));
        Self {
            model: setup.model.clone(),
            requests_per_minute: scenario.load.requests_per_minute,
            seconds: scenario.load.seconds,
            arrivals: scenario.load.arrivals,
            answers: scenario.request.answers,
            answer_seconds: scenario.request.answer_seconds,
            input_tokens: scenario.request.input_tokens,
            output_tokens: scenario.request.output_tokens,
            max_tokens: scenario.request.max_tokens,
            tokens_from_expected: setup.expected,
            accounts: strategies.first().map_or(0, |outcome| outcome.accounts.len()),
            deployments: scenario.deployments.len(),
            lost: setup.lost.clone(),
            retries: scenario.router.retries,
            cooldown_seconds: scenario.router.cooldown_seconds,
            workers: scenario.gateway.workers,
            milliseconds_per_request: scenario.gateway.seconds_per_request * 1000.0,
            seed: scenario.seed,
            configured: setup.configured,
            strategies,
            one_more_lost,
        }
    }
}

/// The JSON Schema of [`Document`], as text: the committed copy is `schemas/gwinfra.capacity.v1.schema.json`.
pub fn json_schema_text() -> String {
    crate::json_schema::text::<Document>(SCHEMA)
}
