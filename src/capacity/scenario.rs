//! What is simulated.

use schemars::JsonSchema;
use serde::Serialize;

use super::deployment::Deployment;

/// What is simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// The deployments of the model, in the order of LiteLLM's `model_list`.
    pub deployments: Vec<Deployment>,
    /// What arrives.
    pub load: Load,
    /// What each request is.
    pub request: Request,
    /// How LiteLLM handles failures.
    pub router: Router,
    /// What LiteLLM runs on.
    pub gateway: Gateway,
    /// Seed of everything that is random.
    pub seed: u64,
}

/// Requests that arrive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Requests per minute, above 0.
    pub requests_per_minute: f64,
    /// How long they arrive, in seconds. The run ends when all of them are answered or refused.
    pub seconds: f64,
    /// How the times between arrivals vary.
    pub arrivals: Spread,
}

/// How a quantity varies around its mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// Not at all.
    Constant,
    /// Exponentially: arrivals are a Poisson process, answers have no typical length.
    Exponential,
}

/// What each request is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Request {
    /// Tokens of the prompt.
    pub input_tokens: u64,
    /// Tokens of the answer, on average.
    pub output_tokens: u64,
    /// `max_tokens` that is sent: reserved while the request runs, and the longest answer. Not below `output_tokens`.
    pub max_tokens: u64,
    /// Tokens of the quota that one token of the answer takes.
    pub burndown: u64,
    /// How long an answer of average length takes, in seconds. Longer answers take longer in proportion.
    pub answer_seconds: f64,
    /// How the length of answers varies.
    pub answers: Spread,
}

/// How LiteLLM handles failures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Router {
    /// Tries after the first.
    pub retries: u8,
    /// How long a deployment that throttled is left alone, in seconds. LiteLLM takes 0 for its default of 5.
    pub cooldown_seconds: u32,
}

/// What LiteLLM runs on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gateway {
    /// Processes of LiteLLM in all tasks, at least 1.
    pub workers: u32,
    /// Time that a process spends on one request, in seconds. It does nothing else meanwhile.
    pub seconds_per_request: f64,
}
