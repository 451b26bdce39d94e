//! `gateway`: the containers of the gateway.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::enabled;
use super::types::VariableName;

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
            image: "ghcr.io/berriai/litellm:main-v1.82.3-stable.patch.2".to_owned(),
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
}

impl Default for Middleware {
    fn default() -> Self {
        Self { enabled: true, image: None, bedrock_api: true, managed_prompts: true, chat_history: None, okta: None }
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
}

fn default_audience() -> String {
    "api://default".to_owned()
}
