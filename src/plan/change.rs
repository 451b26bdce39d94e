//! One row of a plan.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Action {
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// It is made anew and the old one deleted.
    Replace,
    /// It is deleted.
    Delete,
    /// Nothing.
    NoOp,
}

/// Who saw a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeenBy {
    /// The comparison of the deployed template with the rendered one.
    TemplateDiff,
    /// The CloudFormation change set.
    ChangeSet,
    /// The comparison of the template that a stack set has for accounts with what is there.
    StackSetDiff,
    /// Terraform's plan.
    TerraformPlan,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourcePlace {
    /// File, as the user named it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// Key path in the spec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl fmt::Display for SourcePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl SourcePlace {
    /// The place with its key: `gwinfra.yaml:37:23  observability.log_retention_days`. A key that is not written has the
    /// place of the nearest one around it that is, and only its path says which one is meant.
    pub fn words(&self) -> String {
        let path = self.path.as_ref().map(|path| format!("  {path}")).unwrap_or_default();
        format!("{self}{path}")
    }
}

/// Whether a replacement is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplaceRequired {
    /// It is replaced.
    Always,
    /// It depends on a value that is known only while the change runs.
    Conditional,
}

/// Why a resource is replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Replace {
    /// Whether it is certain.
    pub required: ReplaceRequired,
    /// Property paths that cause it, each a list of keys.
    pub paths: Vec<Vec<String>>,
}

/// One row of a plan: a resource and what happens to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// `stack/LogicalId`, with `account:` in front outside the hub.
    pub address: String,
    /// The same for both engines: `network/Vpc`, `network/PrivateSubnet*[a]`. Only resources that the blueprint's map
    /// of nodes has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Key of the stack or root module in the bundle.
    pub stack: String,
    /// Account.
    pub account: String,
    /// Resource type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// Terraform's words and order: `["create"]`, `["update"]`, `["delete"]`, `["create","delete"]` for a replacement
    /// that makes the new one first.
    pub actions: Vec<String>,
    /// Why it is replaced; `null` otherwise.
    pub replace: Option<Replace>,
    /// Whether it holds data that a replacement or deletion loses.
    pub stateful: bool,
    /// Properties before, as far as they are known.
    pub before: Option<Value>,
    /// Properties after, as far as they are known.
    pub after: Option<Value>,
    /// Property paths that differ, each a list of keys.
    pub paths: Vec<Vec<String>>,
    /// Who saw it.
    pub seen_by: Vec<SeenBy>,
    /// Places in the spec that cause it.
    pub source: Vec<SourcePlace>,
    /// What CloudFormation does with the old one: `Delete`, `Retain`, `Snapshot`, `ReplaceAndDelete` ...
    pub policy: Option<String>,
    /// Further words: "new revision, rolling deployment".
    pub note: Option<String>,
}

impl Change {
    /// What happens, as one word.
    pub fn kind(&self) -> Action {
        match self.actions.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["create"] => Action::Create,
            ["update"] => Action::Update,
            ["delete"] => Action::Delete,
            ["create", "delete"] | ["delete", "create"] => Action::Replace,
            _ => Action::NoOp,
        }
    }
}
