//! LiteLLM's configuration of the spec, with the providers played by the mock.

use serde_json::{Map, Value, json};

use crate::model::Basis;
use crate::model::bedrock::Bedrock;
use crate::model::litellm;
use crate::spec::{Cache, Database, Nothing, Spec};

/// Variable with the key that the mock takes.
pub(super) const MOCK_KEY: &str = "GWINFRA_LOCAL_MOCK_KEY";

/// Parameters that mean the same to every provider. Others of a provider that is played by the mock are left out: its
/// stand-in speaks OpenAI's API and would get them in the body of a call.
const COMMON: [&str; 18] = [
    "weight",
    "tpm",
    "rpm",
    "order",
    "timeout",
    "stream_timeout",
    "max_retries",
    "max_parallel_requests",
    "cooldown_time",
    "input_cost_per_token",
    "output_cost_per_token",
    "input_cost_per_second",
    "temperature",
    "top_p",
    "max_tokens",
    "tags",
    "drop_params",
    "additional_drop_params",
];

/// Parameters that would lead a call of Bedrock past the mock.
const ELSEWHERE: [&str; 8] = [
    "aws_bedrock_runtime_endpoint",
    "aws_sts_endpoint",
    "aws_profile_name",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "aws_web_identity_token",
    "api_base",
];

/// What the gateway has here beside LiteLLM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts {
    /// LiteLLM has a database.
    pub database: bool,
    /// LiteLLM has a cache.
    pub cache: bool,
}

/// A configuration, and what is different from the deployed one.
#[derive(Debug)]
pub(super) struct Configuration {
    /// The text.
    pub text: String,
    /// How many deployments the models have together.
    pub deployments: usize,
    /// Models of other providers than Bedrock, which the mock plays as well.
    pub played: Vec<String>,
}

/// The spec as it can run here: without what is not there.
pub(super) fn reduced(spec: &Spec, parts: Parts) -> Spec {
    let mut spec = spec.clone();
    if !parts.database {
        spec.database = Database::None(Nothing {});
    }
    if !parts.cache {
        spec.cache = Cache::None(Nothing {});
    }
    // They go to a bucket.
    spec.observability.request_logs = false;
    // The mock has none.
    spec.gateway.middleware.managed_prompts = false;
    // The one here answers, and not that of a task.
    spec.gateway.middleware.mock_llm = None;
    spec
}

impl Configuration {
    /// The configuration of a spec, with the mock at a URL.
    pub fn new(spec: &Spec, environment: Option<&str>, parts: Parts, mock: &str) -> Self {
        let spec = reduced(spec, parts);
        let basis = Basis::new(&spec, environment);
        let mut document = litellm::document(&basis, &Bedrock::new(&basis));
        let (mut played, mut deployments) = (Vec::new(), 0);
        for entry in document["model_list"].as_array_mut().into_iter().flatten() {
            deployments += 1;
            let Some(params) = entry["litellm_params"].as_object().cloned() else { continue };
            let (params, swapped) = swap(params, mock);
            entry["litellm_params"] = Value::Object(params);
            if let Some(model) = swapped {
                played.push(format!("{} ({model})", entry["model_name"].as_str().unwrap_or_default()));
            }
        }
        // A list of JSON values always can be written as YAML.
        let text = serde_yaml::to_string(&document).unwrap_or_default();
        Self { text, deployments, played }
    }
}

/// The parameters of a deployment with the mock as its provider, and the model if another provider than Bedrock has it.
fn swap(mut params: Map<String, Value>, mock: &str) -> (Map<String, Value>, Option<String>) {
    let model = params.get("model").and_then(Value::as_str).unwrap_or_default().to_owned();
    let (provider, name) = model.split_once('/').unwrap_or(("openai", &model));
    if provider == "bedrock" {
        // The endpoints of Bedrock and STS come from variables.
        params.retain(|key, _| !ELSEWHERE.contains(&key.as_str()));
        return (params, None);
    }
    if provider != "openai" {
        params.retain(|key, _| COMMON.contains(&key.as_str()));
    }
    params.shift_remove("organization");
    params.insert("model".into(), json!(format!("openai/{name}")));
    params.insert("api_base".into(), json!(format!("{mock}/v1")));
    params.insert("api_key".into(), json!(format!("os.environ/{MOCK_KEY}")));
    (params, Some(model))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::spec;

    const MOCK: &str = "http://127.0.0.1:8787";

    fn configuration(changes: Value, parts: Parts) -> (Value, Configuration) {
        let configuration = Configuration::new(&spec(changes), None, parts, MOCK);
        (serde_yaml::from_str(&configuration.text).unwrap(), configuration)
    }

    fn alone() -> Parts {
        Parts { database: false, cache: false }
    }

    #[test]
    fn there_is_a_deployment_for_each_account_and_region_with_its_role() {
        let changes = json!({"bedrock": {"accounts": [
            {"id": "222222222222", "name": "one", "regions": ["us-east-1", "us-west-2"]}
        ]}});
        let (document, configuration) = configuration(changes, alone());
        assert_eq!(configuration.deployments, 3);
        let params = &document["model_list"][1]["litellm_params"];
        assert_eq!(params["aws_role_name"], "arn:aws:iam::222222222222:role/acme-llm-bedrock");
        assert_eq!(params["aws_region_name"], "us-west-2");
    }

    #[test]
    fn other_providers_are_played_with_openais_api() {
        let changes = json!({"models": [
            {"name": "a", "litellm": {"model": "azure/gpt", "api_key": "AZURE_KEY", "params": {"api_version": "2024-10-21", "weight": 3}}},
            {"name": "b", "litellm": {"model": "openai/gpt-4o", "api_base": "https://models.example.com", "params": {"seed": 1}}}
        ]});
        let (document, configuration) = configuration(changes, alone());
        let key = format!("os.environ/{MOCK_KEY}");
        assert_eq!(
            document["model_list"][0]["litellm_params"],
            json!({"model": "openai/gpt", "weight": 3, "api_base": "http://127.0.0.1:8787/v1", "api_key": key})
        );
        assert_eq!(
            document["model_list"][1]["litellm_params"],
            json!({"model": "openai/gpt-4o", "seed": 1, "api_base": "http://127.0.0.1:8787/v1", "api_key": key})
        );
        assert_eq!(configuration.played, ["a (azure/gpt)", "b (openai/gpt-4o)"]);
    }

    #[test]
    fn no_parameter_leads_past_the_mock() {
        let changes = json!({"models": [{"name": "a", "bedrock": {
            "model": "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
            "params": {"aws_bedrock_runtime_endpoint": "https://vpce.example.com", "weight": 2}
        }}]});
        let (document, _) = configuration(changes, alone());
        let params = &document["model_list"][0]["litellm_params"];
        assert_eq!(params.get("aws_bedrock_runtime_endpoint"), None);
        assert_eq!(params["weight"], 2);
    }

    #[test]
    fn the_mock_of_a_deployment_is_not_asked_here() {
        let changes = json!({
            "gateway": {"middleware": {"mock_llm": {}}},
            "guardrails": [{"name": "pre", "bedrock": {"id": "ff6u", "version": "1", "mode": "pre_call"}}]
        });
        let (document, _) = configuration(changes, alone());
        assert!(!document.to_string().contains("aws_bedrock_runtime_endpoint"), "{document}");
    }

    #[test]
    fn what_is_not_there_is_not_in_it() {
        let (document, _) = configuration(json!({}), alone());
        assert_eq!(document["general_settings"], json!({"master_key": "os.environ/LITELLM_MASTER_KEY"}));
        assert_eq!(document["litellm_settings"].get("callbacks"), None);
        assert_eq!(document["router_settings"].get("redis_host"), None);
    }

    #[test]
    fn what_is_there_is_in_it() {
        let (document, _) = configuration(json!({}), Parts { database: true, cache: true });
        assert_eq!(document["general_settings"]["database_url"], "os.environ/DATABASE_URL");
        assert_eq!(document["router_settings"]["redis_host"], "os.environ/REDIS_HOST");
    }
}
