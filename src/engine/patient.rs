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
    /// Nothing but a deletion is possible, and that is not recovery.
    Leave,
    /// Wait for the operation that is in progress.
    Wait,
    /// Release the lock of a Terraform state that a run on this machine has left.
    ReleaseLock,
    /// Write a Terraform state that could not be written where it belongs.
    PushState,
    /// Apply again.
    Apply,
    /// Nothing is known: the account could not be asked.
    Ask,
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
    /// Resources that stand in the way, with the reasons that AWS gave.
    pub blockers: Vec<Blocker>,
}

/// A resource that a rollback could not undo, or a deletion could not delete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Blocker {
    /// Logical id.
    pub logical_id: String,
    /// Resource type.
    pub resource_type: String,
    /// Identifier in AWS, once it has one.
    pub physical_id: Option<String>,
    /// Why.
    pub reason: Option<String>,
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
    /// A rollback leaves whatever it cannot undo as it is; not together with `skip`.
    pub force_rollback: bool,
    /// Logical ids that a deletion leaves behind.
    pub retain: Vec<String>,
    /// Whatever cannot be deleted is left behind.
    pub force: bool,
}

impl Patient {
    /// What to try when the remedy fails again: the flags that leave the blockers as they are.
    pub fn last_resort(&self) -> Option<String> {
        let ids = self.blockers.iter().map(|blocker| blocker.logical_id.as_str()).collect::<Vec<_>>().join(",");
        match self.remedy {
            _ if ids.is_empty() => None,
            Remedy::ContinueRollback => Some(format!(
                "gwinfra recover --skip {ids}   leaves them as they are; --force-rollback leaves whatever it cannot undo"
            )),
            Remedy::Delete if self.status == "DELETE_FAILED" => Some(format!(
                "gwinfra recover --retain {ids}   leaves them behind; --force leaves whatever cannot be deleted"
            )),
            _ => None,
        }
    }
}

impl Remedy {
    /// What it does, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::RemoveShell => "delete the empty stack that only holds change sets",
            Self::Delete => "delete the stack: its creation did not succeed, or its deletion did not",
            Self::RollBack => "roll back to the previous good state",
            Self::ContinueRollback => "go on with the rollback that failed",
            Self::Leave => "nothing: CloudFormation only allows to delete it, which `gwinfra destroy` does",
            Self::Wait => "wait for the operation that is in progress",
            Self::ReleaseLock => "release the lock of its state, which a run on this machine has left",
            Self::PushState => "write the state that an earlier run could not write",
            Self::Ask => "nothing, as long as its account cannot be asked",
            Self::Apply => "nothing to undo: `gwinfra apply` goes on where the last run stopped",
        }
    }
}
