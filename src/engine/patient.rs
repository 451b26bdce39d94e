//! What needs recovering, and how.

use serde::Serialize;

/// What recovering a stack means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Delete the empty stack that only holds change sets.
    RemoveShell,
    /// Delete a stack whose first creation did not succeed.
    Delete,
    /// Roll back to the previous good state.
    RollBack,
    /// Go on with a rollback that failed.
    ContinueRollback,
    /// Wait for the operation that is in progress.
    Wait,
    /// Release the lock of a Terraform state that a run on this machine has left.
    ReleaseLock,
    /// Write a Terraform state that could not be written where it belongs.
    PushState,
    /// Apply again.
    Apply,
}

/// A stack and what recovering it means.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Patient {
    /// Key in the bundle.
    pub key: String,
    /// Name in CloudFormation.
    pub name: String,
    /// Account.
    pub account: String,
    /// Its status.
    pub status: String,
    /// Why, in CloudFormation's words.
    pub reason: Option<String>,
    /// What recovering it means.
    pub remedy: Remedy,
    /// ARN of the stack.
    pub stack_id: String,
    /// Resources that the first creation made, never in use, that AWS refuses to delete: their protection is switched
    /// off first.
    pub protected: Vec<Protected>,
}

/// A resource that AWS refuses to delete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Protected {
    /// Address: `stack/LogicalId`.
    pub address: String,
    /// Logical id.
    pub logical_id: String,
    /// Resource type.
    pub resource_type: String,
    /// Physical id, which is also what Cloud Control calls it.
    pub physical_id: String,
}

/// What a recovery may do.
#[derive(Debug, Clone, Default)]
pub struct RecoverOptions {
    /// Logical ids that a rollback leaves as they are.
    pub skip: Vec<String>,
    /// Logical ids that a deletion leaves behind.
    pub retain: Vec<String>,
}

impl Remedy {
    /// What it does, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::RemoveShell => "delete the empty stack that only holds change sets",
            Self::Delete => "delete the stack: its creation did not succeed, or its deletion did not",
            Self::RollBack => "roll back to the previous good state",
            Self::ContinueRollback => "go on with the rollback that failed",
            Self::Wait => "wait for the operation that is in progress",
            Self::ReleaseLock => "release the lock of its state, which a run on this machine has left",
            Self::PushState => "write the state that an earlier run could not write",
            Self::Apply => "nothing to undo: `gwinfra apply` goes on where the last run stopped",
        }
    }
}
