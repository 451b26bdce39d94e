//! What would change, as a value: shown, saved, reviewed, and bound to the apply that follows.

mod block;
mod change;
pub mod codes;
mod configuration;
mod findings;
mod gate;
mod group;
mod junit;
mod markdown;
mod saved;
mod shown;
mod text;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use group::{ACCOUNT, by_reason};

pub use block::Block;
pub use change::{Action, Change, Replace, ReplaceRequired, SeenBy, SourcePlace};
pub use configuration::{ConfigurationChange, unified};
pub use gate::{Gate, GateKind, is_stateful};
pub use junit::junit;
pub use markdown::markdown;
pub use saved::SavedPlanError;
pub use text::{TextOptions, count, duration, text};

use crate::render::{Bundle, Deployment, Target};

/// Name and version of the plan's JSON format. Fields are only ever added within a version.
pub const SCHEMA: &str = "gwinfra.plan/v1";

/// What an apply would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// [`SCHEMA`].
    pub schema: String,
    /// The gwinfra that made it.
    pub tool: Tool,
    /// What is deployed and where.
    pub deployment: Deployment,
    /// What the plan was made from.
    pub inputs: Inputs,
    /// Whether AWS was asked, or only the journal.
    pub offline: bool,
    /// When it was made, RFC 3339 in UTC.
    pub created_at: String,
    /// One entry per stack, in deployment order; stacks that are to be deleted come last.
    pub stacks: Vec<PlannedStack>,
    /// One row per resource that changes.
    pub changes: Vec<Change>,
    /// Outputs of stacks that change, by `stack/Output`: names only, values may not be known yet.
    pub output_changes: Vec<String>,
    /// Counts of [`Plan::changes`].
    pub summary: Summary,
    /// What must be allowed by name before an apply.
    pub gates: Vec<Gate>,
    /// Findings that do not stop the plan.
    pub diagnostics: Vec<PlanNote>,
    /// How LiteLLM's configuration changes. Absent where it stays as it is or comes for the first time, where its text before
    /// could not be read, and in a plan that is only shown as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<ConfigurationChange>,
    /// Why the plan could not be made whole. What is known of it stands in the other fields, and nothing can be applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked: Vec<Block>,
}

/// The gwinfra that made a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `gwinfra`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Inputs {
    /// SHA-256 of the spec after the environment is applied.
    pub spec_sha256: String,
    /// Blueprint, `name@version`.
    pub blueprint: String,
    /// Images by name, with the digest that was resolved.
    pub images: BTreeMap<String, String>,
    /// Images that the apply pushes first, by name, and where they are from.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pushes: BTreeMap<String, String>,
    /// Results of lookups, by name.
    #[serde(default)]
    pub lookups: BTreeMap<String, String>,
    /// Digest of the bundle.
    pub bundle_sha256: String,
}

/// What happens to a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StackAction {
    /// It is made.
    Create,
    /// It is updated.
    Update,
    /// It is left alone.
    #[serde(rename = "no-op")]
    NoOp,
    /// It is deleted.
    Delete,
    /// Its account could not be asked: nothing is known, and nothing happens. The status says why.
    Unreachable,
}

/// One stack of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedStack {
    /// Key in the bundle.
    pub key: String,
    /// Name in CloudFormation.
    pub name: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Role that is assumed to reach the account.
    #[serde(default)]
    pub deploy_role: Option<String>,
    /// Status when the plan was made; `None` when the stack does not exist. For one that could not be asked, why.
    pub status: Option<String>,
    /// What happens to it.
    pub action: StackAction,
    /// Number of rows in [`Plan::changes`].
    pub changes: usize,
    /// ARN of the stack, when it exists.
    pub stack_id: Option<String>,
    /// Newest operation on the stack when the plan was made: another one makes the plan stale.
    pub last_operation: Option<String>,
    /// When the stack was last changed, as CloudFormation said when the plan was made.
    #[serde(default)]
    pub last_changed: Option<String>,
    /// ARN of the change set that the plan made; `None` where none could be made yet.
    pub change_set: Option<String>,
    /// Why there is no change set, in words.
    pub template_only: Option<String>,
    /// Parameter values that were known, by name. Values never hold a secret.
    pub parameters: BTreeMap<String, String>,
    /// SHA-256 of the template.
    pub template_sha256: String,
    /// Seconds that the stack is expected to take.
    pub estimated_seconds: u64,
}

/// Counts of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Resources that are made.
    pub add: usize,
    /// Resources that are changed in place.
    pub change: usize,
    /// Resources that are replaced.
    pub replace: usize,
    /// Resources that are deleted.
    pub destroy: usize,
}

impl Summary {
    /// Counts the rows of a plan.
    pub fn of(changes: &[Change]) -> Self {
        let mut summary = Self::default();
        for change in changes {
            match change.kind() {
                Action::Create => summary.add += 1,
                Action::Update => summary.change += 1,
                Action::Replace => summary.replace += 1,
                Action::Delete => summary.destroy += 1,
                Action::NoOp => {}
            }
        }
        summary
    }
}

/// A finding that does not stop the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanNote {
    /// `error`, `warning` or `note`. An error stops an apply of the plan, not the plan.
    pub severity: String,
    /// What it is.
    pub message: String,
    /// The way out, if there is one.
    pub help: Option<String>,
}

impl PlannedStack {
    /// Where the stack is.
    pub fn target(&self) -> Target {
        Target { account: self.account.clone(), region: self.region.clone(), deploy_role: self.deploy_role.clone() }
    }
}

impl Plan {
    /// Whether an apply would change nothing at all.
    pub fn is_empty(&self) -> bool {
        self.blocked.is_empty() && self.stacks.iter().all(|stack| stack.action == StackAction::NoOp)
    }

    /// What an empty plan says of what is deployed. CloudFormation compares templates, and not what is in the accounts.
    pub fn unchanged(&self) -> &'static str {
        if self.deployment.engine == "terraform" {
            "What is deployed is what the spec says."
        } else {
            "The templates are as the spec says; `gwinfra drift` tells what was changed behind them."
        }
    }

    /// Stacks of accounts that could be asked.
    pub fn reached(&self) -> impl Iterator<Item = &PlannedStack> {
        self.stacks.iter().filter(|stack| stack.action != StackAction::Unreachable)
    }

    /// Stacks of accounts that could not be asked.
    pub fn unreachable(&self) -> impl Iterator<Item = &PlannedStack> {
        self.stacks.iter().filter(|stack| stack.action == StackAction::Unreachable)
    }
}

/// A plan in a file, with all that an apply of exactly this plan needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedPlan {
    /// The plan.
    pub plan: Plan,
    /// The bundle that it was made from.
    pub bundle: Bundle,
    /// Files that the engine needs to apply it, by name, in Base64: Terraform's plan of each root module.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// SHA-256 in hex over the canonical JSON of the two, so that a damaged file is noticed.
    pub sha256: String,
}

/// The JSON Schema of [`Plan`], as text: the committed copy is `schemas/gwinfra.plan.v1.schema.json`.
pub fn json_schema_text() -> String {
    let mut schema = schemars::schema_for!(Plan);
    schema.insert("title".to_owned(), SCHEMA.into());
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
