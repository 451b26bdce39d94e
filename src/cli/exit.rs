//! Exit codes: one table for every command.

use std::process::ExitCode;

/// How a command ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, also with nothing to do.
    Ok,
    /// Differences were found by a command that was asked to say so.
    Differences,
}

/// Why a command failed. The exit code follows from it, in [`ErrorKind::code`] only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The operation failed; nothing is left half-done.
    Failed,
    /// Spec, blueprint or template is invalid.
    Invalid,
    /// What is known to be bad is not used.
    Policy,
    /// Credentials, permissions, quota, model access or something that must exist already.
    Preflight,
    /// Somebody else's operation is in progress.
    Locked,
    /// The saved plan no longer matches reality.
    Stale,
    /// The user said no.
    Declined,
    /// Apply failed and was rolled back.
    RolledBack,
    /// Something needs `gwinfra recover`, was done in part, or failed in some of the accounts.
    Attention,
    /// Something could not be checked and `--strict` was given.
    Incomplete,
    /// Applied, but the result does not work.
    Unhealthy,
    /// The command line is wrong.
    Usage,
    /// Stopped by SIGINT, cleanly.
    Interrupted,
    /// Stopped by SIGTERM, cleanly.
    Terminated,
}

/// Every exit code with its name and meaning, for the documentation.
pub const TABLE: &[(u8, &str, &str)] = &[
    (0, "ok", "success, also \"no changes\""),
    (1, "failed", "the operation failed; nothing is left half-done"),
    (
        2,
        "differences",
        "`drift` found drift; elsewhere only where asked: `plan --detailed-exitcode`, `config diff --detailed-exitcode`, `render --check`, `ci init --check`",
    ),
    (3, "invalid", "the spec, blueprint or template is invalid"),
    (4, "policy", "a version of LiteLLM that is known to be bad is not used"),
    (5, "preflight", "credentials, permissions, quota, model access, or something that must exist already"),
    (6, "locked", "another operation is in progress"),
    (7, "stale", "the saved plan no longer matches reality"),
    (8, "declined", "you said no, or a gate is closed"),
    (9, "rolled-back", "apply failed and was rolled back"),
    (10, "attention", "a stack needs `gwinfra recover`, Terraform applied a part only, or some of the accounts failed"),
    (11, "incomplete", "something could not be checked and `--strict` was given"),
    (13, "unhealthy", "applied, but smoke calls or convergence failed"),
    (64, "usage", "the command line is wrong"),
    (130, "interrupted", "stopped by Ctrl-C, cleanly"),
    (143, "terminated", "stopped by SIGTERM, cleanly"),
];

impl Exit {
    /// The code of the process.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Differences => 2,
        }
    }
}

impl ErrorKind {
    /// The code of the process.
    pub fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Invalid => 3,
            Self::Policy => 4,
            Self::Preflight => 5,
            Self::Locked => 6,
            Self::Stale => 7,
            Self::Declined => 8,
            Self::RolledBack => 9,
            Self::Attention => 10,
            Self::Incomplete => 11,
            Self::Unhealthy => 13,
            Self::Usage => 64,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_row_in_the_documented_table() {
        use ErrorKind::*;
        for kind in [
            Failed,
            Invalid,
            Policy,
            Preflight,
            Locked,
            Stale,
            Declined,
            RolledBack,
            Attention,
            Incomplete,
            Unhealthy,
            Usage,
            Interrupted,
            Terminated,
        ] {
            assert!(TABLE.iter().any(|row| row.0 == kind.code()), "{kind:?}");
        }
    }

    #[test]
    fn no_two_rows_share_a_code() {
        let codes: std::collections::BTreeSet<u8> = TABLE.iter().map(|row| row.0).collect();
        assert_eq!(codes.len(), TABLE.len());
    }
}
