//! Takes a deployment down, in the opposite order of its making.

use std::collections::BTreeMap;

use futures::StreamExt;

use super::apply::{StepError, finish};
use super::delete::{Doomed, delete};
use super::plan::lock;
use super::status_table::{self, Verdict};
use super::{CloudFormationEngine, now, protection};
use crate::aws::cloudformation::{Stack, StackResource};
use crate::cfn::template::Template;
use crate::engine::doomed::ONCE_ASKED;
use crate::engine::graph::{self, Ended, Step};
use crate::engine::journal::{Record, Run};
use crate::engine::{
    ACCOUNTS_AT_ONCE, Cancelled, DestroyOptions, DestroyPlan, DoomedResource, DoomedStack, EngineError, EventKind,
    Fate, UnreachedStack, preflight,
};
use crate::render::{Bundle, RenderedStack};

/// The next command for a stack of an account on which an operation is working.
const ONCE_AT_REST: &str =
    "gwinfra watch   follows the operation to its end; gwinfra destroy   takes the stack down then";

impl CloudFormationEngine {
    /// Finds out what a destroy would do. Changes nothing.
    ///
    /// # Errors
    ///
    /// [`EngineError::Locked`] when an operation is in progress in the hub.
    pub async fn plan_destroy(&self, bundle: &Bundle, options: &DestroyOptions) -> Result<DestroyPlan, EngineError> {
        let asked = futures::stream::iter(&bundle.stacks).map(|rendered| self.look_at(bundle, rendered, options));
        let asked: Vec<_> = asked.buffered(ACCOUNTS_AT_ONCE).collect().await;
        let mut plan = DestroyPlan::default();
        for (rendered, result) in bundle.stacks.iter().zip(asked) {
            match result {
                Ok(found) => plan.add(found),
                Err(error) => match preflight::of_account(bundle, &rendered.target, &error) {
                    Some(reason) => plan.unreached.push(UnreachedStack {
                        key: rendered.key.clone(),
                        name: rendered.name.clone(),
                        target: rendered.target.clone(),
                        reason,
                        next: if matches!(error, EngineError::Locked { .. }) { ONCE_AT_REST } else { ONCE_ASKED },
                    }),
                    None => return Err(error),
                },
            }
        }
        Ok(plan)
    }

    /// What would become of one stack.
    async fn look_at(
        &self,
        bundle: &Bundle,
        rendered: &RenderedStack,
        options: &DestroyOptions,
    ) -> Result<DestroyPlan, EngineError> {
        let mut plan = DestroyPlan::default();
        let session = self.session(&rendered.target);
        let Some(found) = session.cloudformation().stack(&rendered.name).await? else { return Ok(plan) };
        let row = status_table::lookup(&found.status);
        if row.destroy == Verdict::Locked {
            return Err(lock::locked(session.cloudformation(), &found).await);
        }
        let text = session.cloudformation().template(&found.id).await?.unwrap_or_default();
        let stack = self.doomed(bundle, rendered, &found, &text).await?;
        self.look_inside(rendered, &stack, &text, options, &mut plan).await?;
        plan.stacks.push(stack);
        Ok(plan)
    }

    async fn doomed(
        &self,
        bundle: &Bundle,
        rendered: &RenderedStack,
        found: &Stack,
        text: &str,
    ) -> Result<DoomedStack, EngineError> {
        let session = self.session(&rendered.target);
        let client = session.cloudformation();
        let fates = fates(text);
        let resources = client.resources(&found.id).await?;
        let resources = resources
            .into_iter()
            .filter(|resource| resource.status != "DELETE_COMPLETE")
            .map(|StackResource { logical_id, physical_id, resource_type, .. }| DoomedResource {
                fate: fates.get(&logical_id).copied().unwrap_or(Fate::Deleted),
                logical_id,
                resource_type,
                physical_id,
            })
            .collect();
        Ok(DoomedStack {
            key: rendered.key.clone(),
            name: found.name.clone(),
            target: rendered.target.clone(),
            status: found.status.clone(),
            resources,
            needed_by: bundle
                .stacks
                .iter()
                .filter(|other| other.dependencies().any(|key| key == rendered.key))
                .map(|other| other.key.clone())
                .collect(),
        })
    }

    async fn look_inside(
        &self,
        rendered: &RenderedStack,
        stack: &DoomedStack,
        text: &str,
        options: &DestroyOptions,
        plan: &mut DestroyPlan,
    ) -> Result<(), EngineError> {
        let session = self.session(&rendered.target);
        let needs_recover = status_table::lookup(&stack.status).apply == Verdict::Recover;
        for (logical_id, property) in protection::declared(text) {
            let address = rendered.address(&self.hub, &logical_id);
            // A stack that needs recovering takes no update.
            if needs_recover {
                plan.blockers.push(format!("{address} refuses to be deleted: run `gwinfra recover` first"));
                continue;
            }
            let place = (self.places)(&rendered.key, &logical_id, &[property.to_owned()]).into_iter().next();
            let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
            plan.blockers.push(format!(
                "{address} refuses to be deleted: switch its deletion protection off{place} and run `gwinfra apply` first"
            ));
        }
        for resource in stack.resources.iter().filter(|resource| resource.fate == Fate::Deleted) {
            let Some(physical_id) = &resource.physical_id else { continue };
            match resource.resource_type.as_str() {
                "AWS::S3::Bucket" => {
                    let count = session.s3().count_versions(physical_id).await?;
                    if count > 0 {
                        plan.buckets.push((stack.key.clone(), physical_id.clone(), count));
                        if !options.empty_buckets {
                            plan.blockers.push(format!(
                                "bucket {physical_id} holds {}: pass `--empty-buckets` to delete them",
                                crate::plan::count(count, "object version")
                            ));
                        }
                    }
                }
                "AWS::ECR::Repository" => plan.repositories.push((stack.key.clone(), physical_id.clone())),
                _ => {}
            }
        }
        Ok(())
    }

    /// Deletes the stacks of a plan, as much at once as their order allows.
    ///
    /// # Errors
    ///
    /// [`EngineError::Failed`] when stacks could not be deleted.
    pub async fn destroy(
        &self,
        bundle: &Bundle,
        plan: &DestroyPlan,
        options: &DestroyOptions,
    ) -> Result<(), EngineError> {
        let run = self.journal.begin("destroy", &bundle.digest, jiff::Timestamp::now())?.stoppable(self.cancel.clone());
        let steps: Vec<Step> =
            plan.stacks.iter().map(|stack| Step { name: stack.key.clone(), after: stack.needed_by.clone() }).collect();
        let cancelled = || self.cancel.stage() > Cancelled::No;
        let ended = graph::run(&steps, cancelled, |key| self.delete_one(key, bundle, plan, options, &run)).await;
        let mut failures = Vec::new();
        let mut not_started = Vec::new();
        let mut other = None;
        for (key, end) in ended {
            match end {
                Ended::Done => {}
                Ended::NotStarted => not_started.push(key),
                Ended::Failed(StepError::Stack(failure)) => failures.push(*failure),
                Ended::Failed(StepError::Engine(error)) => other = Some(error),
            }
        }
        let result = match other {
            Some(error) => Err(error),
            None if !failures.is_empty() => Err(EngineError::Failed { failures, not_started, partial: false }),
            None if !not_started.is_empty() => Err(EngineError::Cancelled(Vec::new())),
            // What an account could not be asked for is still there, and is remembered.
            None if !plan.unreached.is_empty() => Ok(()),
            None => self.journal.remember(None).map_err(EngineError::from),
        };
        finish(&run, &result)?;
        result
    }

    async fn delete_one(
        &self,
        key: String,
        bundle: &Bundle,
        plan: &DestroyPlan,
        options: &DestroyOptions,
        run: &Run,
    ) -> Result<(), StepError> {
        let Some(stack) = plan.stacks.iter().find(|stack| stack.key == key) else { return Ok(()) };
        let step = format!("delete {key}");
        run.write(&Record::StepStarted { step: step.clone(), at: now() }).map_err(EngineError::from)?;
        self.emit(Some(&key), EventKind::StepStarted { step: step.clone() });
        let result = async {
            self.empty(stack, plan, options).await?;
            let doomed = Doomed {
                key: &key,
                name: &stack.name,
                target: stack.target.clone(),
                rendered: bundle.stacks.iter().find(|rendered| rendered.key == key),
                retain: Vec::new(),
                force: false,
            };
            delete(self, run, &doomed).await
        }
        .await;
        match result {
            Ok(result) => {
                run.write(&Record::StepFinished { step: step.clone(), at: now(), result: result.clone() })
                    .map_err(EngineError::from)?;
                self.emit(Some(&key), EventKind::StepFinished { step, result });
                Ok(())
            }
            Err(error) => {
                let reason = match &error {
                    StepError::Stack(failure) => failure.to_string(),
                    StepError::Engine(error) => error.to_string(),
                };
                if !matches!(&error, StepError::Engine(EngineError::Cancelled(_))) {
                    run.write(&Record::StepFailed { step: step.clone(), at: now(), reason: reason.clone() })
                        .map_err(EngineError::from)?;
                }
                self.emit(
                    Some(&key),
                    EventKind::StepFailed { step, reason: reason.lines().next().unwrap_or_default().to_owned() },
                );
                Err(error)
            }
        }
    }

    /// Empties what AWS refuses to delete with contents.
    async fn empty(
        &self,
        stack: &DoomedStack,
        plan: &DestroyPlan,
        options: &DestroyOptions,
    ) -> Result<(), EngineError> {
        if !options.empty_buckets {
            return Ok(());
        }
        let session = self.session(&stack.target);
        for (_, bucket, _) in plan.buckets.iter().filter(|(key, ..)| *key == stack.key) {
            let count = session.s3().delete_versions(bucket).await?;
            let text = format!("emptied bucket {bucket} ({})", crate::plan::count(count, "object version"));
            self.emit(Some(&stack.key), EventKind::Message { text });
        }
        for (_, repository) in plan.repositories.iter().filter(|(key, _)| *key == stack.key) {
            let count = session.ecr().delete_images(repository).await?;
            if count > 0 {
                let text = format!("emptied repository {repository} ({})", crate::plan::count(count, "image"));
                self.emit(Some(&stack.key), EventKind::Message { text });
            }
        }
        Ok(())
    }
}

/// What the template says about each resource's deletion, where it is not the default.
fn fates(text: &str) -> BTreeMap<String, Fate> {
    let Ok(template) = Template::parse("template", text) else { return BTreeMap::new() };
    let json = template.to_json();
    let Some(resources) = json.get("Resources").and_then(serde_json::Value::as_object) else { return BTreeMap::new() };
    resources
        .iter()
        .filter_map(|(logical_id, resource)| {
            let fate = match resource.get("DeletionPolicy")?.as_str()? {
                "Retain" | "RetainExceptOnCreate" => Fate::Retained,
                "Snapshot" => Fate::Snapshotted,
                _ => return None,
            };
            Some((logical_id.clone(), fate))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "
Resources:
  Cluster:
    Type: AWS::RDS::DBCluster
    DeletionPolicy: Snapshot
  Salt:
    Type: AWS::SecretsManager::Secret
    DeletionPolicy: RetainExceptOnCreate
  Bucket:
    Type: AWS::S3::Bucket
";

    #[test]
    fn what_stays_and_what_is_snapshotted_comes_from_the_template() {
        let fates = fates(TEMPLATE);
        assert_eq!(fates.get("Cluster"), Some(&Fate::Snapshotted));
        assert_eq!(fates.get("Salt"), Some(&Fate::Retained));
        assert_eq!(fates.get("Bucket"), None);
    }
}
