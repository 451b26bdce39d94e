//! Stack statuses, and which calls each of them allows.

use serde::{Deserialize, Serialize};

macro_rules! statuses {
    ($($name:ident = $text:literal,)*) => {
        /// All 23 statuses of a stack.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum StackStatus {
            $(#[doc = $text] #[serde(rename = $text)] $name,)*
        }

        impl StackStatus {
            /// Every status.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name in the API.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

statuses! {
    CreateInProgress = "CREATE_IN_PROGRESS",
    CreateFailed = "CREATE_FAILED",
    CreateComplete = "CREATE_COMPLETE",
    RollbackInProgress = "ROLLBACK_IN_PROGRESS",
    RollbackFailed = "ROLLBACK_FAILED",
    RollbackComplete = "ROLLBACK_COMPLETE",
    DeleteInProgress = "DELETE_IN_PROGRESS",
    DeleteFailed = "DELETE_FAILED",
    DeleteComplete = "DELETE_COMPLETE",
    UpdateInProgress = "UPDATE_IN_PROGRESS",
    UpdateCompleteCleanupInProgress = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    UpdateComplete = "UPDATE_COMPLETE",
    UpdateFailed = "UPDATE_FAILED",
    UpdateRollbackInProgress = "UPDATE_ROLLBACK_IN_PROGRESS",
    UpdateRollbackFailed = "UPDATE_ROLLBACK_FAILED",
    UpdateRollbackCompleteCleanupInProgress = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    UpdateRollbackComplete = "UPDATE_ROLLBACK_COMPLETE",
    ReviewInProgress = "REVIEW_IN_PROGRESS",
    ImportInProgress = "IMPORT_IN_PROGRESS",
    ImportComplete = "IMPORT_COMPLETE",
    ImportRollbackInProgress = "IMPORT_ROLLBACK_IN_PROGRESS",
    ImportRollbackFailed = "IMPORT_ROLLBACK_FAILED",
    ImportRollbackComplete = "IMPORT_ROLLBACK_COMPLETE",
}

/// What a caller wants to do with a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `UpdateStack`, `CreateChangeSet` of type UPDATE and the execution of such a change set.
    Update,
    /// `DeleteStack`.
    Delete,
    /// `CancelUpdateStack`.
    Cancel,
    /// `ContinueUpdateRollback`.
    ContinueRollback,
    /// `RollbackStack`.
    Rollback,
    /// `DetectStackDrift`.
    DetectDrift,
}

/// Which calls each status allows: update, delete, cancel, continue rollback, roll back, detect drift
/// (User Guide: *Stack status codes*, *Stack failure options*; API reference of each call).
const ALLOWED: [(StackStatus, [bool; 6]); 23] = {
    use StackStatus as S;
    const Y: bool = true;
    const N: bool = false;
    [
        (S::CreateInProgress, [N, Y, N, N, N, N]),
        (S::CreateFailed, [Y, Y, N, N, Y, N]),
        (S::CreateComplete, [Y, Y, N, N, N, Y]),
        (S::RollbackInProgress, [N, N, N, N, N, N]),
        (S::RollbackFailed, [N, Y, N, N, N, N]),
        (S::RollbackComplete, [N, Y, N, N, N, N]),
        (S::DeleteInProgress, [N, Y, N, N, N, N]),
        (S::DeleteFailed, [N, Y, N, N, N, N]),
        (S::DeleteComplete, [N, Y, N, N, N, N]),
        (S::UpdateInProgress, [N, N, Y, N, N, N]),
        (S::UpdateCompleteCleanupInProgress, [N, N, N, N, N, N]),
        (S::UpdateComplete, [Y, Y, N, N, N, Y]),
        (S::UpdateFailed, [Y, Y, N, N, Y, N]),
        (S::UpdateRollbackInProgress, [N, N, N, N, N, N]),
        (S::UpdateRollbackFailed, [N, Y, N, Y, N, Y]),
        (S::UpdateRollbackCompleteCleanupInProgress, [N, N, N, N, N, N]),
        (S::UpdateRollbackComplete, [Y, Y, N, N, N, Y]),
        (S::ReviewInProgress, [N, Y, N, N, N, N]),
        (S::ImportInProgress, [N, N, N, N, N, N]),
        (S::ImportComplete, [Y, Y, N, N, N, Y]),
        (S::ImportRollbackInProgress, [N, N, N, N, N, N]),
        (S::ImportRollbackFailed, [N, Y, N, N, N, N]),
        (S::ImportRollbackComplete, [Y, Y, N, N, N, Y]),
    ]
};

impl StackStatus {
    /// Whether a call is allowed.
    pub fn allows(self, call: Call) -> bool {
        let column = match call {
            Call::Update => 0,
            Call::Delete => 1,
            Call::Cancel => 2,
            Call::ContinueRollback => 3,
            Call::Rollback => 4,
            Call::DetectDrift => 5,
        };
        ALLOWED.iter().any(|(status, allowed)| *status == self && allowed[column])
    }

    /// Whether something is under way. A stack in review waits for its owner.
    pub fn in_progress(self) -> bool {
        self.as_str().ends_with("_IN_PROGRESS") && self != Self::ReviewInProgress
    }

    /// The status of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_in_the_table_once() {
        for status in StackStatus::ALL {
            assert_eq!(ALLOWED.iter().filter(|(one, _)| one == status).count(), 1, "{status:?}");
        }
    }

    #[test]
    fn nothing_in_progress_can_be_updated() {
        for status in StackStatus::ALL {
            assert!(!(status.in_progress() && status.allows(Call::Update)), "{status:?}");
        }
    }

    #[test]
    fn only_a_running_update_can_be_cancelled() {
        let can: Vec<_> = StackStatus::ALL.iter().filter(|status| status.allows(Call::Cancel)).collect();
        assert_eq!(can, [&StackStatus::UpdateInProgress]);
    }

    #[test]
    fn only_a_failed_rollback_can_be_continued() {
        let can: Vec<_> = StackStatus::ALL.iter().filter(|status| status.allows(Call::ContinueRollback)).collect();
        assert_eq!(can, [&StackStatus::UpdateRollbackFailed]);
    }

    #[test]
    fn a_rolled_back_creation_can_only_be_deleted() {
        let status = StackStatus::RollbackComplete;
        assert!(status.allows(Call::Delete) && !status.allows(Call::Update) && !status.allows(Call::Rollback));
    }

    #[test]
    fn names_are_read_back() {
        for status in StackStatus::ALL {
            assert_eq!(StackStatus::parse(status.as_str()), Some(*status));
        }
    }
}
