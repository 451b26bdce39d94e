//! Terraform at work on root modules: followed to its end, or asked to stop.

use super::diagnostic::Subject;
use super::directory::WorkDirectory;
use super::message::{Finding, Message};
use super::progress::Progress;
use super::{LockInfo, TerraformEngine};
use crate::engine::{EngineError, EventKind, StackFailure, Underway};
use crate::render::Bundle;

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
                let reachable = holder.is_some() || directory.child().is_some();
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
                found.push(underway("locked", Some(lock.created), Some(lock.who), path, Some(fixed)));
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
        let modules = self.known_modules(bundle)?;
        let mut failures = Vec::new();
        for one in underway {
            let Some(module) = modules.iter().find(|module| module.key == one.key) else { continue };
            let directory = self.work_directory(bundle, module);
            let subject = Subject { module, directory: &directory };
            if one.status == "locked" {
                let lock = self.lock_of(bundle, module).await?;
                match lock {
                    Some(lock) => {
                        let lock =
                            LockInfo { id: lock.id, who: lock.who, created: lock.created, ..LockInfo::default() };
                        return Err(self.locked(subject, lock));
                    }
                    None => continue,
                }
            }
            failures.extend(self.follow_module(bundle, subject).await?);
        }
        if failures.is_empty() {
            return Ok(());
        }
        let partial = failures.iter().all(|failure| failure.account != self.hub.account);
        Err(EngineError::Failed { failures, not_started: Vec::new(), partial })
    }

    async fn follow_module(&self, bundle: &Bundle, subject: Subject<'_>) -> Result<Option<StackFailure>, EngineError> {
        let key = &subject.module.key;
        let mut progress = Progress::new(self, bundle, key);
        let mut findings: Vec<Finding> = Vec::new();
        let ended = self
            .follow_other(subject.directory, |message: &Message| {
                progress.take(message);
                findings.extend(message.diagnostic.clone().filter(Finding::is_error));
            })
            .await?;
        if !ended {
            let left = format!("Terraform goes on in {}", subject.directory.path().display());
            return Err(EngineError::Cancelled(vec![left]));
        }
        progress.finish();
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
        if let Some(holder) = &holder {
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
        match self.follow_all(bundle, &stoppable).await {
            // To end in part is what was asked for.
            Err(EngineError::Failed { .. }) => Ok(()),
            other => other,
        }
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
