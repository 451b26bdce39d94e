//! What each stack status means for each command, as one table. Every status has one next command.

/// What a command does about a stack in some status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Proceed,
    /// It goes on as if there were no stack: there is none, or only the shell that a change set made.
    Absent,
    /// It deletes the stack before it makes it anew: nothing else is possible, and nothing is lost, because the first
    /// create was rolled back.
    DeleteFirst,
    /// It stops: an operation is in progress.
    Locked,
    /// It stops: the stack needs `gwinfra recover`, or can only be deleted.
    Recover,
}

impl Verdict {
    /// The exit code when the command stops; `None` when it goes on.
    pub fn exit_code(self) -> Option<u8> {
        match self {
            Self::Locked => Some(6),
            Self::Recover => Some(10),
            Self::Proceed | Self::Absent | Self::DeleteFirst => None,
        }
    }
}

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The status.
    pub status: &'static str,
    /// What `plan` does.
    pub plan: Verdict,
    /// What `apply` does.
    pub apply: Verdict,
    /// What `destroy` does.
    pub destroy: Verdict,
    /// The one command to run next.
    pub next: &'static str,
}

impl Row {
    /// Whether an operation has failed and kept what it made: a change that keeps it too may go on from there.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html>
    pub fn goes_forward(&self) -> bool {
        matches!(self.status, "CREATE_FAILED" | "UPDATE_FAILED")
    }
}

const fn row(status: &'static str, plan: Verdict, apply: Verdict, destroy: Verdict, next: &'static str) -> Row {
    Row { status, plan, apply, destroy, next }
}

use Verdict::{Absent, DeleteFirst, Locked, Proceed, Recover};

/// The table, by status. `plan` and `apply` agree: what cannot be applied is not planned either.
#[rustfmt::skip]
pub const STATUSES: [Row; 23] = [
    row("CREATE_COMPLETE",                              Proceed,     Proceed,     Proceed, "gwinfra plan"),
    row("CREATE_FAILED",                                Recover,     Recover,     Proceed, "gwinfra recover"),
    row("CREATE_IN_PROGRESS",                           Locked,      Locked,      Locked,  "gwinfra watch"),
    row("DELETE_COMPLETE",                              Absent,      Absent,      Absent,  "gwinfra apply"),
    row("DELETE_FAILED",                                Recover,     Recover,     Proceed, "gwinfra recover"),
    row("DELETE_IN_PROGRESS",                           Locked,      Locked,      Proceed, "gwinfra watch"),
    row("IMPORT_COMPLETE",                              Proceed,     Proceed,     Proceed, "gwinfra plan"),
    row("IMPORT_IN_PROGRESS",                           Locked,      Locked,      Locked,  "gwinfra watch"),
    row("IMPORT_ROLLBACK_COMPLETE",                     Proceed,     Proceed,     Proceed, "gwinfra plan"),
    row("IMPORT_ROLLBACK_FAILED",                       Recover,     Recover,     Proceed, "gwinfra destroy"),
    row("IMPORT_ROLLBACK_IN_PROGRESS",                  Locked,      Locked,      Locked,  "gwinfra watch"),
    row("REVIEW_IN_PROGRESS",                           Absent,      Absent,      Proceed, "gwinfra apply"),
    row("ROLLBACK_COMPLETE",                            DeleteFirst, DeleteFirst, Proceed, "gwinfra apply"),
    row("ROLLBACK_FAILED",                              Recover,     Recover,     Proceed, "gwinfra recover"),
    row("ROLLBACK_IN_PROGRESS",                         Locked,      Locked,      Locked,  "gwinfra watch"),
    row("UPDATE_COMPLETE",                              Proceed,     Proceed,     Proceed, "gwinfra plan"),
    row("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",          Locked,      Locked,      Locked,  "gwinfra watch"),
    row("UPDATE_FAILED",                                Recover,     Recover,     Proceed, "gwinfra recover"),
    row("UPDATE_IN_PROGRESS",                           Locked,      Locked,      Locked,  "gwinfra watch"),
    row("UPDATE_ROLLBACK_COMPLETE",                     Proceed,     Proceed,     Proceed, "gwinfra plan"),
    row("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Locked,      Locked,      Locked,  "gwinfra watch"),
    row("UPDATE_ROLLBACK_FAILED",                       Recover,     Recover,     Proceed, "gwinfra recover"),
    row("UPDATE_ROLLBACK_IN_PROGRESS",                  Locked,      Locked,      Locked,  "gwinfra watch"),
];

/// A status that AWS added since: left alone while something happens, and otherwise for a person to look at.
const UNKNOWN_IN_PROGRESS: Row = row("*_IN_PROGRESS", Locked, Locked, Locked, "gwinfra watch");
const UNKNOWN: Row = row("*", Recover, Recover, Recover, "gwinfra status");

/// The line of a status.
pub fn lookup(status: &str) -> &'static Row {
    match STATUSES.iter().find(|row| row.status == status) {
        Some(row) => row,
        None if status.ends_with("_IN_PROGRESS") => &UNKNOWN_IN_PROGRESS,
        None => &UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_has_each_status_once() {
        assert!(STATUSES.windows(2).all(|pair| pair[0].status < pair[1].status));
    }

    #[test]
    fn the_table_has_every_status_that_cloudformation_documents() {
        let mut documented: Vec<&str> = crate::aws::cloudformation::documented_statuses().to_vec();
        documented.sort_unstable();
        let known: Vec<&str> = STATUSES.iter().map(|row| row.status).collect();
        assert_eq!(known, documented);
    }

    #[test]
    fn only_a_review_in_progress_is_in_progress_and_not_locked() {
        for row in STATUSES {
            let in_progress = row.status.ends_with("_IN_PROGRESS") && row.status != "REVIEW_IN_PROGRESS";
            assert_eq!(row.plan == Locked, in_progress, "{}", row.status);
        }
    }

    #[test]
    fn whatever_can_be_planned_can_be_applied() {
        assert!(STATUSES.iter().all(|row| row.plan == row.apply));
    }

    #[test]
    fn a_status_that_is_new_to_us_is_left_alone() {
        assert_eq!(lookup("REFACTOR_IN_PROGRESS").apply.exit_code(), Some(6));
        assert_eq!(lookup("REFACTOR_FAILED").apply.exit_code(), Some(10));
    }
}
