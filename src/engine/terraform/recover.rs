//! Brings root modules out of what a killed run has left.

use serde::Deserialize;

use super::diagnostic::{Subject, release};
use super::left_lock::was_left;
use super::{LockInfo, TerraformEngine};
use crate::engine::journal::Record;
use crate::engine::{EngineError, EventKind, Patient, Remedy, now};
use crate::render::{Bundle, ModuleState, RenderedModule, Target};

/// A lock object beside a state in S3.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct LockObject {
    #[serde(rename = "ID")]
    pub id: String,
    pub who: String,
    pub created: String,
}

impl TerraformEngine {
    /// Finds what needs recovering. Changes nothing.
    ///
    /// # Errors
    /// When a state cannot be read or AWS cannot be asked.
    pub(super) async fn find_patients(&self, bundle: &Bundle) -> Result<Vec<Patient>, EngineError> {
        let mut patients = Vec::new();
        for module in &self.known_modules(bundle)? {
            let directory = self.work_directory(bundle, module);
            let patient = |status: &str, reason: Option<String>, remedy: Remedy, id: String| Patient {
                key: module.key.clone(),
                name: module.key.clone(),
                account: module.target.account.clone(),
                status: status.to_owned(),
                reason,
                remedy,
                stack_id: id,
                protected: Vec::new(),
                blockers: Vec::new(),
            };
            let path = directory.path().display().to_string();
            if self.busy(&directory) {
                patients.push(patient("worked on by Terraform of an earlier run", None, Remedy::Wait, path));
                continue;
            }
            if let Some(lock) = self.lock_of(bundle, module).await? {
                let reason = format!("held since {} by {}", lock.created, lock.who);
                if !was_left(&directory, &lock) {
                    // Whoever holds it may be at work: only they can tell.
                    let info = LockInfo { id: lock.id.clone(), ..LockInfo::default() };
                    let reason = format!("{reason}; if that is gone for certain: {}", release(&directory, &info));
                    patients.push(patient("locked", Some(reason), Remedy::Wait, lock.id));
                    continue;
                }
                patients.push(patient("locked", Some(reason), Remedy::ReleaseLock, lock.id));
            }
            if directory.errored_state().exists() {
                let reason = format!("its newest state is in {}", directory.errored_state().display());
                patients.push(patient("without its newest state", Some(reason), Remedy::PushState, path));
                continue;
            }
            let state = self.read_state(Subject { module, directory: &directory }).await?.unwrap_or_default();
            let tainted: Vec<String> =
                state.managed().filter(|(_, tainted)| *tainted).map(|(address, _)| address).collect();
            if !tainted.is_empty() {
                let reason = format!("not made to the end: {}", tainted.join(", "));
                patients.push(patient("applied in part", Some(reason), Remedy::Apply, path));
            }
        }
        Ok(patients)
    }

    /// The lock of a state in S3, whoever holds it.
    pub(super) async fn lock_of(
        &self,
        bundle: &Bundle,
        module: &RenderedModule,
    ) -> Result<Option<LockObject>, EngineError> {
        let ModuleState::S3 { bucket, key, region, .. } = &module.state else { return Ok(None) };
        let hub = &bundle.deployment.hub;
        let target = Target { region: region.clone(), ..hub.clone() };
        let text = self.clients.session(&target).s3().text(bucket, &format!("{key}.tflock")).await?;
        Ok(text.and_then(|text| serde_json::from_str::<LockObject>(&text).ok()))
    }

    /// Applies the remedies.
    ///
    /// # Errors
    /// When Terraform refuses one of them.
    pub(super) async fn treat(&self, bundle: &Bundle, patients: &[Patient]) -> Result<(), EngineError> {
        let run = self.journal.begin("recover", &bundle.digest, jiff::Timestamp::now())?.stoppable(self.cancel.clone());
        let modules = self.known_modules(bundle)?;
        let mut result = Ok(());
        for patient in patients {
            let Some(module) = modules.iter().find(|module| module.key == patient.key) else { continue };
            let directory = self.work_directory(bundle, module);
            let subject = Subject { module, directory: &directory };
            let step = format!("recover {}", patient.key);
            run.write(&Record::StepStarted { step: step.clone(), at: now() })?;
            self.emit(Some(&patient.key), EventKind::StepStarted { step: step.clone() });
            match self.remedy(subject, patient).await {
                Ok(done) => {
                    run.write(&Record::StepFinished { step: step.clone(), at: now(), result: done.clone() })?;
                    self.emit(Some(&patient.key), EventKind::StepFinished { step, result: done });
                }
                Err(error) => {
                    run.write(&Record::StepFailed { step: step.clone(), at: now(), reason: error.to_string() })?;
                    self.emit(Some(&patient.key), EventKind::StepFailed { step, reason: error.to_string() });
                    result = Err(error);
                    break;
                }
            }
        }
        let words = if result.is_ok() { "succeeded" } else { "failed" };
        run.write(&Record::RunFinished { at: now(), result: words.to_owned() })?;
        result
    }

    async fn remedy(&self, subject: Subject<'_>, patient: &Patient) -> Result<String, EngineError> {
        match patient.remedy {
            Remedy::ReleaseLock => {
                subject.directory.write(subject.module, None)?;
                self.init(subject.module, subject.directory).await?;
                let arguments = ["force-unlock", "-force", patient.stack_id.as_str()];
                match self.capture(subject.directory, &arguments).await? {
                    Ok(_) => {
                        subject.directory.remove("terraform.cut.jsonl")?;
                        Ok("lock released".to_owned())
                    }
                    Err(words) => Err(self.command_failed(subject, "force-unlock", &words)),
                }
            }
            Remedy::PushState => {
                self.prepare(subject).await?;
                Ok("state written".to_owned())
            }
            _ => Ok("left for the next apply".to_owned()),
        }
    }
}
