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
}

fn tasks_failed() -> String {
    "ECS deployment circuit breaker: tasks failed to start.".to_owned()
}
