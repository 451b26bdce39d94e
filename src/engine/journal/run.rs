//! A run that writes to the journal, and the lock that lets no other one write.

use std::fs::TryLockError;
use std::io::Write;
use std::path::PathBuf;

use super::record::STOPPED;
use super::{Journal, JournalError, Record};
use crate::engine::{Cancel, Cancelled, now};
use crate::whole_file::sync_directory;

/// What stands in the lock behind the process and the time of a claim.
pub(super) const WAITS: &str = "waits";

/// A run that writes to the journal. Only one exists per deployment and directory: the lock is held until it is dropped.
#[derive(Debug)]
pub struct Run {
    /// Id of the run.
    pub id: String,
    path: PathBuf,
    file: std::sync::Mutex<fs_err::File>,
    progress: std::sync::Mutex<Under>,
    /// Tells whether a signal came.
    cancel: Option<Cancel>,
    // Held for its lock, which the system releases when the process ends, however it ends.
    _lock: std::fs::File,
}

/// What has begun in a run and has not ended.
#[derive(Debug, Default)]
struct Under {
    steps: Vec<String>,
    has_ended: bool,
}

/// The lock of a deployment, held without a run.
#[derive(Debug)]
pub struct Claim {
    // Held for its lock, as that of a run is.
    _lock: std::fs::File,
}

impl Journal {
    /// Begins a run.
    ///
    /// # Errors
    ///
    /// [`JournalError::Locked`] when another gwinfra works on the deployment from this directory.
    pub fn begin(&self, command: &str, bundle_sha256: &str, now: jiff::Timestamp) -> Result<Run, JournalError> {
        let runs = self.directory.join("runs");
        fs_err::create_dir_all(&runs).map_err(|source| JournalError::Write { path: runs.clone(), source })?;
        let lock = self.lock(&now.to_string())?;
        let mut unique = uuid::Uuid::new_v4().simple().to_string();
        unique.truncate(8);
        let id = format!("{}-{unique}", now.strftime("%Y%m%dT%H%M%S%6fZ"));
        let path = runs.join(format!("{id}.jsonl"));
        let file = fs_err::OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(&path)
            .map_err(|source| JournalError::Write { path: path.clone(), source })?;
        sync_directory(&runs).map_err(|source| JournalError::Write { path: runs, source })?;
        let run = Run {
            id: id.clone(),
            path,
            file: std::sync::Mutex::new(file),
            progress: std::sync::Mutex::default(),
            cancel: None,
            _lock: lock,
        };
        run.write(&Record::RunStarted {
            run: id,
            at: now.to_string(),
            command: command.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            bundle_sha256: bundle_sha256.to_owned(),
        })?;
        Ok(run)
    }

    /// Holds the deployment for whoever waits for what an earlier run has begun, until the claim is dropped. Nothing that is at
    /// work is its own: it is no [`Journal::holder`].
    ///
    /// # Errors
    ///
    /// [`JournalError::Locked`] when another gwinfra works on the deployment from this directory.
    pub fn claim(&self, now: jiff::Timestamp) -> Result<Claim, JournalError> {
        fs_err::create_dir_all(&self.directory)
            .map_err(|source| JournalError::Write { path: self.directory.clone(), source })?;
        Ok(Claim { _lock: self.lock(&format!("{now} {WAITS}"))? })
    }

    fn lock(&self, since: &str) -> Result<std::fs::File, JournalError> {
        let path = self.directory.join("lock");
        let failed = |source| JournalError::Write { path: path.clone(), source };
        let file = fs_err::OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        let file = file.into_parts().0;
        if !try_lock(&file).map_err(failed)? {
            let holder = fs_err::read_to_string(&path).unwrap_or_default();
            let mut words = holder.split_whitespace();
            return Err(JournalError::Locked {
                prefix: self.prefix.clone(),
                process: words.next().unwrap_or("unknown").to_owned(),
                since: words.next().unwrap_or("an unknown time").to_owned(),
            });
        }
        file.set_len(0).map_err(failed)?;
        (&file).write_all(format!("{} {since}\n", std::process::id()).as_bytes()).map_err(failed)?;
        Ok(file)
    }
}

impl Run {
    /// The same, which writes how it ended when a signal ends it while something is under way: its future is dropped then, and
    /// nothing else in it gets to write.
    #[must_use]
    pub fn stoppable(mut self, cancel: Cancel) -> Self {
        self.cancel = Some(cancel);
        self
    }

    /// Appends a record and waits until it is on disk.
    pub fn write(&self, record: &Record) -> Result<(), JournalError> {
        let failed = |source| JournalError::Write { path: self.path.clone(), source };
        let mut line = serde_json::to_vec(record).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.write_all(&line).and_then(|()| file.sync_data()).map_err(failed)?;
        drop(file);
        self.progress.lock().unwrap_or_else(std::sync::PoisonError::into_inner).note(record);
        Ok(())
    }
}

impl Under {
    fn note(&mut self, record: &Record) {
        match record {
            Record::StepStarted { step, .. } | Record::Executing { step, .. } => {
                if !self.steps.contains(step) {
                    self.steps.push(step.clone());
                }
            }
            Record::StepFinished { step, .. } | Record::StepFailed { step, .. } | Record::StepStopped { step, .. } => {
                self.steps.retain(|other| other != step);
            }
            Record::RunFinished { .. } => self.has_ended = true,
            Record::RunStarted { .. } => {}
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let is_stopped = self.cancel.as_ref().is_some_and(|cancel| cancel.stage() > Cancelled::No);
        let under = std::mem::take(self.progress.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner));
        if !is_stopped || under.has_ended {
            return;
        }
        // A journal that cannot be written any more is read as that of a run that was cut off.
        for step in under.steps {
            let _ = self.write(&Record::StepStopped { step, at: now() });
        }
        let _ = self.write(&Record::RunFinished { at: now(), result: STOPPED.to_owned() });
    }
}

/// How long a lock is waited for that a mere reader may hold.
const READERS: std::time::Duration = std::time::Duration::from_millis(200);

/// Takes the lock of a file; false when somebody else holds it. Whoever only asks whether it is held holds it for a moment: that
/// one is waited for.
///
/// # Errors
/// When the file system knows no locks.
pub(in crate::engine) fn try_lock(file: &std::fs::File) -> std::io::Result<bool> {
    let begun = std::time::Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => {}
        }
        if begun.elapsed() >= READERS {
            return Ok(false);
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Whether somebody else holds the lock of a file. Where nothing can be locked, nobody does.
pub(in crate::engine) fn is_locked(file: &std::fs::File) -> bool {
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> jiff::Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    #[test]
    fn a_reader_that_holds_the_lock_for_a_moment_is_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path(), "acme");
        drop(journal.begin("apply", "digest", now()).unwrap());
        let reader = std::fs::File::open(journal.directory.join("lock")).unwrap();
        reader.try_lock_shared().unwrap();
        let read = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(50));
            drop(reader);
        });
        assert!(journal.begin("apply", "digest", now()).is_ok());
        read.join().unwrap();
    }

    #[test]
    fn a_second_run_on_the_same_deployment_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path(), "acme");
        let _first = journal.begin("apply", "digest", now()).unwrap();
        assert!(matches!(journal.begin("apply", "digest", now()), Err(JournalError::Locked { .. })));
    }

    #[test]
    fn who_claims_a_deployment_keeps_runs_from_beginning() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path(), "acme");
        let claim = journal.claim(now()).unwrap();
        assert!(matches!(journal.begin("apply", "digest", now()), Err(JournalError::Locked { .. })));
        drop(claim);
        assert!(journal.begin("apply", "digest", now()).is_ok());
    }

    #[test]
    fn two_deployments_do_not_lock_each_other() {
        let directory = tempfile::tempdir().unwrap();
        let _first = Journal::new(directory.path(), "acme").begin("apply", "digest", now()).unwrap();
        assert!(Journal::new(directory.path(), "other").begin("apply", "digest", now()).is_ok());
    }
}
