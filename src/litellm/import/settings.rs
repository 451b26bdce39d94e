//! Settings: those that the spec has words for, and those that it passes through.

use serde_json::{Map, Value, json};

use super::models::{Models, is_carried};
use super::notes::Notes;
use super::variables::{Variables, is_variable};
use crate::litellm::secrets::{looks_secret, names_secret};
use crate::litellm::{Subject, keys};
use crate::model::container::RESERVED_VARIABLES;
use crate::model::litellm::OWNED;

/// What the settings have become.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// The spec's `routing`.
    pub(super) routing: Map<String, Value>,
    /// Longest time for an answer, in seconds.
    pub(super) timeout: Option<u64>,
    /// The spec's `gateway.litellm.environment`.
    pub(super) environment: Map<String, Value>,
    /// The spec's `gateway.litellm.settings`.
    pub(super) passed: Map<String, Value>,
}

/// Strategies of a spec.
const STRATEGIES: [&str; 5] =
    ["least-busy", "simple-shuffle", "latency-based-routing", "usage-based-routing-v2", "cost-based-routing"];

impl Settings {
    pub(super) fn of(
        subject: &Subject<'_>,
        models: &mut Models,
        notes: &mut Notes<'_>,
        variables: &mut Variables<'_>,
    ) -> Self {
        let mut settings = Self::default();
        // What the router says wins over what LiteLLM as a whole says.
        for section in ["router_settings", "litellm_settings", "general_settings"] {
            for (key, value) in subject.section(section).into_iter().flatten() {
                let path = format!("{section}.{key}");
                if !settings.placed(section, key, value, &path, models, notes) {
                    settings.pass(section, key, value, &path, notes, variables);
                }
            }
        }
        for (section, value) in subject.document.as_object().into_iter().flatten() {
            match section.as_str() {
                "model_list" | "guardrails" | "router_settings" | "litellm_settings" | "general_settings" => {}
                "environment_variables" => settings.environment(value, notes, variables),
                section if crate::rules::is_passed_section(section) && value.is_object() => {
                    if is_carried(section, value, section, notes) {
                        variables.declare_within(value);
                        settings.passed.insert(section.to_owned(), value.clone());
                    }
                }
                section => notes.left(section, "a spec has no place for this section"),
            }
        }
        settings
    }

    /// Puts a setting where a spec has it; says whether it has a place there, or none at all.
    fn placed(
        &mut self,
        section: &str,
        key: &str,
        value: &Value,
        path: &str,
        models: &mut Models,
        notes: &mut Notes<'_>,
    ) -> bool {
        let whole = |most: u64| value.as_u64().filter(|number| *number <= most);
        match (section, key) {
            ("router_settings", "routing_strategy") => match value.as_str().filter(|name| STRATEGIES.contains(name)) {
                Some(strategy) => self.route("strategy", json!(strategy), path, notes),
                None => notes.left(path, format!("a spec has the strategies {}", STRATEGIES.join(", "))),
            },
            ("router_settings" | "litellm_settings", "num_retries" | "retries") => match whole(20) {
                Some(retries) => self.route("retries", json!(retries), path, notes),
                None => notes.left(path, "a spec takes 0 to 20 retries"),
            },
            ("router_settings", "timeout") | ("litellm_settings", "request_timeout") => {
                let seconds = value.as_f64().filter(|seconds| (1.0..=4000.0).contains(seconds));
                match seconds {
                    // Within the bounds the cast is exact.
                    Some(seconds) => {
                        let seconds = seconds.ceil() as u64;
                        self.timeout.get_or_insert(seconds);
                        self.route("timeout_seconds", json!(seconds), path, notes);
                    }
                    None => notes.left(path, "a spec takes a timeout of 1 to 4000 seconds"),
                }
            }
            ("router_settings", "cooldown_time") => match whole(3600) {
                Some(seconds) => self.route("cooldown_seconds", json!(seconds), path, notes),
                None => notes.left(path, "a spec takes whole seconds, up to 3600"),
            },
            ("router_settings" | "litellm_settings", "fallbacks" | "context_window_fallbacks") => {
                fallbacks(key, value, path, models, notes);
            }
            ("router_settings" | "litellm_settings", "default_fallbacks") => {
                let names = known(value, path, models, notes);
                if !names.is_empty() {
                    self.route("default_fallbacks", json!(names), path, notes);
                }
            }
            ("general_settings", "master_key") => {
                notes.left(path, "gwinfra generates a new one: clients of the old one need new keys");
            }
            ("general_settings", "database_url") => {
                let reason =
                    "`database` makes a new one by default: name this one under `database.external` to keep its keys";
                notes.left(path, reason);
            }
            ("litellm_settings", "cache" | "cache_params") | ("router_settings", "redis_host" | "redis_port") => {
                notes.left(path, "`cache` makes a Redis by default, for the state of the router, keys and limits");
            }
            ("router_settings", "redis_password" | "redis_url") => {
                notes.left(path, "gwinfra gives LiteLLM the password of the Redis that `cache` makes");
            }
            ("litellm_settings", "callbacks" | "s3_callback_params") => {
                let reason = "`observability.request_logs` logs requests in a bucket of the deployment; other callbacks go to \
                              `success_callback` under `gateway.litellm.settings`";
                notes.left(path, reason);
            }
            ("litellm_settings", "telemetry") => {}
            (section, key) if OWNED.iter().any(|(of, keys)| *of == section && keys.contains(&key)) => {
                notes.left(path, "gwinfra sets it itself");
            }
            (section, key) if !keys::knows(section, key) && is_elsewhere(section, key) => {
                notes.left(
                    path,
                    format!("LiteLLM ignores it under `{section}`: `gwinfra config check` says where it belongs"),
                );
            }
            _ => return false,
        }
        true
    }

    fn route(&mut self, key: &str, value: Value, path: &str, notes: &mut Notes<'_>) {
        match self.routing.get(key) {
            None => {
                self.routing.insert(key.to_owned(), value);
            }
            Some(first) if *first == value => {}
            Some(_) => notes.left(path, "the router's own setting says it otherwise, and wins"),
        }
    }

    fn pass(
        &mut self,
        section: &str,
        key: &str,
        value: &Value,
        path: &str,
        notes: &mut Notes<'_>,
        variables: &mut Variables<'_>,
    ) {
        if !is_carried(key, value, path, notes) {
            return;
        }
        variables.declare_within(value);
        if let Some(settings) = self.passed.entry(section.to_owned()).or_insert_with(|| json!({})).as_object_mut() {
            settings.insert(key.to_owned(), value.clone());
        }
    }

    fn environment(&mut self, value: &Value, notes: &mut Notes<'_>, variables: &mut Variables<'_>) {
        for (name, value) in value.as_object().into_iter().flatten() {
            let path = format!("environment_variables.{name}");
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Bool(_) | Value::Number(_) => value.to_string(),
                _ => String::new(),
            };
            if RESERVED_VARIABLES.contains(&name.as_str()) {
                notes.left(&path, "gwinfra sets this variable itself");
            } else if !is_variable(name) || text.is_empty() {
                notes.left(&path, "this is no variable with a value");
            } else if looks_secret(&text) || names_secret(name) || text.starts_with("os.environ/") {
                variables.declare(name);
                notes.changed(&path, "it comes from a secret: a value that was written here is to be replaced");
            } else if !notes.is_mistake(&path) {
                self.environment.insert(name.clone(), json!(text));
            }
        }
    }
}

/// Whether a key belongs to another section, or to none.
fn is_elsewhere(section: &str, key: &str) -> bool {
    keys::sections().any(|other| other != section && keys::knows(other, key))
        || ["port", "host", "num_workers", "workers"].contains(&key)
}

/// Fallbacks go to the model that falls back.
fn fallbacks(key: &str, value: &Value, path: &str, models: &mut Models, notes: &mut Notes<'_>) {
    if !value.is_array() {
        notes.left(path, "fallbacks are a list of maps");
    }
    for (index, map) in value.as_array().into_iter().flatten().enumerate() {
        for (model, names) in map.as_object().into_iter().flatten() {
            let path = format!("{path}.{index}.{model}");
            if !models.has(model) {
                notes.left(&path, format!("the spec has no model `{model}`"));
                continue;
            }
            let mut names = known(names, &path, models, notes);
            if let Some(own) = names.iter().position(|name| name == model) {
                names.remove(own);
                notes.left(&path, "a model cannot fall back to itself");
            }
            if !names.is_empty() {
                models.set(model, key, names);
            }
        }
    }
}

/// Names of a list that are models of the spec, each once.
fn known<'v>(names: &'v Value, path: &str, models: &Models, notes: &mut Notes<'_>) -> Vec<&'v str> {
    let mut known: Vec<&str> = Vec::new();
    for (index, name) in names.as_array().into_iter().flatten().enumerate() {
        match name.as_str() {
            Some(name) if models.has(name) => {
                if !known.contains(&name) {
                    known.push(name);
                }
            }
            Some(name) => notes.left(&format!("{path}.{index}"), format!("the spec has no model `{name}`")),
            None => notes.left(&format!("{path}.{index}"), "a spec takes names of models"),
        }
    }
    known
}
