//! A process of the gateway, in a group of its own.
//!
//! Its output goes to its log, which it keeps locked as long as any process of its group is alive: so who finds its group in
//! the state later knows that the group is still the same.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::process::{Child, Command};

use super::LocalError;
use super::directory::is_locked;

/// How much of a log is looked through for its last words.
const TAIL_BYTES: usize = 16 << 10;

/// How long children have that a process has left behind.
const ORPHANS: Duration = Duration::from_secs(2);
/// How long is waited before their log is looked at again.
const LOOK: Duration = Duration::from_millis(20);

/// A process that runs. Dropped, its whole group is killed.
#[derive(Debug)]
pub(super) struct Process {
    /// What it is.
    pub name: &'static str,
    /// Its log.
    pub log: PathBuf,
    child: Child,
    group: Pid,
}

impl Process {
    /// Starts a command in a group of its own.
    pub fn spawn(name: &'static str, mut command: Command, log: &Path) -> Result<Self, LocalError> {
        let failed = |source| LocalError::File { path: log.to_owned(), source };
        let file = fs_err::OpenOptions::new().create(true).append(true).open(log).map_err(failed)?.into_parts().0;
        file.try_lock().map_err(|error| failed(error.into()))?;
        file.set_len(0).map_err(failed)?;
        let errors = file.try_clone().map_err(failed)?;
        // Ctrl-C reaches the whole group of a terminal: the services hear of it from gwinfra, in order.
        command.stdin(Stdio::null()).stdout(file).stderr(errors).process_group(0);
        let program = PathBuf::from(command.as_std().get_program());
        let spawn = |source| LocalError::Spawn { program: program.clone(), source };
        let child = command.spawn().map_err(spawn)?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let group = group.ok_or_else(|| spawn(std::io::Error::other("it has no process id")))?;
        // The command holds the log's lock as well, and would hold it for ever.
        drop(command);
        Ok(Self { name, log: log.to_owned(), child, group })
    }

    /// The id of its group.
    pub fn group(&self) -> i32 {
        self.group.as_raw_nonzero().get()
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> std::io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// The error of a process that has ended by itself.
    pub fn failure(&self, status: &std::io::Result<ExitStatus>) -> LocalError {
        let status = match status {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        LocalError::Ended { name: self.name, status, words: last_words(&self.log), log: self.log.clone() }
    }

    /// Asks it to end, and then what it has left of its group. What is not gone when the time is over is killed.
    pub async fn stop(mut self, signal: Signal, patience: Duration) {
        // Only the first process: LiteLLM ends the engine of its database itself, once nothing is left to write.
        let _ = kill_process(self.group, signal);
        let ended = tokio::time::timeout(patience, self.child.wait()).await.is_ok();
        if ended && is_locked(&self.log) {
            let _ = kill_process_group(self.group, Signal::TERM);
            let deadline = tokio::time::Instant::now() + ORPHANS;
            while is_locked(&self.log) && tokio::time::Instant::now() < deadline {
                tokio::time::sleep(LOOK).await;
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A group that has ended is not signalled: its number may be somebody else's by now.
        if matches!(self.child.try_wait(), Ok(None)) || is_locked(&self.log) {
            let _ = kill_process_group(self.group, Signal::KILL);
        }
    }
}

/// The last line of a log that says something.
pub(super) fn last_words(log: &Path) -> Option<String> {
    let bytes = fs_err::read(log).ok()?;
    let tail = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(TAIL_BYTES)..]).into_owned();
    let lines: Vec<&str> = tail.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let told =
        lines.iter().rev().find(|line| line.contains("Error") || line.contains("ERROR") || line.contains("FATAL"));
    told.or(lines.last()).map(|line| line.chars().take(300).collect())
}
