//! What a fault does.

use serde::{Deserialize, Serialize};

/// An effect without settings: `{}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// When a resource fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailStep {
    /// While it is created, replacements included.
    Create,
    /// While it is updated.
    Update,
    /// While it is deleted, other than by a rollback.
    Delete,
    /// While a rollback deletes or reverts it.
    Rollback,
}

/// A resource fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailResource {
    /// When.
    pub step: FailStep,
    /// The service's text.
    pub reason: String,
}

/// A server error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerError {
    /// HTTP status; default 503.
    #[serde(default = "unavailable")]
    pub status: u16,
}

fn unavailable() -> u16 {
    503
}

/// A refused call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refuse {
    /// Error code: `AccessDenied`.
    pub code: String,
    /// Text.
    pub message: String,
    /// HTTP status; default 400.
    #[serde(default = "bad_request")]
    pub status: u16,
}

fn bad_request() -> u16 {
    400
}

/// A late answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delay {
    /// Real milliseconds.
    pub milliseconds: u64,
}

/// Reads that lag behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaleReads {
    /// How many reads show the old status.
    pub reads: u32,
}

/// How `DescribeStackEvents` lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// Events per page; default: AWS's 100.
    #[serde(default)]
    pub page_size: Option<usize>,
    /// Neighbouring events change places.
    #[serde(default)]
    pub out_of_order: bool,
}

/// A failed validation before a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyValidation {
    /// `NAME_CONFLICT_VALIDATION`, `PROPERTY_VALIDATION` ...
    pub name: String,
    /// Text.
    pub reason: String,
    /// Path in the template: `/Resources/Bucket/Properties/BucketName`.
    #[serde(default)]
    pub path: String,
    /// Only a warning: the change set succeeds.
    #[serde(default)]
    pub warn: bool,
}

/// A hook that looks at a resource before it is made or changed, and does not like it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// Type of the hook: `AWS::Hooks::GuardHook`.
    pub name: String,
    /// What the hook says.
    pub reason: String,
    /// Only a warning: the resource is made all the same.
    #[serde(default)]
    pub warn: bool,
}

/// What CloudFormation makes of a deployment that the circuit breaker stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CircuitBreaker {
    /// CloudFormation calls the stack complete although the deployment was rolled back.
    #[serde(default)]
    pub stack_completes: bool,
    /// Why the tasks failed.
    #[serde(default = "tasks_failed")]
    pub reason: String,
    /// How they failed.
    #[serde(default)]
    pub tasks: FailedTasks,
}

/// How the tasks of a service failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FailedTasks {
    /// Why ECS stopped them.
    pub stopped_reason: String,
    /// The container that ended first; default: the first of the task definition.
    pub container: Option<String>,
    /// Its exit code; null for a container that never began.
    pub exit_code: Option<i32>,
    /// Why it ended, beside its code.
    pub container_reason: Option<String>,
    /// What it wrote to its log before.
    pub log: Vec<String>,
    /// What the service says of itself in an event, after its name: `was unable to place a task. Reason: ...`.
    pub service_event: Option<String>,
    /// Why the load balancer does not find them healthy: `Target.Timeout`, `Target.ResponseCodeMismatch` ...
    pub target_reason: String,
}

impl Default for FailedTasks {
    fn default() -> Self {
        Self {
            stopped_reason: "Essential container in task exited".to_owned(),
            container: None,
            exit_code: Some(1),
            container_reason: None,
            log: Vec::new(),
            service_event: None,
            target_reason: "Target.FailedHealthChecks".to_owned(),
        }
    }
}

fn tasks_failed() -> String {
    "ECS deployment circuit breaker: tasks failed to start.".to_owned()
}
