//! Terraform's plan as JSON: `terraform show -json tfplan`. Additions to the format are minor versions of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

/// A plan.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(super) struct Shown {
    /// What happens to resources, also nothing.
    #[serde(default)]
    pub resource_changes: Vec<ResourceChange>,
    /// What happens to outputs.
    #[serde(default)]
    pub output_changes: BTreeMap<String, OutputChange>,
    #[serde(default)]
    configuration: Configuration,
}

/// What happens to a resource.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(super) struct ResourceChange {
    /// Address in the root module.
    pub address: String,
    /// `managed`, `data`.
    #[serde(default)]
    pub mode: String,
    /// Type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// What happens.
    pub change: ChangeDetail,
    /// Why it is replaced or deleted: `replace_because_tainted` ...
    #[serde(default)]
    pub action_reason: Option<String>,
}

/// What happens, with the values on both sides.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(super) struct ChangeDetail {
    /// `["create"]`, `["delete","create"]`, `["no-op"]` ...
    pub actions: Vec<String>,
    /// Attributes before.
    #[serde(default)]
    pub before: Value,
    /// Attributes after, as far as they are known.
    #[serde(default)]
    pub after: Value,
    /// `true` where a value is known only after the apply.
    #[serde(default)]
    pub after_unknown: Value,
    /// `true` where a value before is sensitive.
    #[serde(default)]
    pub before_sensitive: Value,
    /// `true` where a value after is sensitive.
    #[serde(default)]
    pub after_sensitive: Value,
    /// Paths of attributes that force a replacement.
    #[serde(default)]
    pub replace_paths: Vec<Vec<Value>>,
}

/// What happens to an output.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct OutputChange {
    /// As for a resource.
    pub actions: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
struct Configuration {
    #[serde(default)]
    root_module: RootModule,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
struct RootModule {
    #[serde(default)]
    resources: Vec<ConfiguredResource>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
struct ConfiguredResource {
    address: String,
    #[serde(default)]
    expressions: Map<String, Value>,
}

impl Shown {
    /// Names of the attributes that the files set, by the address of the resource without its key.
    pub fn configured(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let resources = &self.configuration.root_module.resources;
        resources
            .iter()
            .map(|resource| (resource.address.as_str(), resource.expressions.keys().map(String::as_str).collect()))
            .collect()
    }

    /// Whether anything exists before the plan is applied.
    pub fn has_state(&self) -> bool {
        self.resource_changes.iter().any(|resource| resource.mode == "managed" && !resource.change.before.is_null())
    }
}
