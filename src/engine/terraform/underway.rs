//! Terraform at work on root modules: followed to its end, or asked to stop.

use super::diagnostic::Subject;
use super::directory::WorkDirectory;
use super::message::{Finding, Message};
use super::process::cut_off;
use super::progress::Progress;
use super::{LockInfo, TerraformEngine};
use crate::engine::{Cancelled, Ends, EngineError, EventKind, LOOK_AGAIN, StackFailure, Underway};
use crate::render::Bundle;

/// Status of a root module whose state somebody works on elsewhere.
const LOCKED: &str = "locked";

impl TerraformEngine {
    /// The root modules that Terraform works on, from this directory or elsewhere. Changes nothing.
    ///
    /// # Errors
    /// When the lock of a state in S3 cannot be read.
    pub(super) async fn find_underway(&self, bundle: &Bundle) -> Result<Vec<Underway>, EngineError> {
        let mut found = Vec::new();
        let holder = self.journal.holder();
        for module in &self.known_modules(bundle)? {
            let directory = self.work_directory(bundle, module);
            let underway = |status: &str, since, who, id, fixed| Underway {
                key: module.key.clone(),
                name: module.key.clone(),
                account: module.target.account.clone(),
                status: status.to_owned(),
                since,
                who,
                id,
                fixed,
            };
            let path = directory.path().display().to_string();
            if self.busy(&directory) {
                let (since, who) = match &holder {
                    Some(holder) => (Some(holder.since.clone()), Some(format!("gwinfra (process {})", holder.process))),
                    None => (None, directory.child().map(|child| format!("process {child}, whose gwinfra is gone"))),
                };
                let asked = holder.as_ref().is_some_and(|holder| self.journal.was_asked(holder));
                let reachable = directory.child().is_some() && !asked;
                let fixed =
                    (!reachable).then(|| "it was asked to stop already, or its process is not known".to_owned());
                found.push(underway("worked on by Terraform", since, who, path, fixed));
                continue;
            }
            if let Some(lock) = self.lock_of(bundle, module).await? {
                let fixed = format!(
                    "whoever holds the lock has to stop it: {} (lock {}); if it is gone for certain, `gwinfra recover` or \
                     {}",
                    lock.who,
                    lock.id,
                    super::diagnostic::release(&directory, &LockInfo { id: lock.id.clone(), ..LockInfo::default() })
                );
                found.push(underway(LOCKED, Some(lock.created), Some(lock.who), path, Some(fixed)));
            }
        }
        Ok(found)
    }

    /// Follows Terraform until it is at work on none of the root modules. A signal leaves it alone and ends the watching.
    ///
    /// # Errors
    /// [`EngineError::Failed`] when it did not apply a root module whole; [`EngineError::StateLocked`] for one that
    /// somebody works on elsewhere; [`EngineError::Cancelled`] after a signal.
    pub(super) async fn follow_all(&self, bundle: &Bundle, underway: &[Underway]) -> Result<(), EngineError> {
        let mut ends = Ends::default();
        self.follow_each(bundle, underway, &mut ends).await?;
        // A gwinfra that lives goes on to the next root module.
        while let Some(holder) = self.journal.holder() {
            let mut found = match self.find_underway(bundle).await {
                Ok(found) => found,
                Err(error) => {
                    ends.take(Err(error));
                    break;
                }
            };
            found.retain(|one| one.status != LOCKED);
            self.follow_each(bundle, &found, &mut ends).await?;
            tokio::select! {
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = self.cancel.reached(Cancelled::Stop) => {
                    let left = format!("gwinfra (process {}) goes on", holder.process);
                    ends.take(Err(EngineError::Cancelled(vec![left])));
                    break;
                }
            }
        }
        ends.finish(&self.hub.account, |text| self.say(None, text))
    }

    async fn follow_each(&self, bundle: &Bundle, underway: &[Underway], ends: &mut Ends) -> Result<(), EngineError> {
        let modules = self.known_modules(bundle)?;
        for one in underway {
            let Some(module) = modules.iter().find(|module| module.key == one.key) else { continue };
            let directory = self.work_directory(bundle, module);
            let subject = Subject { module, directory: &directory };
            if one.status == LOCKED {
                ends.take(match self.lock_of(bundle, module).await {
                    Ok(Some(lock)) => {
                        let lock =
                            LockInfo { id: lock.id, who: lock.who, created: lock.created, ..LockInfo::default() };
                        Err(self.locked(subject, lock))
                    }
                    other => other.map(|_| None),
                });
                continue;
            }
            ends.take(self.follow_module(bundle, subject).await);
        }
        Ok(())
    }

    async fn follow_module(&self, bundle: &Bundle, subject: Subject<'_>) -> Result<Option<StackFailure>, EngineError> {
        let key = &subject.module.key;
        let mut progress = Progress::new(self, bundle, key);
        let mut findings: Vec<Finding> = Vec::new();
        let mut whole = false;
        let ended = self
            .follow_other(subject.directory, |message: &Message| {
                progress.take(message);
                whole = is_whole(whole, message);
                findings.extend(message.diagnostic.clone().filter(Finding::is_error));
            })
            .await?;
        if !ended {
            let left = format!("Terraform goes on in {}", subject.directory.path().display());
            return Err(EngineError::Cancelled(vec![left]));
        }
        progress.finish();
        if findings.is_empty() && !whole {
            findings.push(cut_off(subject.directory, "Terraform ended before it was done".to_owned()));
        }
        let errored = subject.directory.errored_state();
        if errored.exists() {
            let causes = findings.iter().map(|finding| self.failure(subject, finding)).collect();
            return Ok(Some(StackFailure {
                status: "without its newest state".to_owned(),
                reason: Some(format!("Terraform could not write the state, and left it in {}", errored.display())),
                next: "gwinfra recover".to_owned(),
                ..self.stack_failure(subject, causes)
            }));
        }
        if findings.is_empty() {
            self.say(Some(key), "Terraform has ended");
            return Ok(None);
        }
        let causes = findings.iter().map(|finding| self.failure(subject, finding)).collect();
        Ok(Some(self.stack_failure(subject, causes)))
    }

    /// Asks Terraform to stop that works on root modules from this directory: one SIGINT, after which it ends by itself
    /// and writes its state. Follows it to its end.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub(super) async fn cancel_all(&self, bundle: &Bundle, underway: &[Underway]) -> Result<(), EngineError> {
        let stoppable: Vec<Underway> = underway.iter().filter(|one| one.fixed.is_none()).cloned().collect();
        let holder = self.journal.holder();
        let unasked = holder.as_ref().filter(|holder| !self.journal.was_asked(holder));
        if let Some(holder) = unasked.filter(|_| !stoppable.is_empty()) {
            // A second signal would make it leave.
            self.journal.remember_asked(holder)?;
            // It passes the signal on, once.
            interrupt_process(&holder.process);
            let text = format!("asked gwinfra (process {}) to stop: Terraform ends what it has begun", holder.process);
            self.emit(None, EventKind::Message { text });
        }
        for one in &stoppable {
            let Some(module) = self.known_modules(bundle)?.into_iter().find(|module| module.key == one.key) else {
                continue;
            };
            let directory = self.work_directory(bundle, &module);
            if holder.is_none()
                && let Some(child) = directory.child()
            {
                // A second SIGINT would keep the state from being written: it is not sent again.
                directory.remove("terraform.pid")?;
                interrupt_group(child);
                self.say(Some(&module.key), format!("asked Terraform (process {child}) to stop"));
            }
        }
        let mut ends = Ends::default();
        self.follow_each(bundle, &stoppable, &mut ends).await?;
        // To end in part is what was asked for.
        ends.retain(|_| false);
        ends.finish(&self.hub.account, |text| self.say(None, text))
    }
}

/// Whether a stream is at its end after a message, and not in the middle of something.
pub(super) fn is_whole(whole: bool, message: &Message) -> bool {
    match message.kind.as_str() {
        "change_summary" | "init_output" => true,
        "version" => false,
        _ => whole && message.hook.is_none(),
    }
}

impl WorkDirectory {
    /// The process of the child that was started last in the directory, if it still lives and was not asked to stop.
    pub(super) fn child(&self) -> Option<i32> {
        let text = fs_err::read_to_string(self.path().join("terraform.pid")).ok()?;
        let process: i32 = text.trim().parse().ok()?;
        let pid = rustix::process::Pid::from_raw(process)?;
        // It leads a group of its own; a process that got its number later would not.
        (rustix::process::getpgid(Some(pid)).ok()? == pid).then_some(process)
    }
}

fn interrupt_process(process: &str) {
    let pid = process.parse().ok().and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        // One that has just ended needs no signal.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
    }
}

fn interrupt_group(process: i32) {
    if let Some(pid) = rustix::process::Pid::from_raw(process) {
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::INT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(lines: &[&str]) -> bool {
        lines.iter().filter_map(|line| Message::parse(line)).fold(false, |whole, message| is_whole(whole, &message))
    }

    #[test]
    fn a_stream_without_its_summary_was_cut_off() {
        let (begin, summary) = (r#"{"type":"version"}"#, r#"{"type":"change_summary"}"#);
        let hook = r#"{"type":"apply_start","hook":{"action":"create"}}"#;
        assert!(whole(&[begin, hook, summary, r#"{"type":"outputs"}"#]));
        assert!(!whole(&[begin, hook]));
        assert!(!whole(&[begin, summary, hook]));
        assert!(!whole(&[]));
    }
}
