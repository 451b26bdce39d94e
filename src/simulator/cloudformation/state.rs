//! What CloudFormation remembers.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::stack_set::StackSet;
use super::status::StackStatus;
use crate::simulator::template::{Body, ResolvedParameter};

/// All stacks of all accounts.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    /// By ARN.
    pub(super) stacks: IndexMap<String, Stack>,
    /// By `ACCOUNT/REGION/NAME`.
    #[serde(default)]
    pub(super) stack_sets: IndexMap<String, StackSet>,
    /// By detection id.
    #[serde(default)]
    pub(super) detections: BTreeMap<String, Detection>,
    /// Executions whose reads are stale: stack ARN to the status shown and the reads left.
    #[serde(default)]
    pub(super) stale: BTreeMap<String, (StackStatus, u32)>,
}

/// A stack.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stack {
    pub id: String,
    pub name: String,
    pub account: String,
    pub region: String,
    pub status: StackStatus,
    pub status_reason: Option<String>,
    pub settings: Settings,
    pub created_at: Timestamp,
    pub updated_at: Option<Timestamp>,
    pub deleted_at: Option<Timestamp>,
    pub disable_rollback: bool,
    pub timeout_in_minutes: Option<i64>,
    pub termination_protection: bool,
    pub policy: Option<String>,
    pub retain_except_on_create: bool,
    pub outputs: Vec<Output>,
    pub resources: IndexMap<String, StackResource>,
    /// Physical resources that are deleted once the update has ended.
    #[serde(default)]
    pub leftovers: Vec<StackResource>,
    /// What a rollback returns to; set from the start of an update until the stack is stable again.
    #[serde(default)]
    pub before: Option<Box<Before>>,
    /// In order of time.
    pub events: Vec<Event>,
    pub change_sets: Vec<ChangeSet>,
    /// The change set that was executed last.
    pub change_set_id: Option<String>,
    pub operation: Option<Operation>,
    /// In order of time.
    pub operations: Vec<OperationRecord>,
    /// `ClientRequestToken`s that were used, with the call.
    #[serde(default)]
    pub tokens: BTreeMap<String, String>,
    pub drift: Option<(String, Timestamp)>,
}

/// What a create or update sets.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub template: String,
    pub description: Option<String>,
    pub parameters: Vec<ResolvedParameter>,
    pub tags: Vec<(String, String)>,
    pub capabilities: Vec<String>,
    pub notification_arns: Vec<String>,
    pub role_arn: Option<String>,
    /// `STANDARD` or `EXPRESS`.
    pub mode: Option<String>,
}

/// A stable state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Before {
    pub settings: Settings,
    pub resources: IndexMap<String, StackResource>,
    pub outputs: Vec<Output>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Output {
    pub key: String,
    pub value: String,
    pub description: Option<String>,
    pub export: Option<String>,
}

/// A resource as its stack sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StackResource {
    pub logical_id: String,
    pub type_name: String,
    /// `Ref`; `None` before it exists.
    pub physical_id: Option<String>,
    /// The primary identifier in the account.
    pub identifier: Option<String>,
    /// What the template declared, evaluated.
    pub declared: Value,
    /// The stack's tags when it was last written.
    pub tags: Vec<(String, String)>,
    pub metadata: Option<Value>,
    pub deletion_policy: Option<String>,
    pub replace_policy: Option<String>,
    /// What must not be deleted before it.
    pub needs: Vec<String>,
    /// `CREATE_COMPLETE`, `UPDATE_FAILED` ...
    pub status: String,
    pub reason: Option<String>,
    pub at: Timestamp,
    #[serde(default)]
    pub drift: Option<(String, Timestamp)>,
    /// Left out of a rollback: its real state is not known.
    #[serde(default)]
    pub skipped: bool,
    /// `UPDATE_FAILED` because a rollback could not undo it, and not because its update failed or was cancelled.
    #[serde(default)]
    pub rollback_failed: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    pub id: String,
    pub operation_id: String,
    pub logical_id: String,
    pub physical_id: Option<String>,
    pub type_name: String,
    pub at: Timestamp,
    pub status: String,
    pub reason: Option<String>,
    pub properties: Option<String>,
    pub token: Option<String>,
    /// `CONFIGURATION_COMPLETE`: configured, not ready yet.
    pub detailed_status: Option<String>,
    /// What a hook said, for the event of a hook.
    #[serde(default)]
    pub hook: Option<HookResult>,
}

/// What a hook said of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HookResult {
    /// Type of the hook.
    pub name: String,
    /// `HOOK_COMPLETE_FAILED` ...
    pub status: String,
    pub reason: String,
    /// `FAIL` or `WARN`.
    pub mode: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum OperationKind {
    CreateStack,
    UpdateStack,
    DeleteStack,
    ContinueRollback,
    Rollback,
    #[serde(rename = "CREATE_CHANGESET")]
    CreateChangeSet,
}

impl OperationKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateStack => "CREATE_STACK",
            Self::UpdateStack => "UPDATE_STACK",
            Self::DeleteStack => "DELETE_STACK",
            Self::ContinueRollback => "CONTINUE_ROLLBACK",
            Self::Rollback => "ROLLBACK",
            Self::CreateChangeSet => "CREATE_CHANGESET",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OperationRecord {
    pub id: String,
    pub kind: OperationKind,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// `IN_PROGRESS`, `SUCCEEDED` or `FAILED`.
    pub status: String,
    /// Who asked for it.
    pub by: String,
    #[serde(default)]
    pub change_set_id: Option<String>,
    #[serde(default)]
    pub validations: Vec<Validation>,
}

/// A finding of the validation before a deployment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Validation {
    pub name: String,
    pub logical_id: String,
    pub type_name: String,
    pub path: String,
    pub reason: String,
    /// `FAIL` or `WARN`.
    pub mode: String,
}

/// What an operation is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// Creates and updates.
    Forward,
    /// Deletes what a failed creation made.
    RollBackCreate,
    /// Returns to the state before an update.
    RollBackUpdate,
    /// Deletes what an update left over.
    CleanUp,
    /// Deletes what a rolled back update left over.
    RollbackCleanUp,
    /// Deletes everything.
    Delete,
}

/// An operation under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Operation {
    pub id: String,
    pub kind: OperationKind,
    pub token: Option<String>,
    pub phase: Phase,
    pub tasks: Vec<Task>,
    pub disable_rollback: bool,
    /// `OnFailure: DELETE`.
    pub delete_on_failure: bool,
    pub retain_except_on_create: bool,
    /// Logical ids that a deletion leaves alone.
    pub retain: Vec<String>,
    /// `FORCE_DELETE_STACK`: what cannot be deleted is left behind.
    pub force: bool,
    /// Logical ids that a continued rollback leaves out.
    pub skip: Vec<String>,
    pub cancelled: bool,
    /// When the next phase begins, once no task is left.
    pub wake: Timestamp,
    /// `TimeoutInMinutes`.
    pub deadline: Option<Timestamp>,
    #[serde(skip)]
    pub body: Option<Arc<Body>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Task {
    pub logical_id: String,
    pub type_name: String,
    pub work: TaskWork,
    /// Indices of tasks that come first.
    pub needs: Vec<usize>,
    pub step: Step,
    /// When the current step ends.
    pub at: Timestamp,
    /// The failure that waits at the end of the step.
    #[serde(default)]
    pub doomed: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TaskWork {
    /// Whatever the template asks for: create, update, replace or nothing.
    Apply,
    /// Back to the stable state.
    Revert,
    /// Delete this physical resource.
    Delete(Box<StackResource>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// Waits for others.
    Waiting,
    /// The first event is out.
    Begun,
    /// The service is at work.
    Working,
    /// The service has accepted, and the resource becomes ready.
    Settling,
    Done,
    Failed,
    Cancelled,
}

impl Step {
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }

    pub fn is_running(self) -> bool {
        matches!(self, Self::Begun | Self::Working | Self::Settling)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ChangeSet {
    pub id: String,
    pub name: String,
    /// `CREATE` or `UPDATE`.
    pub kind: String,
    pub settings: Settings,
    pub description: Option<String>,
    pub created_at: Timestamp,
    /// When it leaves `CREATE_IN_PROGRESS`.
    pub ready_at: Timestamp,
    /// The status from then on: `CREATE_COMPLETE` or `FAILED`.
    pub status: String,
    pub reason: Option<String>,
    /// The execution status from then on.
    pub execution: String,
    /// With property values.
    pub changes: Vec<Value>,
    pub on_stack_failure: Option<String>,
    pub deployment_mode: Option<String>,
    pub token: Option<String>,
}

/// A drift detection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Detection {
    pub stack_id: String,
    pub started_at: Timestamp,
    pub ends_at: Timestamp,
    pub status: String,
    pub drifted: usize,
    /// Results by logical id, as the API shows them.
    pub results: Vec<Value>,
}

impl State {
    /// A stack by ARN, or by name within an account and region; deleted ones by ARN only.
    pub(super) fn find(&self, account: &str, region: &str, name: &str) -> Option<&Stack> {
        if name.starts_with("arn:") {
            return self.stacks.get(name).filter(|stack| stack.account == account && stack.region == region);
        }
        self.stacks.values().find(|stack| {
            stack.account == account
                && stack.region == region
                && stack.name == name
                && stack.status != StackStatus::DeleteComplete
        })
    }

    /// The live and deleted stacks of an account and region, newest first.
    pub(super) fn list(&self, account: &str, region: &str) -> Vec<&Stack> {
        let mut stacks: Vec<&Stack> =
            self.stacks.values().filter(|stack| stack.account == account && stack.region == region).collect();
        stacks.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| b.id.cmp(&a.id)));
        stacks
    }
}
