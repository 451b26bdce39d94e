//! The lines of a journal.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::JournalError;

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// A run begins.
    RunStarted {
        /// Id of the run: also the prefix of its change sets and client tokens.
        run: String,
        /// When, RFC 3339 in UTC.
        at: String,
        /// `apply`, `destroy` or `recover`.
        command: String,
        /// Version of gwinfra.
        version: String,
        /// Digest of the bundle.
        bundle_sha256: String,
    },
    /// A step is about to run.
    StepStarted {
        /// Name of the step.
        step: String,
        /// When.
        at: String,
    },
    /// A change is about to be given to AWS: from here on it may happen.
    Executing {
        /// Name of the step.
        step: String,
        /// When.
        at: String,
        /// ARN of the stack.
        stack_id: String,
        /// ARN of the change set; `None` for a deletion.
        change_set: Option<String>,
        /// Client request token: marks the events as this run's.
        token: String,
    },
    /// A step succeeded.
    StepFinished {
        /// Name of the step.
        step: String,
        /// When.
        at: String,
        /// What came of it.
        result: String,
    },
    /// A step failed.
    StepFailed {
        /// Name of the step.
        step: String,
        /// When.
        at: String,
        /// Why.
        reason: String,
    },
    /// A signal ended the run while the step was under way: what was given to AWS goes on by itself.
    StepStopped {
        /// Name of the step.
        step: String,
        /// When.
        at: String,
    },
    /// The run ended, and has written so itself.
    RunFinished {
        /// When.
        at: String,
        /// `succeeded`, `failed`, `cancelled`, or [`STOPPED`].
        result: String,
    },
}

/// The command of a run that puts something back.
pub(in crate::engine) const DRIFT: &str = "drift";

/// The result of a run that a signal ended while steps were under way: the next one takes it up.
pub(super) const STOPPED: &str = "stopped";

/// Reads a journal file. A last line that was cut off by the end of its process is left out.
pub(super) fn read(path: &Path) -> Result<Vec<Record>, JournalError> {
    let bytes = fs_err::read(path).map_err(|source| JournalError::Read { path: path.to_owned(), source })?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let mut records = Vec::new();
    for (index, line) in bytes[..whole].split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        records.push(serde_json::from_slice(line).map_err(|error| JournalError::Damaged {
            path: path.to_owned(),
            line: index + 1,
            reason: error.to_string(),
        })?);
    }
    Ok(records)
}
