//! LiteLLM's configuration of a deployment, apart from everything else: in a bundle, in a plan, and what it needs from
//! the rest.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::Outputs;
use super::opened::opened;
use crate::model::litellm::CONFIG_PREFIX;
use crate::plan::{Change, Plan, PlannedStack, StackAction};
use crate::render::{Bundle, digest};

/// Digits of a hash.
const SHA256: usize = 64;

/// The configuration object of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// SHA-256 in hex of the text: the object's name.
    pub sha256: String,
    /// The text.
    pub text: Arc<str>,
}

/// Where the deployed configuration is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// Bucket.
    pub bucket: String,
    /// Key of the object.
    pub key: String,
}

impl Configuration {
    /// The configuration of a bundle, whichever engine it is for.
    pub fn of(bundle: &Bundle) -> Option<Self> {
        let objects = bundle.objects.iter().map(|object| (object.key.as_str(), &object.content));
        let files = bundle.modules.iter().flat_map(|module| &module.files).map(|(name, text)| (name.as_str(), text));
        objects.chain(files).find_map(|(key, text)| {
            let sha256 = key.strip_prefix(CONFIG_PREFIX)?.strip_suffix(".yaml")?;
            Some(Self { sha256: sha256.to_owned(), text: text.clone() })
        })
    }

    /// Key of the object.
    pub fn key(&self) -> String {
        format!("{CONFIG_PREFIX}{}.yaml", self.sha256)
    }

    /// Key of the object that a plan replaces with this one; `None` where it stays, or there was none.
    pub fn replaced_by(&self, plan: &Plan) -> Option<String> {
        let own = self.key();
        plan.changes.iter().find_map(|change| {
            let (before, after) = (change.before.as_ref()?.to_string(), change.after.as_ref()?.to_string());
            let before = key_in(&before)?;
            (before != own && after.contains(&own)).then(|| before.to_owned())
        })
    }

    /// A bundle with this configuration in the place of its own. The hash of its own is in it wherever the configuration
    /// is named, and nowhere else.
    pub fn put_into(&self, bundle: &Bundle) -> Option<Bundle> {
        let before = Self::of(bundle)?;
        let rename = |text: &str| text.replace(&before.sha256, &self.sha256);
        let mut bundle = bundle.clone();
        for object in bundle.objects.iter_mut().filter(|object| object.key == before.key()) {
            object.key = self.key();
            object.content = self.text.clone();
            object.sha256 = self.sha256.clone();
        }
        for stack in bundle.stacks.iter_mut().filter(|stack| stack.template.contains(&before.sha256)) {
            stack.template = rename(&stack.template).into();
        }
        for module in &mut bundle.modules {
            let files = std::mem::take(&mut module.files);
            module.files = files
                .into_iter()
                .map(|(name, text)| match name == before.key() {
                    true => (self.key(), self.text.clone()),
                    false if text.contains(&before.sha256) => (name, rename(&text).into()),
                    false => (name, text),
                })
                .collect();
        }
        bundle.digest = digest(&bundle);
        Some(bundle)
    }

    /// What the configuration names and the deployment does not have: variables of the tasks, accounts, and models that
    /// the gateway may not invoke. One sentence each.
    pub fn unmet(&self, deployed: &Bundle) -> Vec<String> {
        let Ok(document) = serde_yaml::from_str::<Value>(&self.text) else { return Vec::new() };
        let mut unmet = BTreeSet::new();
        let texts = || {
            let files = deployed.modules.iter().flat_map(|module| &module.files);
            let files = files.filter(|(name, _)| !name.starts_with(CONFIG_PREFIX)).map(|(_, text)| &**text);
            deployed.stacks.iter().map(|stack| &*stack.template).chain(files)
        };
        for variable in variables(&document) {
            if !texts().any(|text| names(text, variable)) {
                unmet.insert(format!("the deployed tasks have no variable {variable}"));
            }
        }
        for deployment in document.get("model_list").and_then(Value::as_array).into_iter().flatten() {
            let params = &deployment["litellm_params"];
            let model = params["model"].as_str().and_then(|model| model.strip_prefix("bedrock/"));
            let role = params["aws_role_name"].as_str();
            if let Some(role) = role {
                let account = role.split(':').nth(4).unwrap_or_default();
                let there = deployed.stacks.iter().map(|stack| &stack.target);
                let there = there.chain(deployed.modules.iter().map(|module| &module.target));
                if there.into_iter().all(|target| target.account != account) {
                    unmet.insert(format!("no role is deployed in {account}"));
                    continue;
                }
            }
            // Policies name the foundation model, also behind a profile: `us.` and the like are left out.
            if let Some(model) = model {
                let base = model.split_once('.').filter(|(_, rest)| rest.contains('.')).map_or(model, |(_, rest)| rest);
                if !texts().any(|text| text.contains(base)) {
                    unmet.insert(format!("the gateway may not invoke {model}"));
                }
            }
        }
        unmet.into_iter().collect()
    }
}

/// The first key of a configuration in a text.
fn key_in(text: &str) -> Option<&str> {
    const ENDING: &str = ".yaml";
    text.match_indices(CONFIG_PREFIX).find_map(|(at, _)| {
        let key = text.get(at..at + CONFIG_PREFIX.len() + SHA256 + ENDING.len())?;
        let hash = key.strip_prefix(CONFIG_PREFIX)?.strip_suffix(ENDING)?;
        hash.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(key)
    })
}

impl Deployed {
    /// Where the outputs of a deployment say that it is.
    pub fn of(outputs: &Outputs) -> Option<Self> {
        let find = |name: &str| outputs.values().find_map(|outputs| outputs.get(name)).cloned();
        Some(Self { bucket: find("ConfigBucketName")?, key: find("ConfigKey")? })
    }

    /// The hash in its name.
    pub fn sha256(&self) -> &str {
        self.key.strip_prefix(CONFIG_PREFIX).and_then(|name| name.strip_suffix(".yaml")).unwrap_or(&self.key)
    }
}

/// Addresses in a plan at which something else than the configuration changes. With none, an apply rolls a revision of the
/// service out that differs in its configuration only.
pub fn beside_the_configuration(plan: &Plan, from: &str, to: &str) -> Vec<String> {
    let rows = plan.changes.iter().filter(|change| !is_of_the_configuration(change, from, to));
    let mut others: Vec<String> = rows.map(|change| change.address.clone()).collect();
    // A stack that changes without a row: its parameters, tags or outputs.
    let without_row = |stack: &&PlannedStack| plan.changes.iter().all(|change| change.stack != stack.key);
    let changing = plan.stacks.iter().filter(|stack| stack.action != StackAction::NoOp);
    others.extend(changing.filter(without_row).map(|stack| stack.name.clone()));
    others
}

fn is_of_the_configuration(change: &Change, from: &str, to: &str) -> bool {
    match change.resource_type.as_str() {
        "AWS::ECS::Service" | "aws_ecs_service" => change
            .paths
            .iter()
            .all(|path| matches!(path.first().map(String::as_str), Some("TaskDefinition" | "task_definition"))),
        "AWS::ECS::TaskDefinition" | "aws_ecs_task_definition" => {
            change.paths.iter().all(|path| match pair(change.before.clone(), change.after.clone(), path) {
                (Some(Value::String(before)), Some(Value::String(after))) => before.replace(from, to) == after,
                _ => false,
            })
        }
        "aws_s3_object" => change.address.contains(from) || change.address.contains(to),
        _ => false,
    }
}

/// What is at a path before and after a change. Texts in JSON, such as Terraform's definitions of containers, are looked
/// into, and of named things those of one name are compared: the path counts as after the change.
fn pair(before: Option<Value>, after: Option<Value>, path: &[String]) -> (Option<Value>, Option<Value>) {
    let (mut before, mut after) = (before.as_ref().map(opened), after.as_ref().map(opened));
    for key in path {
        let name = after.as_ref().and_then(|list| child(list, key)).and_then(|item| name(&item));
        before = before.and_then(|value| match (&name, &value) {
            (Some(wanted), Value::Array(items)) => {
                items.iter().find(|item| self::name(item).as_ref() == Some(wanted)).map(opened)
            }
            _ => child(&value, key),
        });
        after = after.and_then(|value| child(&value, key));
    }
    (before, after)
}

fn child(value: &Value, key: &str) -> Option<Value> {
    let child = match value {
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        other => other.get(key),
    };
    child.map(opened)
}

fn name(item: &Value) -> Option<String> {
    ["name", "Name"].iter().find_map(|key| item.get(*key)?.as_str()).map(ToOwned::to_owned)
}

/// Variables that a configuration names.
fn variables(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => text.strip_prefix("os.environ/").into_iter().collect(),
        Value::Array(items) => items.iter().flat_map(variables).collect(),
        Value::Object(map) => map.values().flat_map(variables).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// Whether a text names a variable as a whole word.
fn names(text: &str, variable: &str) -> bool {
    let is_part = |char: Option<char>| char.is_some_and(|char| char.is_ascii_alphanumeric() || char == '_');
    text.match_indices(variable)
        .any(|(at, _)| !is_part(text[..at].chars().next_back()) && !is_part(text[at + variable.len()..].chars().next()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_of_a_configuration_is_found_by_its_form() {
        let key = format!("config/{}.yaml", "0a".repeat(32));
        assert_eq!(key_in(&format!(r#"[\"config/x.yaml\",\"{key}\"]"#)), Some(key.as_str()));
        assert_eq!(key_in("config/é"), None);
    }

    #[test]
    fn a_variable_is_named_as_a_whole_word() {
        assert!(names("Name: OPENAI_API_KEY\n", "OPENAI_API_KEY"));
        assert!(!names("Name: MY_OPENAI_API_KEY_2\n", "OPENAI_API_KEY"));
    }

    /// A row of Terraform's plan in which the variables of a container change.
    fn row(before: &Value, after: &Value) -> Change {
        let containers = |variables: &Value| json!({"container_definitions": json!([{"name": "a", "environment": variables}]).to_string()});
        Change {
            address: "hub/aws_ecs_task_definition.main".into(),
            node: None,
            stack: "hub".into(),
            account: "111122223333".into(),
            resource_type: "aws_ecs_task_definition".into(),
            actions: vec!["update".into()],
            replace: None,
            stateful: false,
            before: Some(containers(before)),
            after: Some(containers(after)),
            paths: vec![["container_definitions", "0", "environment", "1", "value"].map(ToOwned::to_owned).to_vec()],
            seen_by: Vec::new(),
            source: Vec::new(),
            policy: None,
            note: None,
        }
    }

    #[test]
    fn another_key_of_the_configuration_is_the_configurations_own_change() {
        let key = |value: &str| json!({"name": "CONFIG_KEY", "value": value});
        let other = json!({"name": "A", "value": "1"});
        // Terraform keeps variables in an order of its own.
        let change = row(&json!([key("config/old.yaml"), other]), &json!([other, key("config/new.yaml")]));
        assert!(is_of_the_configuration(&change, "old", "new"));
        assert!(!is_of_the_configuration(&change, "old", "newer"));
    }

    #[test]
    fn another_variable_is_not() {
        let key = json!({"name": "CONFIG_KEY", "value": "config/old.yaml"});
        let other = |value: &str| json!({"name": "A", "value": value});
        let change = row(&json!([key, other("1")]), &json!([key, other("2")]));
        assert!(!is_of_the_configuration(&change, "old", "new"));
    }

    #[test]
    fn a_variable_that_goes_is_not() {
        let key = json!({"name": "CONFIG_KEY", "value": "config/old.yaml"});
        let change = row(&json!([key, {"name": "A", "value": "1"}]), &json!([key]));
        assert!(!is_of_the_configuration(&change, "old", "new"));
    }
}
