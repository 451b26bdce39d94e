//! What `terraform show -json` has of a refresh.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::super::show::ResourceChange;
use super::super::watch::Held;

/// The part of `terraform show -json` that tells of drift.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Refreshed {
    /// What differs of resources.
    #[serde(default)]
    pub resource_drift: Vec<ResourceChange>,
    /// The state as the refresh found it.
    #[serde(default)]
    pub prior_state: Prior,
}

/// A state.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Prior {
    /// What is in it.
    #[serde(default)]
    pub values: Values,
}

/// Outputs and resources of a state.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Values {
    /// By name.
    #[serde(default)]
    pub outputs: BTreeMap<String, Output>,
    /// The root module.
    #[serde(default)]
    pub root_module: Root,
}

/// A root module in a state.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Root {
    /// Its resources.
    #[serde(default)]
    pub resources: Vec<Held>,
}

/// An output.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Output {
    /// Its value.
    #[serde(default)]
    pub value: Value,
}
