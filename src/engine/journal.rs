//! The journal: what a run is about to do and has done, on disk before and after each step, so that a run that was
//! killed at any point can be taken up again.
//!
//! `DIR/<prefix>/runs/<time>-<id>.jsonl` holds one record per line. `DIR/<prefix>/applied.json` holds the bundle that
//! was applied last, and `DIR/<prefix>/skipped.json` what rollbacks have left out. None ever holds a secret value.

mod history;
mod record;
mod run;
mod skipped;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::render::Bundle;
use crate::whole_file::WholeFile;

pub use history::{Holder, PastRun};
pub(in crate::engine) use record::DRIFT;
pub use record::Record;
use record::{STOPPED, read};
pub use run::{Claim, Run};
pub(in crate::engine) use run::{is_locked, try_lock};

/// Why the journal could not be used.
#[derive(Debug, Error)]
pub enum JournalError {
    /// A file of the journal could not be read.
    #[error("could not read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file of the journal could not be written.
    #[error("could not write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file of the journal is damaged.
    #[error("{path} is damaged at line {line}: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// Another gwinfra works on the same deployment from this directory.
    #[error("another gwinfra is at work on {prefix} since {since} (process {process})")]
    Locked {
        /// Prefix of the deployment.
        prefix: String,
        /// Since when.
        since: String,
        /// Its process id.
        process: String,
    },
}

/// The journal of one deployment.
#[derive(Debug, Clone)]
pub struct Journal {
    directory: PathBuf,
    prefix: String,
}

/// What an earlier run left unfinished.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Unfinished {
    /// Id of the run.
    pub run: String,
    /// When it began.
    pub started_at: String,
    /// Its command.
    pub command: String,
    /// Changes that were given to AWS and whose end was not recorded: step, stack ARN, token.
    pub executing: Vec<(String, String, String)>,
    /// Whether a signal stopped it; otherwise nobody knows what cut it off.
    pub stopped: bool,
}

impl Unfinished {
    /// How it ended, in words.
    pub fn words(&self) -> &'static str {
        if self.stopped { "was stopped by a signal" } else { "was cut off" }
    }
}

/// What applies of the same bundle have finished together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastApply {
    /// Digest of the bundle.
    pub bundle_sha256: String,
    /// Names of the steps.
    pub finished: BTreeSet<String>,
}

impl Journal {
    /// The journal of the deployment with that prefix, under `directory` (`.gwinfra`).
    pub fn new(directory: &Path, prefix: &str) -> Self {
        Self { directory: directory.join(prefix), prefix: prefix.to_owned() }
    }

    /// What the newest run left unfinished, if a signal stopped it, or it did not write how it ended.
    pub fn unfinished(&self) -> Result<Option<Unfinished>, JournalError> {
        let Some(path) = self.newest()? else { return Ok(None) };
        let records = read(&path)?;
        let result = records.iter().find_map(|record| match record {
            Record::RunFinished { result, .. } => Some(result.as_str()),
            _ => None,
        });
        if result.is_some_and(|result| result != STOPPED) {
            return Ok(None);
        }
        let mut left = Unfinished { stopped: result.is_some(), ..Unfinished::default() };
        for record in records {
            match record {
                Record::RunStarted { run, at, command, .. } => {
                    left.run = run;
                    left.started_at = at;
                    left.command = command;
                }
                Record::Executing { step, stack_id, token, .. } => left.executing.push((step, stack_id, token)),
                Record::StepFinished { step, .. } | Record::StepFailed { step, .. } => {
                    left.executing.retain(|entry| entry.0 != step);
                }
                Record::StepStarted { .. } | Record::StepStopped { .. } | Record::RunFinished { .. } => {}
            }
        }
        Ok(Some(left))
    }

    /// What the newest apply has finished, together with the applies of the same bundle before it. Any other command in
    /// between ends the row, since it may have undone something, but not `drift`, which only puts back what was applied.
    ///
    /// # Errors
    /// When a file of the journal cannot be read.
    pub fn last_apply(&self) -> Result<Option<LastApply>, JournalError> {
        let mut last: Option<LastApply> = None;
        for path in self.runs()?.into_iter().rev() {
            let mut records = read(&path)?.into_iter();
            let Some(Record::RunStarted { command, bundle_sha256, .. }) = records.next() else { break };
            if command == DRIFT {
                continue;
            }
            if command != "apply" || last.as_ref().is_some_and(|last| last.bundle_sha256 != bundle_sha256) {
                break;
            }
            let last = last.get_or_insert_with(|| LastApply { bundle_sha256, finished: BTreeSet::new() });
            last.finished.extend(records.filter_map(|record| match record {
                Record::StepFinished { step, .. } => Some(step),
                _ => None,
            }));
        }
        Ok(last)
    }

    fn newest(&self) -> Result<Option<PathBuf>, JournalError> {
        Ok(self.runs()?.pop())
    }

    /// Files of all runs, oldest first.
    fn runs(&self) -> Result<Vec<PathBuf>, JournalError> {
        let runs = self.directory.join("runs");
        if !runs.exists() {
            return Ok(Vec::new());
        }
        let failed = |source| JournalError::Read { path: runs.clone(), source };
        let mut found = Vec::new();
        for entry in fs_err::read_dir(&runs).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }

    /// The bundle that was applied last.
    pub fn applied(&self) -> Result<Option<Bundle>, JournalError> {
        let path = self.directory.join("applied.json");
        let text = match fs_err::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(JournalError::Read { path, source }),
        };
        serde_json::from_slice(&text).map(Some).map_err(|error| JournalError::Damaged {
            path,
            line: error.line(),
            reason: error.to_string(),
        })
    }

    /// Remembers the bundle that was applied, or forgets it after a destroy.
    pub fn remember(&self, bundle: Option<&Bundle>) -> Result<(), JournalError> {
        let path = self.directory.join("applied.json");
        let failed = |source| JournalError::Write { path: path.clone(), source };
        let Some(bundle) = bundle else {
            return match fs_err::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(error)),
                _ => Ok(()),
            };
        };
        fs_err::create_dir_all(&self.directory).map_err(failed)?;
        let file = WholeFile::private(&path).lasting();
        file.write_with(|file| Ok(serde_json::to_writer(file, bundle)?)).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn now() -> jiff::Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    fn executing(step: &str) -> Record {
        Record::Executing {
            step: step.to_owned(),
            at: String::new(),
            stack_id: "arn:stack".to_owned(),
            change_set: None,
            token: "token".to_owned(),
        }
    }

    #[test]
    fn a_run_that_ended_by_itself_leaves_nothing_unfinished() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path(), "acme");
        let run = journal.begin("apply", "digest", now()).unwrap();
        run.write(&Record::RunFinished { at: String::new(), result: "succeeded".to_owned() }).unwrap();
        drop(run);
        assert_eq!(journal.unfinished().unwrap(), None);
    }

    #[test]
    fn a_killed_run_names_the_changes_that_aws_may_still_be_making() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path(), "acme");
        let run = journal.begin("apply", "digest", now()).unwrap();
        run.write(&executing("network")).unwrap();
        run.write(&executing("data")).unwrap();
        run.write(&Record::StepFinished { step: "network".to_owned(), at: String::new(), result: String::new() })
            .unwrap();
        drop(run);
        let left = journal.unfinished().unwrap().unwrap();
        assert_eq!(left.executing, [("data".to_owned(), "arn:stack".to_owned(), "token".to_owned())]);
    }

    #[test]
    fn a_run_that_a_signal_stopped_has_an_end_for_each_step_and_still_names_what_aws_may_be_making() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path(), "acme");
        let (canceller, cancel) = crate::engine::cancellation();
        let run = journal.begin("apply", "digest", now()).unwrap().stoppable(cancel);
        run.write(&Record::StepStarted { step: "data".to_owned(), at: String::new() }).unwrap();
        run.write(&executing("data")).unwrap();
        canceller.advance();
        drop(run);
        let records = read(&journal.newest().unwrap().unwrap()).unwrap();
        let [.., Record::StepStopped { step, .. }, Record::RunFinished { result, .. }] = records.as_slice() else {
            panic!("{records:?}");
        };
        assert_eq!((step.as_str(), result.as_str()), ("data", STOPPED));
        let left = journal.unfinished().unwrap().unwrap();
        assert_eq!((left.executing.len(), left.words()), (1, "was stopped by a signal"));
    }

    #[test]
    fn without_a_signal_nobody_knows_what_cut_a_run_off() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path(), "acme");
        let (_canceller, cancel) = crate::engine::cancellation();
        drop(journal.begin("apply", "digest", now()).unwrap().stoppable(cancel));
        assert_eq!(journal.unfinished().unwrap().unwrap().words(), "was cut off");
    }

    #[test]
    fn of_two_runs_in_one_second_the_later_is_the_newest() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path(), "acme");
        drop(journal.begin("apply", "digest", now()).unwrap());
        let later = journal.begin("apply", "digest", now() + jiff::SignedDuration::from_micros(1)).unwrap();
        assert_eq!(journal.unfinished().unwrap().unwrap().run, later.id);
    }

    #[test]
    fn a_line_that_was_cut_off_is_left_out() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path(), "acme");
        let run = journal.begin("apply", "digest", now()).unwrap();
        fs_err::OpenOptions::new()
            .append(true)
            .open(journal.newest().unwrap().unwrap())
            .unwrap()
            .write_all(b"{\"record\":\"step_st")
            .unwrap();
        drop(run);
        assert!(journal.unfinished().unwrap().is_some());
    }

    #[test]
    fn damage_in_the_middle_is_named_with_its_line() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path(), "acme");
        let run = journal.begin("apply", "digest", now()).unwrap();
        fs_err::OpenOptions::new()
            .append(true)
            .open(journal.newest().unwrap().unwrap())
            .unwrap()
            .write_all(b"garbage\n")
            .unwrap();
        drop(run);
        assert!(matches!(journal.unfinished(), Err(JournalError::Damaged { line: 2, .. })));
    }

    fn finished(step: &str) -> Record {
        Record::StepFinished { step: step.to_owned(), at: String::new(), result: String::new() }
    }

    #[test]
    fn applies_of_the_same_bundle_are_finished_together() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path(), "acme");
        for (second, digest, step) in [(0, "old", "a"), (1, "new", "b"), (2, "new", "c")] {
            let run = journal.begin("apply", digest, now() + jiff::SignedDuration::from_secs(second)).unwrap();
            run.write(&finished(step)).unwrap();
        }
        let last = journal.last_apply().unwrap().unwrap();
        assert_eq!(last.bundle_sha256, "new");
        assert_eq!(last.finished.into_iter().collect::<Vec<_>>(), ["b", "c"]);
    }

    #[test]
    fn after_a_destroy_nothing_is_finished() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path(), "acme");
        drop(journal.begin("apply", "digest", now()).unwrap());
        drop(journal.begin("destroy", "digest", now() + jiff::SignedDuration::from_secs(1)).unwrap());
        assert_eq!(journal.last_apply().unwrap(), None);
    }
}
