//! `gateway`: the containers of the gateway.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::enabled;
use super::types::{EntryName, VariableName};

/// The gateway's containers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gateway {
    /// LiteLLM, on port 4000.
    pub litellm: Litellm,
    /// The middleware, on port 3000: Bedrock Converse API, managed prompts, chat history, Okta sign-up.
    pub middleware: Middleware,
}

/// LiteLLM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Litellm {
    /// Image, by tag or by digest. Known bad versions and moving tags are refused. With `nat: none` it must be in ECR.
    #[schemars(length(min = 1, max = 512))]
    pub image: String,
    /// Worker processes in each task, 1 to 64. Default 1: more tasks scale better than more workers.
    #[schemars(range(min = 1, max = 64))]
    pub workers: u8,
    /// Serve the admin UI at `/ui`. Default true.
    pub admin_ui: bool,
    /// Plain environment variables. Never put a secret here.
    pub environment: IndexMap<VariableName, String>,
    /// Environment variables that come from Secrets Manager when a task starts.
    pub secrets: IndexMap<VariableName, SecretReference>,
    /// Passed through to LiteLLM's own configuration sections (`litellm_settings`, `general_settings`,
    /// `router_settings`). Keys that gwinfra sets itself may not be repeated here.
    pub settings: IndexMap<String, Map<String, Value>>,
}

impl Default for Litellm {
    fn default() -> Self {
        Self {
            image: "ghcr.io/berriai/litellm:v1.102.4".to_owned(),
            workers: 1,
            admin_ui: true,
            environment: IndexMap::new(),
            secrets: IndexMap::new(),
            settings: IndexMap::new(),
        }
    }
}

/// A value in Secrets Manager.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretReference {
    /// Name or ARN of the secret, in the hub's account and region.
    #[schemars(length(min = 1, max = 2048))]
    pub secret: String,
    /// Key of the value, if the secret is a JSON object. Default: the whole secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// The middleware.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Middleware {
    /// Run the middleware beside LiteLLM. Default true.
    #[serde(default = "enabled")]
    pub enabled: bool,
    /// Image, by tag or by digest. Default: the image of this version of gwinfra in the deployment's own ECR repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub image: Option<String>,
    /// Plain environment variables of the middleware, such as LOG_LEVEL or OTEL_EXPORTER_OTLP_ENDPOINT. Those that gwinfra or
    /// other keys of the spec set may not be repeated here. Never put a secret here.
    #[serde(default)]
    pub environment: IndexMap<VariableName, String>,
    /// Serve Bedrock's Converse API for every model, also for models of other providers. Default true.
    #[serde(default = "enabled")]
    pub bedrock_api: bool,
    /// Resolve prompts that are managed in Bedrock. Default true.
    #[serde(default = "enabled")]
    pub managed_prompts: bool,
    /// Keep chat sessions in the database. On by default when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_history: Option<ChatHistory>,
    /// Let users of an Okta tenant make their own keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub okta: Option<Okta>,
    /// For load tests: the models and guardrails of Bedrock are mocked by a third container of each task, which answers at
    /// once and costs nothing. Roles are still assumed, and their credentials sign each call; managed prompts are still read
    /// from Bedrock. Default: Bedrock answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mock_llm: Option<MockLlm>,
}

impl Default for Middleware {
    fn default() -> Self {
        Self {
            enabled: true,
            image: None,
            environment: IndexMap::new(),
            bedrock_api: true,
            managed_prompts: true,
            chat_history: None,
            okta: None,
            mock_llm: None,
        }
    }
}

/// A mocked model. Its quotas are those of one task: a second task answers as much again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MockLlm {
    /// Time to the first token: `300ms`, `uniform:100ms,500ms`, `normal:300ms,50ms` or `exponential:300ms`. Default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub latency: Option<String>,
    /// Pace of the tokens after the first, per second. Default: all at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub tokens_per_second: Option<u32>,
    /// Tokens of an answer, unless its caller wants fewer. Default 32.
    #[schemars(range(min = 1, max = 65_536))]
    pub answer_tokens: u32,
    /// Share of the calls that fail with 500, in percent. Default 0.
    #[schemars(range(max = 100))]
    pub error_percent: u32,
    /// Requests that an account, region and model answers in a minute; more are throttled. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub requests_per_minute: Option<u32>,
    /// Tokens that an account, region and model takes in a minute. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub tokens_per_minute: Option<u32>,
}

impl Default for MockLlm {
    fn default() -> Self {
        Self {
            latency: None,
            tokens_per_second: None,
            answer_tokens: 32,
            error_percent: 0,
            requests_per_minute: None,
            tokens_per_minute: None,
        }
    }
}

/// Chat sessions in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChatHistory {
    /// Keep chat sessions. Default true.
    pub enabled: bool,
    /// Days after its last message that a session is deleted, 1 to 3650. Default 90.
    #[schemars(range(min = 1, max = 3650))]
    pub retention_days: u32,
}

impl Default for ChatHistory {
    fn default() -> Self {
        Self { enabled: true, retention_days: 90 }
    }
}

/// An Okta tenant whose users may make their own keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Okta {
    /// Issuer of the tokens, an https URL such as `https://example.okta.com/oauth2/default`.
    #[schemars(extend("pattern" = "^https://[A-Za-z0-9.-]+(/[A-Za-z0-9._~/-]*)?$", "x-expect" = "an https URL, such as https://example.okta.com/oauth2/default"))]
    pub issuer: String,
    /// Audience of the tokens. Default `api://default`.
    #[serde(default = "default_audience")]
    pub audience: String,
    /// Scope that the tokens must have, such as `llm.signup`. Default none: any token of the audience signs up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "^[!#-\\[\\]-~]{1,255}$", "x-expect" = "one scope, without spaces"))]
    pub scope: Option<String>,
    /// What everybody who signs up is given. Nobody but an administrator changes it for a user.
    #[serde(default)]
    pub defaults: OktaDefaults,
}

/// Limits of a user who signs up, by LiteLLM's own names. They hold for all keys of the user that belong to no team, and are
/// given when the user is made: a change reaches those who sign up from then on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OktaDefaults {
    /// Budget in US dollars, 0.01 to 1000000. Default none: a user spends what he likes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.01, max = 1_000_000.0))]
    pub max_budget: Option<f64>,
    /// Time after which the budget begins anew: a number and `s`, `m`, `h`, `d`, `w` or `mo`, such as `30d`. Default: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "^[1-9][0-9]{0,4}(s|m|h|d|w|mo)$", "x-expect" = "a time, such as 30d, 12h or 1mo"))]
    pub budget_duration: Option<String>,
    /// Names of the models that may be called. Default: all.
    pub models: Vec<EntryName>,
    /// Tokens in a minute. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub tpm_limit: Option<u32>,
    /// Requests in a minute. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub rpm_limit: Option<u32>,
}

fn default_audience() -> String {
    "api://default".to_owned()
}
