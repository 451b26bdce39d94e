//! The models of a spec, each made of all deployments of one name.

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value, json};

use super::accounts::Accounts;
use super::deployment::{Deployment, Source};
use super::notes::Notes;
use super::quotas::smallest;
use super::variables::Variables;
use crate::litellm::secrets::{is_harmless, looks_secret, names_secret};

/// The models, by name.
pub(super) struct Models {
    models: IndexMap<String, Map<String, Value>>,
}

/// The deployments that fit into one model of a spec with the first of their name: it calls one model of Bedrock in many
/// accounts and regions, or one of another provider. The others are left, and that is said.
pub(super) fn fitting<'a>(deployments: Vec<Deployment<'a>>, notes: &mut Notes<'_>) -> Vec<Deployment<'a>> {
    let mut first: IndexMap<&str, Source<'a>> = IndexMap::new();
    let mut fitting = Vec::new();
    for deployment in deployments {
        let reason = match (first.get(deployment.name), &deployment.source) {
            (None, _) => None,
            (Some(Source::Bedrock { id, .. }), Source::Bedrock { id: other, .. }) if id == other => None,
            (Some(Source::Bedrock { id, .. }), _) => Some(format!(
                "a spec has one model of Bedrock for `{}`, here `{id}`: list this one under another name, as a fallback",
                deployment.name
            )),
            (Some(Source::Other(_)), _) => Some(format!(
                "a spec has one deployment of another provider for `{}`: list this one under another name, as a fallback",
                deployment.name
            )),
        };
        match reason {
            Some(reason) => notes.left(&deployment.path, reason),
            None => {
                first.entry(deployment.name).or_insert_with(|| deployment.source.clone());
                fitting.push(deployment);
            }
        }
    }
    fitting
}

impl Models {
    pub(super) fn of(
        deployments: &[Deployment<'_>],
        accounts: &Accounts,
        notes: &mut Notes<'_>,
        variables: &mut Variables<'_>,
    ) -> Self {
        let mut groups: IndexMap<&str, Vec<&Deployment<'_>>> = IndexMap::new();
        for deployment in deployments {
            groups.entry(deployment.name).or_default().push(deployment);
        }
        let mut models = IndexMap::new();
        for (name, group) in groups {
            let mut model = Map::new();
            model.insert("name".into(), json!(name));
            match &group[0].source {
                Source::Bedrock { id, .. } => {
                    model.insert("bedrock".into(), bedrock(id, &group, accounts, notes, variables));
                }
                Source::Other(id) => {
                    model.insert("litellm".into(), other(id, group[0], notes, variables));
                }
            }
            models.insert(name.to_owned(), model);
        }
        Self { models }
    }

    /// Whether there is a model of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.models.contains_key(name)
    }

    /// Gives a model a list of other models.
    pub(super) fn set(&mut self, name: &str, key: &str, models: Vec<&str>) {
        if let Some(model) = self.models.get_mut(name) {
            model.insert(key.to_owned(), json!(models));
        }
    }

    /// The spec's `models`.
    pub(super) fn spec(self) -> Value {
        self.models.into_values().map(Value::Object).collect()
    }
}

/// A model of Bedrock in the accounts and regions of its deployments.
fn bedrock(
    id: &str,
    group: &[&Deployment<'_>],
    accounts: &Accounts,
    notes: &mut Notes<'_>,
    variables: &mut Variables<'_>,
) -> Value {
    let mut model = Map::new();
    model.insert("model".into(), json!(id));
    let mut regions: IndexMap<Option<&str>, IndexSet<&str>> = IndexMap::new();
    for deployment in group {
        if let Source::Bedrock { account, region, .. } = &deployment.source {
            regions.entry(*account).or_default().insert(region);
        }
    }
    for (account, named) in &regions {
        let more: Vec<&str> = accounts.regions(*account).filter(|region| !named.contains(region)).collect();
        if !more.is_empty() {
            let reason = format!(
                "`{}` serves every model in all of its regions: this one in {}, too",
                accounts.name(*account),
                more.join(", ")
            );
            notes.changed(&group[0].path, reason);
        }
    }
    if regions.len() < accounts.count() {
        let names: Vec<String> = regions.keys().map(|account| accounts.name(*account)).collect();
        model.insert("accounts".into(), json!(names));
    }
    for key in ["tpm", "rpm"] {
        if let Some(quota) = smallest(key, group, notes) {
            model.insert(key.into(), json!(quota));
        }
    }
    let mut params = Map::new();
    for deployment in group {
        for param in deployment.further().filter(|param| !["tpm", "rpm"].contains(&param.key)) {
            let everywhere =
                group.iter().all(|other| other.param(param.key).is_some_and(|other| other.value == param.value));
            if !everywhere {
                notes.left(&param.path, "a model has the same parameters in all accounts and regions");
            } else if !params.contains_key(param.key) && is_carried(param.key, param.value, &param.path, notes) {
                variables.declare_within(param.value);
                params.insert(param.key.to_owned(), param.value.clone());
            }
        }
    }
    if !params.is_empty() {
        model.insert("params".into(), Value::Object(params));
    }
    Value::Object(model)
}

/// A model of another provider.
fn other(id: &str, deployment: &Deployment<'_>, notes: &mut Notes<'_>, variables: &mut Variables<'_>) -> Value {
    let mut model = Map::new();
    model.insert("model".into(), json!(id));
    let mut params = Map::new();
    for param in &deployment.params {
        let text = param.value.as_str().unwrap_or_default();
        match param.key {
            "api_key" => match text.strip_prefix("os.environ/").filter(|variable| variables.declare(variable)) {
                Some(variable) => {
                    model.insert("api_key".into(), json!(variable));
                }
                None => {
                    // Named after the model: two models of one provider may have keys of their own.
                    let variable = variable_of(deployment.name);
                    variables.declare(&variable);
                    model.insert("api_key".into(), json!(variable));
                    let value = if is_harmless(text) {
                        "which may hold any word"
                    } else {
                        "with a new key instead of this one"
                    };
                    notes.changed(&param.path, format!("it comes from the secret of `{variable}`, {value}"));
                }
            },
            "api_base" if text.starts_with("http://") || text.starts_with("https://") => {
                if is_carried(param.key, param.value, &param.path, notes) {
                    model.insert("api_base".into(), json!(text));
                }
            }
            "api_base" => notes.left(&param.path, "a spec takes a URL, not a variable: write it as `api_base`"),
            key => {
                if is_carried(key, param.value, &param.path, notes) {
                    variables.declare_within(param.value);
                    params.insert(key.to_owned(), param.value.clone());
                }
            }
        }
    }
    if !params.is_empty() {
        model.insert("params".into(), Value::Object(params));
    }
    Value::Object(model)
}

/// Whether a value may stand in a spec: it is no mistake, and no secret. What may not is said.
pub(super) fn is_carried(key: &str, value: &Value, path: &str, notes: &mut Notes<'_>) -> bool {
    if notes.is_mistake(path) {
        return false;
    }
    let holds_secret = crate::litellm::strings::strings(value).iter().any(|found| {
        let name = if found.key.is_empty() { key } else { found.key };
        looks_secret(found.text) || (names_secret(name) && !is_harmless(found.text))
    });
    if holds_secret {
        notes.left(
            path,
            "a secret in the clear: declare a variable under `gateway.litellm.secrets`, and replace the secret",
        );
    }
    !holds_secret
}

/// The variable that holds the key of a model: `GPT_4O_API_KEY` for `gpt-4o`.
fn variable_of(model: &str) -> String {
    let letter = |char: char| if char.is_ascii_alphanumeric() { char.to_ascii_uppercase() } else { '_' };
    let name: String = model.chars().map(letter).collect();
    // No variable begins with a digit.
    let before = if name.starts_with(|first: char| first.is_ascii_digit()) { "MODEL_" } else { "" };
    format!("{before}{name}_API_KEY")
}
