//! Brings stacks out of the statuses in which nothing else can be done.

use super::apply::{StepError, token};
use super::delete::{Doomed, delete};
use super::outcome;
use super::skipped::{events_of_update, not_undone};
use super::stack_set::Progress;
use super::watch::Watch;
use super::{CloudFormationEngine, now};
use crate::aws::cloudformation::{CloudFormation, RollbackContinuation, Stack, StackResource};
use crate::diagnose::is_echo;
use crate::engine::at_once::at_once;
use crate::engine::journal::{Record, Run};
use crate::engine::{
    ACCOUNTS_AT_ONCE, Blocker, EngineError, EventKind, Patient, RecoverOptions, Remedy, StackFailure, preflight,
};
use crate::render::{Bundle, RenderedStack};

/// The remedy for a status; `None` for a stack that is well.
fn remedy(status: &str) -> Option<Remedy> {
    Some(match status {
        "REVIEW_IN_PROGRESS" => Remedy::RemoveShell,
        "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "DELETE_FAILED" => Remedy::Delete,
        "CREATE_FAILED" | "UPDATE_FAILED" => Remedy::RollBack,
        "UPDATE_ROLLBACK_FAILED" => Remedy::ContinueRollback,
        // Neither goes on nor back, and what was imported may hold data.
        "IMPORT_ROLLBACK_FAILED" => Remedy::Leave,
        status if status.ends_with("_IN_PROGRESS") => Remedy::Wait,
        _ => return None,
    })
}

impl CloudFormationEngine {
    /// Finds the stacks that need recovering. Changes nothing.
    ///
    /// # Errors
    ///
    /// When AWS cannot be asked.
    pub async fn patients(&self, bundle: &Bundle) -> Result<Vec<Patient>, EngineError> {
        let asked = at_once(ACCOUNTS_AT_ONCE, bundle.stacks.iter().map(|stack| self.patient(stack))).await;
        let found = asked.into_iter().zip(&bundle.stacks).map(|(asked, rendered)| match asked {
            Err(error) => match preflight::of_account(bundle, &rendered.target, &error) {
                // One that cannot be asked keeps none of the others from being recovered.
                Some(reason) => Ok(Some(unknown(rendered, reason))),
                None => Err(error),
            },
            found => found,
        });
        found.filter_map(Result::transpose).collect()
    }

    async fn patient(&self, rendered: &RenderedStack) -> Result<Option<Patient>, EngineError> {
        let session = self.session(&rendered.target);
        let Some(found) = session.cloudformation().stack(&rendered.name).await? else { return Ok(None) };
        let Some(remedy) = remedy(&found.status) else { return Ok(None) };
        let protected = self.protected_by_first_create(rendered, &found).await?;
        let blockers = blockers(session.cloudformation(), &found).await?;
        Ok(Some(Patient {
            key: rendered.key.clone(),
            name: found.name,
            account: rendered.target.account.clone(),
            status: found.status,
            reason: found.reason,
            remedy,
            stack_id: found.id,
            protected,
            blockers,
        }))
    }

    /// Applies the remedies, one stack after the other in the opposite order of their making.
    ///
    /// # Errors
    ///
    /// [`EngineError::Failed`] when a stack is still not well.
    pub async fn recover(
        &self,
        bundle: &Bundle,
        patients: &[Patient],
        options: &RecoverOptions,
    ) -> Result<(), EngineError> {
        let run = self.journal.begin("recover", &bundle.digest, jiff::Timestamp::now())?.stoppable(self.cancel.clone());
        let mut failures = Vec::new();
        for patient in patients.iter().rev() {
            let Some(rendered) = bundle.stacks.iter().find(|stack| stack.key == patient.key) else { continue };
            let step = format!("recover {}", patient.key);
            run.write(&Record::StepStarted { step: step.clone(), at: now() })?;
            self.emit(Some(&patient.key), EventKind::StepStarted { step: step.clone() });
            match self.treat(rendered, patient, options, &run).await {
                Ok(result) => {
                    run.write(&Record::StepFinished { step: step.clone(), at: now(), result: result.clone() })?;
                    self.emit(Some(&patient.key), EventKind::StepFinished { step, result });
                }
                Err(StepError::Stack(failure)) => {
                    let reason = failure.reason.clone().unwrap_or_else(|| failure.status.clone());
                    run.write(&Record::StepFailed { step: step.clone(), at: now(), reason })?;
                    self.emit(Some(&patient.key), EventKind::StepFailed { step, reason: failure.status.clone() });
                    failures.push(*failure);
                }
                Err(StepError::Engine(error)) => return Err(error),
            }
        }
        let result = if failures.is_empty() { "succeeded" } else { "failed" };
        run.write(&Record::RunFinished { at: now(), result: result.to_owned() })?;
        if failures.is_empty() {
            Ok(())
        } else {
            Err(EngineError::Failed { failures, not_started: Vec::new(), partial: false })
        }
    }

    async fn treat(
        &self,
        rendered: &RenderedStack,
        patient: &Patient,
        options: &RecoverOptions,
        run: &Run,
    ) -> Result<String, StepError> {
        let session = self.session(&rendered.target);
        let client = session.cloudformation();
        let mine = token(&run.id, &format!("recover-{}", patient.key));
        let executing = Record::Executing {
            step: format!("recover {}", patient.key),
            at: now(),
            stack_id: patient.stack_id.clone(),
            change_set: None,
            token: mine.clone(),
        };
        let lifted = patient.protected.iter().filter(|resource| !options.retain.contains(&resource.logical_id));
        self.lift(&patient.key, &rendered.target, lifted, &mine).await?;
        match patient.remedy {
            Remedy::RemoveShell => {
                self.remove_shell(rendered, &patient.stack_id).await?;
                return Ok("deleted".to_owned());
            }
            Remedy::Delete => {
                let doomed = Doomed {
                    key: &patient.key,
                    name: &patient.name,
                    target: rendered.target.clone(),
                    rendered: Some(rendered),
                    retain: options.retain.clone(),
                    force: options.force,
                };
                let done = delete(self, run, &doomed).await?;
                return Ok(match self.left_behind(rendered, &patient.stack_id).await? {
                    left if left.is_empty() => done,
                    left => format!("{done}; left behind, and yours to delete: {}", left.join(", ")),
                });
            }
            Remedy::RollBack => {
                run.write(&executing).map_err(EngineError::from)?;
                client.rollback_stack(&patient.stack_id, &mine).await.map_err(EngineError::from)?;
            }
            Remedy::ContinueRollback => {
                run.write(&executing).map_err(EngineError::from)?;
                let continuation = continuation(patient, options);
                let left_out = match continuation.force {
                    true => patient.blockers.iter().map(|blocker| blocker.logical_id.clone()).collect(),
                    false => continuation.skip.iter().cloned().collect(),
                };
                self.journal.remember_skipped(&patient.stack_id, left_out).map_err(EngineError::from)?;
                client
                    .continue_update_rollback(&patient.stack_id, &mine, &continuation)
                    .await
                    .map_err(EngineError::from)?;
            }
            // Nothing that could be done, or Terraform's.
            Remedy::Leave | Remedy::Ask | Remedy::Wait | Remedy::ReleaseLock | Remedy::PushState | Remedy::Apply => {
                return Ok("left as it is".to_owned());
            }
        }
        let watch = Watch {
            engine: self,
            client,
            rendered: Some(rendered),
            key: &patient.key,
            stack_id: &patient.stack_id,
            before: &patient.status,
            token: &mine,
            since: None,
        };
        let sets = Progress::begin(self, client, Some(rendered), &patient.key).await;
        let rest = watch.to_rest(sets).await?;
        let well = |stack: &Stack| {
            remedy(&stack.status).is_none_or(|remedy| remedy == Remedy::Delete && stack.status == "ROLLBACK_COMPLETE")
        };
        match &rest.stack {
            None => Ok("deleted".to_owned()),
            Some(stack) if well(stack) => Ok(stack.status.clone()),
            Some(stack) => {
                Err(StepError::Stack(Box::new(outcome::failure(rendered, &rest, None).unwrap_or(StackFailure {
                    stack: stack.name.clone(),
                    account: patient.account.clone(),
                    status: stack.status.clone(),
                    rolled_back: false,
                    causes: rest.causes.clone(),
                    reason: stack.reason.clone(),
                    next: "gwinfra recover".to_owned(),
                }))))
            }
        }
    }
}

impl CloudFormationEngine {
    /// What a deleted stack has left: type and identifier.
    async fn left_behind(&self, rendered: &RenderedStack, stack_id: &str) -> Result<Vec<String>, StepError> {
        let session = self.session(&rendered.target);
        let resources = session.cloudformation().resources(stack_id).await.map_err(EngineError::from)?;
        let left = resources
            .into_iter()
            .filter(|resource| matches!(resource.status.as_str(), "DELETE_SKIPPED" | "DELETE_FAILED"));
        Ok(left
            .map(|resource| {
                let id = resource.physical_id.unwrap_or_else(|| resource.logical_id.clone());
                format!("{} {id}", resource.resource_type)
            })
            .collect())
    }
}

/// A stack of which nothing is known.
fn unknown(rendered: &RenderedStack, reason: String) -> Patient {
    Patient {
        key: rendered.key.clone(),
        name: rendered.name.clone(),
        account: rendered.target.account.clone(),
        status: "not reached".to_owned(),
        reason: Some(reason),
        remedy: Remedy::Ask,
        stack_id: String::new(),
        protected: Vec::new(),
        blockers: Vec::new(),
    }
}

/// How the rollback of a stack goes on. Only what it could not undo may be left out.
fn continuation(patient: &Patient, options: &RecoverOptions) -> RollbackContinuation {
    let may = |id: &&String| patient.blockers.iter().any(|blocker| blocker.logical_id == **id);
    RollbackContinuation { skip: options.skip.iter().filter(may).cloned().collect(), force: options.force_rollback }
}

/// The resources that stand in the way of a rollback or a deletion.
async fn blockers(client: &CloudFormation, stack: &Stack) -> Result<Vec<Blocker>, EngineError> {
    let undone = match stack.status.as_str() {
        "UPDATE_ROLLBACK_FAILED" => not_undone(&events_of_update(client, &stack.id).await?, &stack.id),
        "DELETE_FAILED" | "ROLLBACK_FAILED" => None,
        _ => return Ok(Vec::new()),
    };
    let resources = client.resources(&stack.id).await?.into_iter();
    Ok(resources
        .filter(|resource| stands_in_the_way(&stack.status, resource))
        .filter(|resource| undone.as_ref().is_none_or(|ids| ids.contains(&resource.logical_id)))
        .map(|resource| Blocker {
            logical_id: resource.logical_id,
            resource_type: resource.resource_type,
            physical_id: resource.physical_id,
            reason: resource.reason,
        })
        .collect())
}

/// Whether a resource is why a stack is in that status. Of a rollback only what it could not undo may be left out: AWS refuses
/// to skip what is in the same status because it was cancelled.
fn stands_in_the_way(status: &str, resource: &StackResource) -> bool {
    match status {
        "UPDATE_ROLLBACK_FAILED" => {
            resource.status == "UPDATE_FAILED" && !resource.reason.as_deref().is_some_and(is_echo)
        }
        _ => resource.status == "DELETE_FAILED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::cloudformation::status_table::{STATUSES, Verdict};

    #[test]
    fn every_status_that_needs_recover_has_a_remedy() {
        for row in STATUSES.iter().filter(|row| row.apply == Verdict::Recover) {
            assert!(remedy(row.status).is_some_and(|remedy| remedy != Remedy::Wait), "{}", row.status);
        }
    }

    #[test]
    fn what_was_only_cancelled_does_not_stand_in_the_way_of_a_rollback() {
        let resource = |status: &str, reason: &str| StackResource {
            logical_id: "Service".to_owned(),
            physical_id: None,
            resource_type: "AWS::ECS::Service".to_owned(),
            status: status.to_owned(),
            reason: Some(reason.to_owned()),
            updated: None,
        };
        let stands = |resource: &StackResource| stands_in_the_way("UPDATE_ROLLBACK_FAILED", resource);
        assert!(stands(&resource("UPDATE_FAILED", "Resource handler returned message: \"still failing\"")));
        assert!(!stands(&resource("UPDATE_FAILED", "Resource update cancelled")));
        assert!(!stands(&resource("UPDATE_COMPLETE", "")));
    }

    #[test]
    fn a_stack_that_is_well_needs_nothing() {
        assert_eq!(remedy("UPDATE_COMPLETE"), None);
        assert_eq!(remedy("UPDATE_ROLLBACK_COMPLETE"), None);
    }
}
