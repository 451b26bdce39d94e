//! What keeps a plan from being made whole.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SourcePlace;

/// One thing that has to be done before a plan can be made whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Block {
    /// Code of the finding, `GWnnnn`; `None` for what is no finding, such as a stack that needs `gwinfra recover`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What it is.
    pub message: String,
    /// The way out, if there is one.
    pub help: Option<String>,
    /// Line of the spec that it comes from, if there is one.
    #[serde(default)]
    pub source: Vec<SourcePlace>,
}
