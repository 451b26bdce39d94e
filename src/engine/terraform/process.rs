//! Runs Terraform as a child.
//!
//! The streams of a child that may change something go to a file, which gwinfra follows: a pipe would break with the
//! process that reads it, and its writer would end before it has written the state. The file is locked by the child, so
//! that a later run knows whether it is still at work.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use super::TerraformEngine;
use super::directory::WorkDirectory;
use super::environment::AUTOMATION;
use super::message::{Finding, Message, Planned};
use crate::engine::{Cancelled, EngineError, journal};

/// How long is waited before the file is looked at again.
const LOOK: Duration = Duration::from_millis(50);

/// How a child ended that was followed.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it found, errors and warnings.
    pub findings: Vec<Finding>,
    /// What it plans for each resource, when it makes a plan.
    pub planned: Vec<Planned>,
    /// Whether it was asked to stop.
    pub interrupted: bool,
}

impl Ended {
    /// The errors.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.is_error())
    }
}

impl TerraformEngine {
    async fn command(&self, directory: &WorkDirectory, arguments: &[&str]) -> Result<Command, EngineError> {
        let program = self.binary.find().await?;
        let mut command = Command::new(&program.path);
        command
            .args(arguments)
            .current_dir(directory.path())
            .envs(AUTOMATION)
            .envs(&self.environment.variables)
            .env("TF_PLUGIN_CACHE_DIR", self.plugin_cache(directory)?)
            .stdin(Stdio::null())
            // Ctrl-C reaches the whole group of a terminal: the child hears of it from gwinfra, once.
            .process_group(0);
        Ok(command)
    }

    fn plugin_cache(&self, directory: &WorkDirectory) -> Result<OsString, EngineError> {
        let own =
            || std::path::absolute(&self.directory).unwrap_or_else(|_| self.directory.clone()).join("plugin-cache");
        let cache = self.environment.plugin_cache.clone().unwrap_or_else(own);
        // Terraform refuses a cache that is not there.
        fs_err::create_dir_all(&cache).map_err(|source| directory.failed(source))?;
        Ok(cache.into_os_string())
    }

    /// Runs a command that only reads, or changes a state at once, and gives what it prints.
    ///
    /// # Errors
    /// What it says on its standard error, when it fails.
    pub(super) async fn capture(
        &self,
        directory: &WorkDirectory,
        arguments: &[&str],
    ) -> Result<Result<Vec<u8>, String>, EngineError> {
        let mut command = self.command(directory, arguments).await?;
        let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().await;
        let output = output.map_err(|source| directory.failed(source))?;
        if output.status.success() {
            return Ok(Ok(output.stdout));
        }
        let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Ok(Err(if words.is_empty() { output.status.to_string() } else { words }))
    }

    /// Runs a command with a `-json` stream and follows it to its end. The first signal is passed on once, and the
    /// child then ends by itself.
    ///
    /// # Errors
    /// [`EngineError::Busy`] when an earlier child is still at work in the directory; [`EngineError::Cancelled`] after a
    /// second signal.
    pub(super) async fn follow(
        &self,
        directory: &WorkDirectory,
        arguments: &[&str],
        mut told: impl FnMut(&Message),
    ) -> Result<Ended, EngineError> {
        if self.cancel.stage() > Cancelled::No {
            return Err(EngineError::Cancelled(Vec::new()));
        }
        let failed = |source| directory.failed(source);
        let log = self.claim(directory)?;
        directory.forget_end()?;
        let errors = fs_err::File::create(directory.errors()).map_err(failed)?.into_parts().0;
        let mut command = self.command(directory, arguments).await?;
        let mut child = command.stdout(log).stderr(errors).spawn().map_err(failed)?;
        // The child alone holds the lock of the file from here on.
        drop(command);
        // For whoever wants it to stop when this process is gone.
        let process = child.id().map(|id| id.to_string()).unwrap_or_default();
        directory.put("terraform.pid", process.as_bytes())?;
        let mut lines = Lines::open(directory).map_err(failed)?;
        let mut ended = Ended::default();
        let mut take = |ended: &mut Ended| -> std::io::Result<()> {
            while let Some(line) = lines.next()? {
                let Some(message) = Message::parse(&line) else { continue };
                told(&message);
                ended.findings.extend(message.diagnostic);
                if message.kind == "planned_change" {
                    ended.planned.extend(message.change);
                }
            }
            Ok(())
        };
        loop {
            let wanted = if ended.interrupted { Cancelled::Leave } else { Cancelled::Stop };
            tokio::select! {
                status = child.wait() => {
                    ended.code = status.map_err(failed)?.code();
                    take(&mut ended).map_err(failed)?;
                    break;
                }
                () = tokio::time::sleep(LOOK) => take(&mut ended).map_err(failed)?,
                () = self.cancel.reached(wanted) => {
                    if ended.interrupted {
                        return Err(EngineError::Cancelled(vec![self.left(directory, &child)]));
                    }
                    ended.interrupted = true;
                    // Whoever cancels later must not send a second signal.
                    let forgotten = directory.remove("terraform.pid");
                    interrupt(&child);
                    forgotten?;
                }
            }
        }
        if let Some(code) = ended.code {
            directory.remember_end(code)?;
        }
        if ended.code != Some(0) && ended.errors().next().is_none() && !ended.interrupted {
            ended.findings.extend(crash(directory, ended.code));
        }
        Ok(ended)
    }

    /// Follows the child of another run from the beginning of its stream to its end, and says whether it has ended: a
    /// signal ends the watching and leaves the child alone.
    ///
    /// # Errors
    /// When the stream cannot be read.
    pub(super) async fn follow_other(
        &self,
        directory: &WorkDirectory,
        mut told: impl FnMut(&Message),
    ) -> Result<bool, EngineError> {
        let failed = |source| directory.failed(source);
        let mut lines = Lines::open(directory).map_err(failed)?;
        loop {
            // What it writes last comes before its end.
            let busy = self.busy(directory);
            lines.begin_again_if_emptied().map_err(failed)?;
            while let Some(line) = lines.next().map_err(failed)? {
                if let Some(message) = Message::parse(&line) {
                    told(&message);
                }
            }
            if !busy {
                return Ok(true);
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = self.cancel.reached(Cancelled::Stop) => return Ok(false),
            }
        }
    }

    fn left(&self, directory: &WorkDirectory, child: &Child) -> String {
        left(&directory.path().display().to_string(), child.id(), self.environment.is_ci)
    }

    /// The file for a child's output, empty and locked.
    fn claim(&self, directory: &WorkDirectory) -> Result<File, EngineError> {
        let path = directory.log();
        let file = fs_err::OpenOptions::new().create(true).append(true).open(&path);
        let file = file.map_err(|source| directory.failed(source))?.into_parts().0;
        if !journal::try_lock(&file).map_err(|source| directory.failed(source))? {
            return Err(EngineError::Busy { directory: directory.path().to_owned() });
        }
        directory.keep_cut_off()?;
        file.set_len(0).map_err(|source| directory.failed(source))?;
        Ok(file)
    }

    /// Whether a child of an earlier run is still at work in the directory.
    pub(super) fn busy(&self, directory: &WorkDirectory) -> bool {
        fs_err::File::open(directory.log()).is_ok_and(|file| journal::is_locked(&file.into_parts().0))
    }
}

/// What is said of a child that is left alone.
fn left(path: &str, process: Option<u32>, is_ci: bool) -> String {
    let process = process.map(|id| format!(" (process {id})")).unwrap_or_default();
    let goes_on = format!("Terraform{process} goes on with what it has begun in {path} and writes its state");
    if is_ci {
        return format!(
            "{goes_on}, unless the job's container ends now and takes it along: then its lock stays, and `gwinfra recover` \
             says what is left"
        );
    }
    goes_on
}

/// Sends the child, and the providers that it has started, one SIGINT: a second one would keep the state from being
/// written.
fn interrupt(child: &Child) {
    let process = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(process) = process {
        // A child that has just ended needs no signal.
        let _ = rustix::process::kill_process_group(process, rustix::process::Signal::INT);
    }
}

/// What is to be said of a child that ended without saying anything: it crashed, or could not read its own files.
fn crash(directory: &WorkDirectory, code: Option<i32>) -> Option<Finding> {
    match code {
        // Differences, as `-detailed-exitcode` has them.
        Some(2) => None,
        Some(code) => Some(cut_off(directory, format!("Terraform ended with {code}"))),
        None => Some(cut_off(directory, "Terraform was ended by a signal".to_owned())),
    }
}

/// An end that the stream does not tell of, with what stands on the standard error.
pub(super) fn cut_off(directory: &WorkDirectory, summary: String) -> Finding {
    let words = fs_err::read_to_string(directory.errors()).unwrap_or_default();
    let first: Vec<&str> = words.lines().map(str::trim).filter(|line| !line.is_empty()).take(6).collect();
    Finding { severity: "error".to_owned(), summary, detail: first.join(" "), ..Finding::default() }
}

/// The lines of a file that grows.
struct Lines {
    file: BufReader<File>,
    part: String,
    /// How much of the file was read.
    read: u64,
}

impl Lines {
    fn open(directory: &WorkDirectory) -> std::io::Result<Self> {
        let file = fs_err::File::open(directory.log())?.into_parts().0;
        Ok(Self { file: BufReader::new(file), part: String::new(), read: 0 })
    }

    /// Goes back to the beginning when the next child has taken the file over.
    fn begin_again_if_emptied(&mut self) -> std::io::Result<()> {
        if self.file.get_ref().metadata()?.len() < self.read {
            self.file.rewind()?;
            self.part.clear();
            self.read = 0;
        }
        Ok(())
    }

    /// The next whole line, if there is one yet.
    fn next(&mut self) -> std::io::Result<Option<String>> {
        let mut bytes = Vec::new();
        let length = self.file.read_until(b'\n', &mut bytes)?;
        self.read += u64::try_from(length).unwrap_or_default();
        self.part.push_str(&String::from_utf8_lossy(&bytes));
        Ok(self.part.ends_with('\n').then(|| std::mem::take(&mut self.part)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_may_end_with_its_container_is_not_said_to_go_on_for_certain() {
        assert!(left("d", Some(7), true).contains("unless the job's container ends now"));
        assert!(left("d", Some(7), false).ends_with("writes its state"));
    }

    #[test]
    fn the_stream_of_the_next_child_is_read_from_its_beginning() {
        let root = tempfile::tempdir().unwrap();
        let directory = WorkDirectory::new(root.path(), "acme", "hub");
        fs_err::create_dir_all(directory.path()).unwrap();
        fs_err::write(directory.log(), "one\ntwo\n").unwrap();
        let mut lines = Lines::open(&directory).unwrap();
        while lines.next().unwrap().is_some() {}
        fs_err::write(directory.log(), "new\n").unwrap();
        lines.begin_again_if_emptied().unwrap();
        assert_eq!(lines.next().unwrap().as_deref(), Some("new\n"));
    }
}
