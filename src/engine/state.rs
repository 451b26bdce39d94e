//! How a deployment is.

use serde::Serialize;

use super::journal::{Holder, Journal, JournalError};

/// How a stack is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StackState {
    /// Key in the bundle.
    pub key: String,
    /// Name in CloudFormation.
    pub name: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Status; `None` when there is no such stack.
    pub status: Option<String>,
    /// Why, in CloudFormation's words.
    pub reason: Option<String>,
    /// When it was last changed, RFC 3339.
    pub updated: Option<String>,
    /// The one command to run next.
    pub next: String,
}

/// How the stack of a stack set is in one account.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InstanceState {
    /// Name of the stack set.
    pub stack_set: String,
    /// Account.
    pub account: String,
    /// `CURRENT`, `OUTDATED`, `INOPERABLE` ...; `None` when there is no such stack.
    pub status: Option<String>,
    /// Why, in CloudFormation's words.
    pub reason: Option<String>,
}

/// How the service is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServiceState {
    /// Name of the service.
    pub service: String,
    /// Status of its newest deployment.
    pub deployment: String,
    /// Tasks that should run, that run, and that are starting.
    pub tasks: (u32, u32, u32),
    /// Images that run, by container.
    pub images: Vec<(String, String)>,
}

/// How a deployment is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// Prefix of the deployment.
    pub deployment: String,
    /// Its stacks.
    pub stacks: Vec<StackState>,
    /// Stacks that stack sets have in the accounts; empty without stack sets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<InstanceState>,
    /// Its service, once it is there.
    pub service: Option<ServiceState>,
    /// What could not be asked, one sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The gwinfra that works on it from this directory, if one does.
    pub running: Option<Running>,
    /// A run that was cut off, if there is one: its command and when it began.
    pub unfinished: Option<(String, String)>,
    /// Whether a signal stopped that run.
    pub stopped: bool,
}

/// A run that another process is at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Running {
    /// `apply`, `destroy` or `recover`.
    pub command: String,
    /// When it began, RFC 3339.
    pub since: String,
    /// Number of its process.
    pub process: String,
}

/// A run that lives, or one that was cut off: its command, when it began, and whether a signal stopped it.
type NewestRun = (Option<Running>, Option<(String, String)>, bool);

/// What a journal says of its newest run.
pub(in crate::engine) fn newest_run(journal: &Journal) -> Result<NewestRun, JournalError> {
    // Asked first: a run that ends in between has written so before it lets go of the lock.
    let holder = journal.holder();
    let Some(left) = journal.unfinished()? else { return Ok((None, None, false)) };
    Ok(match holder {
        Some(Holder { process, .. }) => {
            (Some(Running { command: left.command, since: left.started_at, process }), None, false)
        }
        None => (None, Some((left.command, left.started_at)), left.stopped),
    })
}

impl Status {
    /// Whether a stack needs `gwinfra recover`.
    pub fn needs_attention(&self) -> bool {
        self.stacks.iter().any(|stack| stack.next == "gwinfra recover")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_was_cut_off_stays_so_while_another_gwinfra_waits_for_its_rest() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path(), "acme");
        drop(journal.begin("apply", "digest", jiff::Timestamp::UNIX_EPOCH).unwrap());
        let _claim = journal.claim(jiff::Timestamp::UNIX_EPOCH).unwrap();
        let (running, left, _) = newest_run(&journal).unwrap();
        assert_eq!((running, left.map(|(command, _)| command)), (None, Some("apply".to_owned())));
    }
}
