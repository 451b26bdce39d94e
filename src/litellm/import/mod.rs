//! Carries a configuration of one's own over into a spec: accounts, models, routing, guardrails, settings, and the names
//! of the variables that hold keys. What has no place in a spec, or would be a mistake there, is left and said.

mod accounts;
mod deployment;
mod guardrails;
mod models;
mod notes;
mod quotas;
mod settings;
mod variables;

use serde_json::{Map, Value, json};

use self::accounts::Accounts;
use self::models::Models;
use self::notes::Notes;
pub use self::notes::{Kind, Note};
use self::settings::Settings;
use self::variables::Variables;
use super::ConfigFile;

/// What the spec says beside what the configuration says.
#[derive(Debug, Clone)]
pub struct Hub<'a> {
    /// Name of the deployment.
    pub name: &'a str,
    /// Account that the gateway runs in.
    pub account: &'a str,
    /// Region that the gateway runs in.
    pub region: &'a str,
}

/// What a configuration has become.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// Parts of the spec: `bedrock`, `models`, `routing`, `guardrails`, `gateway`.
    pub spec: Map<String, Value>,
    /// Longest time for an answer, in seconds, if the configuration says one.
    pub timeout_seconds: Option<u64>,
    /// Secrets of Secrets Manager that have to hold the keys, with the variable that each is given to.
    pub secrets: Vec<(String, String)>,
    /// What was left out, read differently or is to be decided, in the order of the file.
    pub notes: Vec<Note>,
}

/// The region that most deployments of Bedrock name: the first guess at where the gateway runs.
pub fn region(config: &ConfigFile) -> Option<String> {
    let subject = config.subject();
    let mut counts: indexmap::IndexMap<&str, usize> = indexmap::IndexMap::new();
    for (_, params) in subject.params() {
        let region = ["aws_region_name", "aws_region"].iter().find_map(|key| params.get(*key)?.as_str());
        if let Some(region) = region.filter(|region| deployment::is_region(region)) {
            *counts.entry(region).or_default() += 1;
        }
    }
    // The first of those that are named most often.
    let most = counts.values().max().copied()?;
    counts.iter().find(|(_, count)| **count == most).map(|(region, _)| (*region).to_owned())
}

/// Carries a configuration over.
pub fn import(config: &ConfigFile, hub: &Hub<'_>) -> Imported {
    let subject = config.subject();
    let mut notes = Notes::new(&subject, config.check());
    let mut variables = Variables::new(hub.name);
    let deployments = deployment::read(&subject, hub, &mut notes);
    let deployments = models::fitting(deployments, &mut notes);
    let accounts = Accounts::of(&deployments);
    let mut models = Models::of(&deployments, &accounts, &mut notes, &mut variables);
    let settings = Settings::of(&subject, &mut models, &mut notes, &mut variables);
    let guardrails = guardrails::of(&subject, &mut notes);
    accounts.explain(&deployments, hub, &mut notes);

    let mut spec = Map::new();
    spec.insert("bedrock".into(), accounts.spec(&deployments, hub, &mut notes));
    spec.insert("models".into(), models.spec());
    let mut put = |key: &str, value: Value| {
        let empty = value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty);
        if !empty {
            spec.insert(key.to_owned(), value);
        }
    };
    put("routing", Value::Object(settings.routing));
    put("guardrails", Value::Array(guardrails));
    let mut litellm = Map::new();
    for (key, value) in [
        ("environment", Value::Object(settings.environment)),
        ("secrets", variables.spec()),
        ("settings", Value::Object(settings.passed)),
    ] {
        if value.as_object().is_some_and(|map| !map.is_empty()) {
            litellm.insert(key.to_owned(), value);
        }
    }
    if !litellm.is_empty() {
        put("gateway", json!({"litellm": litellm}));
    }
    Imported { spec, timeout_seconds: settings.timeout, secrets: variables.secrets(), notes: notes.all() }
}
