//! Terraform's plan as JSON: `terraform show -json tfplan`. Additions to the format are minor versions of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Shown {
    /// What happens to resources, also nothing.
    #[serde(default)]
    pub resource_changes: Vec<ResourceChange>,
    /// What happens to outputs.
    #[serde(default)]
    pub output_changes: BTreeMap<String, OutputChange>,
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

impl Shown {
    /// Whether anything exists before the plan is applied.
    pub fn has_state(&self) -> bool {
        self.resource_changes.iter().any(|resource| resource.mode == "managed" && !resource.change.before.is_null())
    }
}
