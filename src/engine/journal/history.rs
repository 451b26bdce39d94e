//! What a run did, for those who ask why it failed.

use std::collections::BTreeMap;

use super::run::WAITS;
use super::{Journal, JournalError, Record, is_locked, read};
use crate::diagnose::RunSummary;

/// A run, as it was written down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PastRun {
    /// Id.
    pub run: String,
    /// `apply`, `destroy` or `recover`.
    pub command: String,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// Digest of the bundle.
    pub bundle_sha256: String,
    /// `succeeded`, `failed`, `cancelled`, or `stopped` by a signal; `None` for a run that was cut off.
    pub result: Option<String>,
    /// Steps that failed, by name: when, and why.
    pub failed: BTreeMap<String, (String, String)>,
    /// What was given to AWS, by name of the step: ARN of the stack or directory of the root module, and token.
    pub executing: BTreeMap<String, (String, String)>,
}

impl PastRun {
    /// The same for a report.
    pub fn summary(&self) -> RunSummary {
        RunSummary {
            id: self.run.clone(),
            command: self.command.clone(),
            started_at: self.started_at.clone(),
            result: self.result.clone(),
        }
    }

    /// What failed of a stack or root module: when, and why. Its steps are called after it.
    pub fn failure_of(&self, key: &str) -> Option<&(String, String)> {
        let steps = [key.to_owned(), format!("delete {key}"), format!("recover {key}")];
        steps.iter().find_map(|step| self.failed.get(step))
    }

    /// What was given to AWS for a stack or root module.
    pub fn executed_for(&self, key: &str) -> Option<&(String, String)> {
        let steps = [key.to_owned(), format!("delete {key}"), format!("recover {key}")];
        steps.iter().find_map(|step| self.executing.get(step))
    }
}

/// The process whose run works on a deployment from this directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub process: String,
    /// Since when.
    pub since: String,
}

impl Holder {
    fn line(&self) -> String {
        format!("{} {}", self.process, self.since)
    }
}

impl Journal {
    /// The gwinfra whose run works on the deployment from this directory; `None` when none does. One that only waits for what an
    /// earlier run has begun is none.
    pub fn holder(&self) -> Option<Holder> {
        let path = self.directory.join("lock");
        let file = fs_err::File::open(&path).ok()?.into_parts().0;
        if !is_locked(&file) {
            return None;
        }
        let text = fs_err::read_to_string(&path).unwrap_or_default();
        let (process, since) = text.trim().split_once(' ')?;
        if since.ends_with(WAITS) {
            return None;
        }
        Some(Holder { process: process.to_owned(), since: since.to_owned() })
    }

    /// Whether that gwinfra was asked to stop from elsewhere: a second signal would make it leave.
    pub fn was_asked(&self, holder: &Holder) -> bool {
        fs_err::read_to_string(self.directory.join("asked")).is_ok_and(|text| text == holder.line())
    }

    /// Remembers that a gwinfra is asked to stop.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remember_asked(&self, holder: &Holder) -> Result<(), JournalError> {
        let path = self.directory.join("asked");
        fs_err::write(&path, holder.line()).map_err(|source| JournalError::Write { path, source })
    }

    /// The run with that id or, without one, the newest; `None` when there is none.
    ///
    /// # Errors
    /// When a file of the journal cannot be read.
    pub fn past_run(&self, id: Option<&str>) -> Result<Option<PastRun>, JournalError> {
        let path = match id {
            Some(id) => self.runs()?.into_iter().find(|path| path.file_stem().is_some_and(|stem| stem == id)),
            None => self.newest()?,
        };
        let Some(path) = path else { return Ok(None) };
        let mut past = PastRun::default();
        for record in read(&path)? {
            match record {
                Record::RunStarted { run, at, command, bundle_sha256, .. } => {
                    past.run = run;
                    past.started_at = at;
                    past.command = command;
                    past.bundle_sha256 = bundle_sha256;
                }
                Record::Executing { step, stack_id, token, .. } => {
                    past.executing.insert(step, (stack_id, token));
                }
                Record::StepFailed { step, at, reason } => {
                    past.failed.insert(step, (at, reason));
                }
                Record::StepFinished { step, .. } => {
                    past.failed.remove(&step);
                }
                Record::RunFinished { result, .. } => past.result = Some(result),
                Record::StepStarted { .. } | Record::StepStopped { .. } => {}
            }
        }
        Ok(Some(past))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> (tempfile::TempDir, Journal) {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path(), "acme");
        (directory, journal)
    }

    #[test]
    fn a_run_names_the_steps_that_failed_and_why() {
        let (_directory, journal) = journal();
        let run = journal.begin("apply", "digest", jiff::Timestamp::UNIX_EPOCH).unwrap();
        let failed =
            |step: &str| Record::StepFailed { step: step.to_owned(), at: "t".to_owned(), reason: "why".to_owned() };
        run.write(&failed("delete data")).unwrap();
        run.write(&Record::RunFinished { at: String::new(), result: "failed".to_owned() }).unwrap();
        let past = journal.past_run(Some(&run.id)).unwrap().unwrap();
        assert_eq!(past.failure_of("data"), Some(&("t".to_owned(), "why".to_owned())));
        assert_eq!(past.result.as_deref(), Some("failed"));
    }

    #[test]
    fn who_holds_the_lock_is_known_as_long_as_it_lives() {
        let (_directory, journal) = journal();
        assert_eq!(journal.holder(), None);
        let run = journal.begin("apply", "digest", jiff::Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(journal.holder().map(|holder| holder.process), Some(std::process::id().to_string()));
        drop(run);
        assert_eq!(journal.holder(), None);
    }

    #[test]
    fn who_waits_for_an_earlier_run_is_not_the_one_who_works() {
        let (_directory, journal) = journal();
        let _claim = journal.claim(jiff::Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(journal.holder(), None);
    }

    #[test]
    fn only_the_gwinfra_that_was_asked_to_stop_counts_as_asked() {
        let (_directory, journal) = journal();
        let _run = journal.begin("apply", "digest", jiff::Timestamp::UNIX_EPOCH).unwrap();
        let holder = journal.holder().unwrap();
        assert!(!journal.was_asked(&holder));
        journal.remember_asked(&holder).unwrap();
        assert!(journal.was_asked(&holder));
        assert!(!journal.was_asked(&Holder { since: "later".to_owned(), ..holder }));
    }

    #[test]
    fn without_a_journal_there_is_no_run() {
        let (_directory, journal) = journal();
        assert_eq!(journal.past_run(None).unwrap(), None);
    }

    #[test]
    fn an_id_that_nobody_wrote_is_no_run() {
        let (_directory, journal) = journal();
        drop(journal.begin("apply", "digest", jiff::Timestamp::UNIX_EPOCH).unwrap());
        assert_eq!(journal.past_run(Some("other")).unwrap(), None);
    }
}
