//! `models`, `routing` and `guardrails`: what LiteLLM serves and how.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::types::{EntryName, VariableName};

/// A model that clients may name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Name that clients use, unique in the list.
    pub name: EntryName,
    /// Serve it from Bedrock: one LiteLLM deployment for each account and region is generated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bedrock: Option<BedrockModel>,
    /// Serve it from any provider that LiteLLM knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub litellm: Option<LitellmModel>,
    /// The load to plan for. Checked against `bedrock.headroom` times the sum of the quotas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<ExpectedLoad>,
    /// Models to try, in order, when all deployments of this one fail.
    #[serde(default)]
    pub fallbacks: Vec<EntryName>,
    /// Models to try, in order, when a prompt is too long for this one.
    #[serde(default)]
    pub context_window_fallbacks: Vec<EntryName>,
}

/// A model on Bedrock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BedrockModel {
    /// Id of the foundation model or of the cross-region inference profile, such as
    /// `us.anthropic.claude-sonnet-4-5-20250929-v1:0`.
    #[schemars(extend("pattern" = "^([a-z]{2,6}\\.)?[a-z0-9-]+\\.[A-Za-z0-9.:-]+$", "x-expect" = "a Bedrock model or inference profile id, such as us.anthropic.claude-sonnet-4-5-20250929-v1:0"))]
    pub model: String,
    /// Accounts that serve it: `all` (default) or a list of names from `bedrock.accounts`, and `hub` for the hub's own.
    #[serde(default)]
    pub accounts: ModelAccounts,
    /// Token quota of each account and region, per minute. LiteLLM routes by it; `expected` is checked against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub tpm: Option<u64>,
    /// Requests of each account and region, per minute: your own limit where AWS has none. `expected` is checked against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub rpm: Option<u64>,
    /// Further parameters of the generated LiteLLM deployments.
    #[serde(default)]
    pub params: IndexMap<String, Value>,
}

/// Accounts that serve a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ModelAccounts {
    /// All of them.
    All(AllAccounts),
    /// Those with these names.
    Names(#[schemars(length(min = 1))] Vec<EntryName>),
}

impl Default for ModelAccounts {
    fn default() -> Self {
        Self::All(AllAccounts::All)
    }
}

/// The word `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllAccounts {
    /// All accounts of `bedrock.accounts`, and the hub's own with `bedrock.include_hub`.
    All,
}

/// A model of any provider that LiteLLM knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LitellmModel {
    /// LiteLLM's name of the model, with its provider: `openai/gpt-4o`.
    #[schemars(length(min = 1, max = 256))]
    pub model: String,
    /// Variable that holds the provider's key: one of `gateway.litellm.secrets`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<VariableName>,
    /// Base URL of the provider. Default: LiteLLM's own for the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "^https?://.+$", "x-expect" = "a URL, such as https://models.example.com/v1"))]
    pub api_base: Option<String>,
    /// Further `litellm_params`.
    #[serde(default)]
    pub params: IndexMap<String, Value>,
}

/// The load to plan for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedLoad {
    /// Requests per minute at the peak.
    #[schemars(range(min = 1))]
    pub requests_per_minute: u64,
    /// Tokens of an average prompt. Default 1000.
    #[serde(default = "default_input_tokens")]
    pub input_tokens: u64,
    /// Tokens of an average answer. Default 500.
    #[serde(default = "default_output_tokens")]
    pub output_tokens: u64,
    /// `max_tokens` that clients send: Bedrock reserves it from the quota while a request runs. Default: `output_tokens`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
}

impl ExpectedLoad {
    /// One request a minute of the default size.
    pub fn of_one_request() -> Self {
        Self {
            requests_per_minute: 1,
            input_tokens: default_input_tokens(),
            output_tokens: default_output_tokens(),
            max_tokens: None,
        }
    }
}

fn default_input_tokens() -> u64 {
    1000
}

fn default_output_tokens() -> u64 {
    500
}

/// How LiteLLM spreads calls over the deployments of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Routing {
    /// Strategy. Default `least-busy`.
    pub strategy: RoutingStrategy,
    /// Tries of another deployment after a failure, 0 to 20. Default 3.
    #[schemars(range(max = 20))]
    pub retries: u8,
    /// Longest time for an answer, in seconds, 1 to 4000. Default 600. It is counted anew for each deployment that is tried;
    /// `ingress.idle_timeout_seconds`, which it must not exceed, holds for all tries together.
    #[schemars(range(min = 1, max = 4000))]
    pub timeout_seconds: u32,
    /// How long a deployment that failed is left alone, in seconds. Default 5.
    #[schemars(range(max = 3600))]
    pub cooldown_seconds: u32,
    /// Models to try, in order, when a model without `fallbacks` of its own fails.
    pub default_fallbacks: Vec<EntryName>,
}

impl Default for Routing {
    fn default() -> Self {
        Self {
            strategy: RoutingStrategy::LeastBusy,
            retries: 3,
            timeout_seconds: 600,
            cooldown_seconds: 5,
            default_fallbacks: Vec::new(),
        }
    }
}

impl RoutingStrategy {
    /// LiteLLM's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::LeastBusy => "least-busy",
            Self::SimpleShuffle => "simple-shuffle",
            Self::LatencyBasedRouting => "latency-based-routing",
            Self::UsageBasedRoutingV2 => "usage-based-routing-v2",
            Self::CostBasedRouting => "cost-based-routing",
        }
    }
}

/// LiteLLM's routing strategies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RoutingStrategy {
    /// The deployment with the fewest calls in flight. Needs a cache when there is more than one task.
    LeastBusy,
    /// At random, weighted by `rpm`, `tpm` or `weight`.
    SimpleShuffle,
    /// The deployment with the lowest latency.
    LatencyBasedRouting,
    /// The deployment with the lowest use of its quotas in this minute. Needs a cache.
    #[serde(rename = "usage-based-routing-v2")]
    UsageBasedRoutingV2,
    /// The cheapest deployment.
    CostBasedRouting,
}

/// A guardrail that LiteLLM applies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guardrail {
    /// Name that clients may ask for, unique in the list.
    pub name: EntryName,
    /// A guardrail of Amazon Bedrock, in the hub's account and region.
    pub bedrock: BedrockGuardrail,
    /// Apply it to every call, not only to those that ask for it. Default false.
    #[serde(default)]
    pub default_on: bool,
}

/// A guardrail of Amazon Bedrock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BedrockGuardrail {
    /// Id of the guardrail, such as `ff6ujrregl1q`.
    #[schemars(extend("pattern" = "^[a-z0-9]{1,64}$", "x-expect" = "the id of a Bedrock guardrail, such as ff6ujrregl1q"))]
    pub id: String,
    /// Version: a number in quotes, or `DRAFT`.
    #[schemars(extend("pattern" = "^([1-9][0-9]{0,7}|DRAFT)$", "x-expect" = "a guardrail version in quotes, such as \"1\", or DRAFT"))]
    pub version: String,
    /// When it runs: `pre_call` (default), `during_call` or `post_call`.
    #[serde(default)]
    pub mode: GuardrailMode,
}

/// When a guardrail runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GuardrailMode {
    /// On the prompt, before the model is called.
    #[default]
    PreCall,
    /// On the prompt, while the model is called.
    DuringCall,
    /// On the answer.
    PostCall,
}
