//! LiteLLM's configuration, generated from the spec.
//!
//! The text is stored under its own hash and the task definition names it, so a changed configuration is a new
//! revision that rolls out and can be rolled back. It holds `os.environ/NAME` references, never values.

mod text;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Basis;
use super::bedrock::{Bedrock, Target};
use super::container::{self, MOCK_ADDRESS};
use super::foundation::REQUEST_LOGS;
use crate::hexadecimal;
use crate::spec::{Cache, Database, Guardrail, GuardrailMode, Model};

/// Keys of LiteLLM's sections that gwinfra sets itself. `gateway.litellm.settings` may not repeat them.
pub const OWNED: &[(&str, &[&str])] = &[
    ("litellm_settings", &["request_timeout", "callbacks", "s3_callback_params", "cache", "cache_params", "telemetry"]),
    (
        "router_settings",
        &[
            "routing_strategy",
            "num_retries",
            "timeout",
            "cooldown_time",
            "fallbacks",
            "context_window_fallbacks",
            "default_fallbacks",
            "redis_host",
            "redis_port",
            "redis_password",
        ],
    ),
    ("general_settings", &["master_key", "database_url"]),
];

/// Prefix of the keys under which configurations are stored in the config bucket.
pub const CONFIG_PREFIX: &str = "config/";

/// LiteLLM's configuration as an object of the config bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Config {
    /// Key of the object: `config/<sha256>.yaml`.
    pub key: String,
    /// SHA-256 of the text, in hex.
    pub sha256: String,
    /// The text. Not a part of the templates' context: templates name the object only.
    #[serde(skip)]
    pub text: String,
}

impl Config {
    /// The configuration of a spec.
    pub fn new(basis: &Basis<'_>, bedrock: &Bedrock) -> Self {
        let text = text::write(&document(basis, bedrock));
        let sha256 = hexadecimal::sha256(&text);
        Self { key: format!("{CONFIG_PREFIX}{sha256}.yaml"), sha256, text }
    }
}

/// The configuration as a value, its keys in LiteLLM's customary order.
pub fn document(basis: &Basis<'_>, bedrock: &Bedrock) -> Value {
    let spec = basis.spec;
    let mut document = Map::new();
    document
        .insert("model_list".into(), spec.models.iter().flat_map(|model| deployments(basis, bedrock, model)).collect());
    document.insert("litellm_settings".into(), Value::Object(litellm_settings(basis)));
    document.insert("router_settings".into(), Value::Object(router_settings(basis)));
    document.insert("general_settings".into(), Value::Object(general_settings(basis)));
    if !spec.guardrails.is_empty() {
        document
            .insert("guardrails".into(), spec.guardrails.iter().map(|guardrail| applied(basis, guardrail)).collect());
    }
    let mut document = Value::Object(document);
    for (section, settings) in &spec.gateway.litellm.settings {
        if let Some(sections) = document.as_object_mut() {
            merge(sections.entry(section.clone()).or_insert_with(|| json!({})), &Value::Object(settings.clone()));
        }
    }
    document
}

/// One entry of `model_list` per account and region for a Bedrock model, one for any other.
fn deployments(basis: &Basis<'_>, bedrock: &Bedrock, model: &Model) -> Vec<Value> {
    let mut entries = Vec::new();
    if let Some(source) = &model.bedrock {
        for target in bedrock.serving(source) {
            for region in &target.regions {
                let mut params = Map::new();
                // Not `bedrock/converse/<id>`: LiteLLM then builds a wrong path for its own /bedrock routes.
                params.insert("model".into(), json!(format!("bedrock/{}", source.model)));
                params.insert("aws_region_name".into(), json!(region));
                params.extend(role(basis, bedrock, target));
                if let Some(tpm) = source.tpm {
                    params.insert("tpm".into(), json!(tpm));
                }
                if let Some(rpm) = source.rpm {
                    params.insert("rpm".into(), json!(rpm));
                }
                params.extend(mocked(basis));
                params.extend(source.params.iter().map(|(key, value)| (key.clone(), value.clone())));
                entries.push(json!({
                    "model_name": model.name.0,
                    "litellm_params": params,
                    "model_info": {"id": deployment_id(&model.name.0, &target.name, region)},
                }));
            }
        }
    }
    if let Some(source) = &model.litellm {
        let mut params = Map::new();
        params.insert("model".into(), json!(source.model));
        if let Some(variable) = &source.api_key {
            params.insert("api_key".into(), json!(format!("os.environ/{variable}")));
        }
        if let Some(base) = &source.api_base {
            params.insert("api_base".into(), json!(base));
        }
        params.extend(source.params.iter().map(|(key, value)| (key.clone(), value.clone())));
        entries.push(json!({
            "model_name": model.name.0,
            "litellm_params": params,
            "model_info": {"id": model.name.0},
        }));
    }
    entries
}

/// Id of a deployment as `x-litellm-model-id` reports it: `claude--bedrock-1--us-east-1`.
pub fn deployment_id(model: &str, account: &str, region: &str) -> String {
    format!("{model}--{account}--{region}")
}

/// How LiteLLM gets into the account: `aws_role_name` takes the ARN. The hub's own account needs no role.
fn role(basis: &Basis<'_>, bedrock: &Bedrock, target: &Target) -> Map<String, Value> {
    let mut params = Map::new();
    if let Some(role) = &target.role_arn {
        params.insert("aws_role_name".into(), json!(role));
        // 64 characters at most. It is the user name in the account's CloudTrail.
        params.insert("aws_session_name".into(), json!(super::naming::shorten(basis.names.prefix(), 64)));
        params.insert("aws_external_id".into(), json!(bedrock.external_id));
    }
    params
}

/// Who answers in the place of Bedrock, where the spec has a mocked model.
fn mocked(basis: &Basis<'_>) -> Option<(String, Value)> {
    container::mocked(basis.spec)?;
    Some(("aws_bedrock_runtime_endpoint".to_owned(), json!(format!("http://{MOCK_ADDRESS}"))))
}

fn litellm_settings(basis: &Basis<'_>) -> Map<String, Value> {
    let spec = basis.spec;
    let mut settings = Map::new();
    settings.insert("drop_params".into(), json!(true));
    settings.insert("json_logs".into(), json!(true));
    settings.insert("telemetry".into(), json!(false));
    settings.insert("request_timeout".into(), json!(spec.routing.timeout_seconds));
    if spec.observability.request_logs {
        settings.insert("callbacks".into(), json!(["s3_v2"]));
        settings.insert(
            "s3_callback_params".into(),
            json!({
                "s3_bucket_name": "os.environ/REQUEST_LOG_BUCKET",
                "s3_region_name": basis.place.region,
                "s3_path": REQUEST_LOGS,
            }),
        );
    }
    if !matches!(spec.cache, Cache::None(_)) {
        // Shares keys, rate limits and budgets between tasks. With no call types, answers are not cached: a user would
        // get another's answer to the same prompt. Host, port, user, password and TLS come from REDIS_* variables.
        settings.insert("cache".into(), json!(true));
        settings.insert("cache_params".into(), json!({"type": "redis", "supported_call_types": []}));
    }
    settings
}

fn router_settings(basis: &Basis<'_>) -> Map<String, Value> {
    let spec = basis.spec;
    let mut settings = Map::new();
    settings.insert("routing_strategy".into(), json!(spec.routing.strategy.name()));
    settings.insert("num_retries".into(), json!(spec.routing.retries));
    settings.insert("timeout".into(), json!(spec.routing.timeout_seconds));
    settings.insert("cooldown_time".into(), json!(spec.routing.cooldown_seconds));
    settings.insert("enable_pre_call_checks".into(), json!(true));
    let lists = |pick: fn(&Model) -> &Vec<crate::spec::types::EntryName>| -> Vec<Value> {
        let chosen = spec.models.iter().filter(|model| !pick(model).is_empty());
        chosen.map(|model| json!({model.name.0.clone(): pick(model)})).collect()
    };
    let fallbacks = lists(|model| &model.fallbacks);
    if !fallbacks.is_empty() {
        settings.insert("fallbacks".into(), json!(fallbacks));
    }
    let context_window_fallbacks = lists(|model| &model.context_window_fallbacks);
    if !context_window_fallbacks.is_empty() {
        settings.insert("context_window_fallbacks".into(), json!(context_window_fallbacks));
    }
    if !spec.routing.default_fallbacks.is_empty() {
        settings.insert("default_fallbacks".into(), json!(spec.routing.default_fallbacks));
    }
    if !matches!(spec.cache, Cache::None(_)) {
        settings.insert("redis_host".into(), json!("os.environ/REDIS_HOST"));
        settings.insert("redis_port".into(), json!("os.environ/REDIS_PORT"));
        settings.insert("redis_password".into(), json!("os.environ/REDIS_PASSWORD"));
    }
    settings
}

fn general_settings(basis: &Basis<'_>) -> Map<String, Value> {
    let mut settings = Map::new();
    settings.insert("master_key".into(), json!("os.environ/LITELLM_MASTER_KEY"));
    if !matches!(basis.spec.database, Database::None(_)) {
        settings.insert("database_url".into(), json!("os.environ/DATABASE_URL"));
        settings.insert("database_connection_pool_limit".into(), json!(10));
        settings.insert("database_connection_timeout".into(), json!(60));
        // The spec is where models come from: one that is added in the UI would exist in no review and no plan.
        settings.insert("store_model_in_db".into(), json!(false));
    }
    settings
}

fn applied(basis: &Basis<'_>, guardrail: &Guardrail) -> Value {
    let mut params = Map::new();
    params.insert("guardrail".into(), json!("bedrock"));
    let mode = match guardrail.bedrock.mode {
        GuardrailMode::PreCall => "pre_call",
        GuardrailMode::DuringCall => "during_call",
        GuardrailMode::PostCall => "post_call",
    };
    params.insert("mode".into(), json!(mode));
    params.insert("guardrailIdentifier".into(), json!(guardrail.bedrock.id));
    params.insert("guardrailVersion".into(), json!(guardrail.bedrock.version));
    params.insert("aws_region_name".into(), json!(basis.place.region));
    params.extend(mocked(basis));
    params.insert("default_on".into(), json!(guardrail.default_on));
    json!({"guardrail_name": guardrail.name.0, "litellm_params": params})
}

/// Maps merge; anything else is replaced.
fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::spec;

    fn document_of(changes: Value) -> Value {
        let spec = spec(changes);
        let basis = Basis::new(&spec, None);
        document(&basis, &Bedrock::new(&basis))
    }

    fn two_accounts() -> Value {
        json!({"bedrock": {"external_id": "abc", "accounts": [
            {"id": "222222222222", "name": "one", "regions": ["us-east-1", "us-west-2"]},
            {"id": "333333333333", "name": "two", "regions": ["us-east-1"]}
        ]}})
    }

    #[test]
    fn a_model_has_a_deployment_in_each_account_and_region() {
        let document = document_of(two_accounts());
        let ids: Vec<_> =
            document["model_list"].as_array().unwrap().iter().map(|entry| entry["model_info"]["id"].clone()).collect();
        let expected = ["one--us-east-1", "one--us-west-2", "two--us-east-1", "hub--us-east-1"];
        assert_eq!(ids, expected.map(|rest| json!(format!("claude--{rest}"))));
    }

    #[test]
    fn a_deployment_in_another_account_assumes_its_role_with_the_external_id() {
        let params = document_of(two_accounts())["model_list"][1]["litellm_params"].clone();
        let expected = json!({
            "model": "bedrock/us.anthropic.claude-3-7-sonnet-20250219-v1:0",
            "aws_region_name": "us-west-2",
            "aws_role_name": "arn:aws:iam::222222222222:role/acme-llm-bedrock",
            "aws_session_name": "acme-llm",
            "aws_external_id": "abc",
        });
        assert_eq!(params, expected);
    }

    #[test]
    fn the_hubs_own_deployment_needs_no_role() {
        let params = document_of(json!({}))["model_list"][0]["litellm_params"].clone();
        assert_eq!(params.get("aws_role_name"), None);
    }

    #[test]
    fn fallbacks_are_lists_by_model() {
        let models = json!({"models": [
            {"name": "a", "litellm": {"model": "openai/a"}, "fallbacks": ["b"]},
            {"name": "b", "litellm": {"model": "openai/b"}, "context_window_fallbacks": ["a"]}
        ]});
        let router = document_of(models)["router_settings"].clone();
        assert_eq!(router["fallbacks"], json!([{"a": ["b"]}]));
        assert_eq!(router["context_window_fallbacks"], json!([{"b": ["a"]}]));
    }

    #[test]
    fn a_providers_key_is_a_reference() {
        let models = json!({"models": [{"name": "a", "litellm": {"model": "openai/a", "api_key": "OPENAI_API_KEY"}}]});
        assert_eq!(document_of(models)["model_list"][0]["litellm_params"]["api_key"], "os.environ/OPENAI_API_KEY");
    }

    #[test]
    fn without_a_database_there_is_no_url_and_without_a_cache_no_redis() {
        let document = document_of(json!({
            "database": {"none": {}}, "cache": {"none": {}}, "observability": {"request_logs": false}
        }));
        assert_eq!(document["general_settings"], json!({"master_key": "os.environ/LITELLM_MASTER_KEY"}));
        assert_eq!(document["router_settings"].get("redis_host"), None);
        assert_eq!(document["litellm_settings"].get("cache"), None);
        assert_eq!(document["litellm_settings"].get("callbacks"), None);
    }

    #[test]
    fn settings_of_the_user_are_merged_over_the_defaults() {
        let document = document_of(json!({"gateway": {"litellm": {"settings": {
            "litellm_settings": {"drop_params": false, "modify_params": true},
            "general_settings": {"store_model_in_db": true}
        }}}}));
        assert_eq!(document["litellm_settings"]["drop_params"], false);
        assert_eq!(document["litellm_settings"]["modify_params"], true);
        assert_eq!(document["litellm_settings"]["json_logs"], true);
        assert_eq!(document["general_settings"]["store_model_in_db"], true);
    }

    #[test]
    fn a_guardrail_is_named_with_its_version_and_region() {
        let guardrails = json!({"guardrails": [
            {"name": "pre", "bedrock": {"id": "ff6u", "version": "1", "mode": "post_call"}, "default_on": true}
        ]});
        let expected = json!([{
            "guardrail_name": "pre",
            "litellm_params": {
                "guardrail": "bedrock", "mode": "post_call", "guardrailIdentifier": "ff6u", "guardrailVersion": "1",
                "aws_region_name": "us-east-1", "default_on": true
            }
        }]);
        assert_eq!(document_of(guardrails)["guardrails"], expected);
    }

    #[test]
    fn a_mocked_model_answers_for_guardrails_too() {
        let document = document_of(json!({
            "gateway": {"middleware": {"mock_llm": {}}},
            "guardrails": [{"name": "pre", "bedrock": {"id": "ff6u", "version": "1", "mode": "pre_call"}}]
        }));
        for params in [&document["model_list"][0]["litellm_params"], &document["guardrails"][0]["litellm_params"]] {
            assert_eq!(params["aws_bedrock_runtime_endpoint"], "http://127.0.0.1:8787", "{params}");
        }
    }

    #[test]
    fn the_text_reads_back_as_the_document() {
        let spec = spec(two_accounts());
        let basis = Basis::new(&spec, None);
        let bedrock = Bedrock::new(&basis);
        let config = Config::new(&basis, &bedrock);
        let read: Value = serde_yaml::from_str(&config.text).unwrap();
        assert_eq!(read, document(&basis, &bedrock));
    }

    #[test]
    fn the_object_is_named_after_its_content() {
        let of = |changes| {
            let spec = spec(changes);
            let basis = Basis::new(&spec, None);
            Config::new(&basis, &Bedrock::new(&basis))
        };
        let (one, same, other) = (of(json!({})), of(json!({})), of(json!({"routing": {"retries": 1}})));
        assert_eq!(one, same);
        assert_ne!(one.key, other.key);
        assert_eq!(one.key, format!("config/{}.yaml", one.sha256));
        assert_eq!(one.sha256.len(), 64);
    }

    #[test]
    fn every_owned_key_is_one_that_can_be_set() {
        let document = document_of(json!({
            "models": [{"name": "a", "litellm": {"model": "openai/a"}, "fallbacks": ["a"], "context_window_fallbacks": ["a"]}],
            "routing": {"default_fallbacks": ["a"]}
        }));
        for (section, keys) in OWNED {
            for key in *keys {
                assert!(document[section].get(key).is_some(), "{section}.{key}");
            }
        }
    }
}
