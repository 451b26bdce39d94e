//! The form of a scenario file.

use serde::{Deserialize, Serialize};

use crate::simulator::clock::Pace;

/// A script of faults, with what is left of each.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What the scenario shows.
    #[serde(default)]
    pub description: Option<String>,
    /// How fast operations run; default: as the simulator was told.
    #[serde(default)]
    pub clock: Option<Pace>,
    /// Stacks that are put into a status when the scenario is loaded.
    #[serde(default)]
    pub stacks: Vec<StackState>,
    /// What goes wrong; the first entry that matches and is not used up takes effect.
    #[serde(default)]
    pub faults: Vec<Entry>,
}

/// A stack that is put into a status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StackState {
    /// Account id.
    pub account: String,
    /// Region.
    pub region: String,
    /// Name of the stack; it is made, with one placeholder resource, if it does not exist.
    pub name: String,
    /// One of the 23 statuses.
    pub status: String,
    /// Text beside the status.
    #[serde(default)]
    pub reason: Option<String>,
    /// How long ago it got there, in seconds.
    #[serde(default)]
    pub seconds_ago: u32,
    /// ARN of the principal who started the operation.
    #[serde(default)]
    pub by: Option<String>,
    /// Resources that are in the failed form of the status.
    #[serde(default)]
    pub failed: Vec<String>,
}

/// Where a fault strikes. Whatever is left out matches everything; `*` at the end matches any rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selector {
    /// Account id.
    #[serde(default)]
    pub account: Option<String>,
    /// Region.
    #[serde(default)]
    pub region: Option<String>,
    /// Stack name.
    #[serde(default)]
    pub stack: Option<String>,
    /// Logical id of a resource.
    #[serde(default)]
    pub logical_id: Option<String>,
    /// Type of a resource.
    #[serde(default, rename = "type")]
    pub type_name: Option<String>,
    /// Service of a call, as the signature names it: `cloudformation`.
    #[serde(default)]
    pub service: Option<String>,
    /// API action: `DescribeStacks`.
    #[serde(default)]
    pub action: Option<String>,
    /// Operation of a stack: `CREATE_STACK`, `UPDATE_STACK`, `DELETE_STACK`, `ROLLBACK`, `CONTINUE_ROLLBACK`.
    #[serde(default)]
    pub operation: Option<String>,
}

/// One fault: where, and exactly one of the effects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Where it strikes.
    #[serde(default, rename = "match")]
    pub selector: Selector,
    /// How often; default: every time for `events`, `delay`, `circuit_breaker` and `expire_credentials`, else once.
    #[serde(default)]
    pub times: Option<u32>,
    /// Matching occasions that pass before the first; default 0.
    #[serde(default)]
    pub after: u32,
    /// A resource fails.
    #[serde(default)]
    pub fail: Option<FailResource>,
    /// A call is throttled: `Throttling`, `Rate exceeded`.
    #[serde(default)]
    pub throttle: Option<Nothing>,
    /// A call is answered with a server error.
    #[serde(default)]
    pub server_error: Option<ServerError>,
    /// A call is refused.
    #[serde(default)]
    pub refuse: Option<Refuse>,
    /// A call is answered late.
    #[serde(default)]
    pub delay: Option<Delay>,
    /// The connection is closed without an answer.
    #[serde(default)]
    pub drop_connection: Option<Nothing>,
    /// The caller's credentials have expired.
    #[serde(default)]
    pub expire_credentials: Option<Nothing>,
    /// After an execution, `DescribeStacks` goes on with the status from before it.
    #[serde(default)]
    pub stale_reads: Option<StaleReads>,
    /// How events are listed.
    #[serde(default)]
    pub events: Option<Events>,
    /// A change set fails the validation before a deployment.
    #[serde(default)]
    pub early_validation: Option<EarlyValidation>,
    /// The tasks of an ECS service fail.
    #[serde(default)]
    pub circuit_breaker: Option<CircuitBreaker>,
}

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

impl Entry {
    /// Effects that are states rather than incidents.
    pub(super) fn lasts(&self) -> bool {
        self.events.is_some()
            || self.delay.is_some()
            || self.circuit_breaker.is_some()
            || self.expire_credentials.is_some()
    }

    pub(super) fn effects(&self) -> usize {
        [
            self.fail.is_some(),
            self.throttle.is_some(),
            self.server_error.is_some(),
            self.refuse.is_some(),
            self.delay.is_some(),
            self.drop_connection.is_some(),
            self.expire_credentials.is_some(),
            self.stale_reads.is_some(),
            self.events.is_some(),
            self.early_validation.is_some(),
            self.circuit_breaker.is_some(),
        ]
        .into_iter()
        .filter(|present| *present)
        .count()
    }
}
