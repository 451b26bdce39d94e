//! What an engine reports while it works.

use serde::Serialize;

/// Something that happened during an operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// Key of the stack, if it belongs to one.
    pub stack: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventKind {
    /// A step of the apply graph is ready to run or runs.
    StepStarted {
        /// Name of the step.
        step: String,
    },
    /// A step is done.
    StepFinished {
        /// Name of the step.
        step: String,
        /// What came of it: `done`, `no changes`, `skipped`.
        result: String,
    },
    /// A step failed.
    StepFailed {
        /// Name of the step.
        step: String,
        /// Why.
        reason: String,
    },
    /// The status of a stack changed.
    StackStatus {
        /// The new status.
        status: String,
        /// Why, if AWS says so.
        reason: Option<String>,
    },
    /// The status of a resource changed.
    Resource {
        /// Logical id.
        logical_id: String,
        /// Resource type.
        resource_type: String,
        /// What it is, in words.
        description: Option<String>,
        /// The new status.
        status: String,
        /// Why, if AWS says so.
        reason: Option<String>,
    },
    /// A call is tried again after a pause.
    Retry {
        /// `service:Action`.
        call: String,
        /// Number of the try that failed.
        attempt: u32,
        /// Pause before the next one, in milliseconds.
        delay_ms: u64,
        /// Why.
        reason: String,
    },
    /// State of an ECS deployment.
    EcsDeployment {
        /// Service.
        service: String,
        /// Status of the deployment: `IN_PROGRESS`, `SUCCESSFUL`, `ROLLBACK_SUCCESSFUL` ...
        status: String,
        /// Tasks: desired, running, pending, failed.
        tasks: (u32, u32, u32, u32),
        /// Last reason that ECS gave.
        reason: Option<String>,
    },
    /// Words for the user.
    Message {
        /// The words.
        text: String,
    },
}

/// Where events go. Called from many tasks at once.
pub trait EventSink: Send + Sync {
    /// Takes an event.
    fn emit(&self, event: Event);
}
