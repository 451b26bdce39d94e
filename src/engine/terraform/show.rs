//! Terraform's plan as JSON: `terraform show -json tfplan`. Additions to the format are minor versions of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hcl_edit::structure::{Body, Structure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::render::RenderedModule;
use crate::tf::Module;

/// A plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Shown {
    /// What happens to resources, also nothing.
    #[serde(default)]
    pub resource_changes: Vec<ResourceChange>,
    /// What happens to outputs.
    #[serde(default)]
    pub output_changes: BTreeMap<String, OutputChange>,
    #[serde(default, skip_serializing)]
    pub(super) configuration: Configuration,
}

/// What happens to a resource.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_reason: Option<String>,
}

/// What happens, with the values on both sides.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct OutputChange {
    /// As for a resource.
    pub actions: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Configuration {
    #[serde(default)]
    root_module: RootModule,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct RootModule {
    #[serde(default)]
    resources: Vec<ConfiguredResource>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct ConfiguredResource {
    address: String,
    #[serde(default)]
    expressions: Map<String, Value>,
}

impl Shown {
    /// With the attributes that the files of its module set. Terraform's JSON has them by itself.
    pub fn with_files(mut self, module: &RenderedModule) -> Self {
        let files: Vec<(String, Arc<str>)> = module
            .files
            .iter()
            .filter(|(name, _)| name.ends_with(".tf"))
            .map(|(name, text)| (name.clone(), text.clone()))
            .collect();
        let Ok(parsed) = Module::parse(&files) else { return self };
        let resources = parsed.resources().map(|resource| ConfiguredResource {
            address: resource.address().to_owned(),
            expressions: resource
                .body()
                .into_iter()
                .flat_map(names)
                .map(|name| (name.to_owned(), Value::Null))
                .collect(),
        });
        self.configuration.root_module.resources = resources.collect();
        self
    }

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

/// What a block sets: its arguments, and the blocks in it.
fn names(body: &Body) -> impl Iterator<Item = &str> {
    body.iter().map(|structure| match structure {
        Structure::Attribute(attribute) => attribute.key.as_str(),
        Structure::Block(block) if block.ident.as_str() == "dynamic" => {
            block.labels.first().map_or("dynamic", |label| label.as_str())
        }
        Structure::Block(block) => block.ident.as_str(),
    })
}
