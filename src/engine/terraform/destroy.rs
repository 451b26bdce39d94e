//! Takes a deployment down.

use std::collections::BTreeSet;

use serde_json::Value;
use tokio::sync::Semaphore;

use super::apply::{of_account, verdict};
use super::diagnostic::Subject;
use super::plan::Goal;
use super::show::ResourceChange;
use super::{AT_ONCE, TerraformEngine};
use crate::engine::doomed::ONCE_ASKED;
use crate::engine::graph::{self, Step};
use crate::engine::journal::Run;
use crate::engine::{
    Cancelled, DestroyOptions, DestroyPlan, DoomedResource, DoomedStack, EngineError, EventKind, Fate, StackFailure,
    UnreachedStack, preflight,
};
use crate::render::{Bundle, RenderedModule};

/// What outlives a deployment: snapshots of the database and what was encrypted with the salt cannot be read without
/// them. The same as CloudFormation's templates retain.
const RETAINED: [&str; 2] = ["foundation/Key", "foundation/SaltKeySecret"];

/// How often buckets are emptied again that were not empty when they were deleted: services write their logs with a delay,
/// also while the last of what they log is being deleted.
const EMPTIED_AGAIN: usize = 3;

/// Attributes with which AWS refuses a deletion.
const PROTECTION: [&str; 3] = ["deletion_protection", "enable_deletion_protection", "deletion_protection_enabled"];

impl TerraformEngine {
    /// Finds out what a destroy would do. Changes nothing in AWS.
    ///
    /// # Errors
    /// [`EngineError::StateLocked`], [`EngineError::Busy`], or what Terraform says, of the hub.
    pub(super) async fn find_doomed(
        &self,
        bundle: &Bundle,
        options: &DestroyOptions,
    ) -> Result<DestroyPlan, EngineError> {
        let mut plan = DestroyPlan::default();
        for module in &self.known_modules(bundle)? {
            match self.look_at(bundle, module, options).await {
                Ok(found) => plan.add(found),
                Err(error) => match preflight::of_account(bundle, &module.target, &error) {
                    Some(reason) => plan.unreached.push(UnreachedStack {
                        key: module.key.clone(),
                        name: module.key.clone(),
                        target: module.target.clone(),
                        reason,
                        next: match &error {
                            EngineError::StateLocked { .. } => ONCE_RELEASED,
                            EngineError::Busy { .. } => ONCE_ENDED,
                            _ => ONCE_ASKED,
                        },
                    }),
                    None => return Err(error),
                },
            }
        }
        Ok(plan)
    }

    /// What would become of one root module.
    async fn look_at(
        &self,
        bundle: &Bundle,
        module: &RenderedModule,
        options: &DestroyOptions,
    ) -> Result<DestroyPlan, EngineError> {
        let mut plan = DestroyPlan::default();
        let directory = self.work_directory(bundle, module);
        let subject = Subject { module, directory: &directory };
        let state = self.read_state(subject).await?.unwrap_or_default();
        let count = state.managed().count();
        if count == 0 {
            return Ok(plan);
        }
        self.clients.session(&module.target).verify_account().await?;
        self.prepare(subject).await?;
        self.say(Some(&module.key), "asking Terraform what would go");
        let ended = self.run_plan(subject, Goal::Nothing, &[]).await?;
        let shown = self.changes(subject, &ended).await?;
        directory.remove("tfplan")?;
        let gone: Vec<&ResourceChange> = shown
            .resource_changes
            .iter()
            .filter(|resource| resource.mode == "managed" && resource.change.actions == ["delete"])
            .collect();
        let mut resources = Vec::new();
        for resource in gone {
            let fate = self.fate(bundle, module, resource, options);
            if fate == Fate::Deleted || fate == Fate::Snapshotted {
                self.look_inside(subject, resource, options, &mut plan).await?;
            }
            resources.push(DoomedResource {
                logical_id: resource.address.clone(),
                resource_type: resource.resource_type.clone(),
                physical_id: text(&resource.change.before, "id"),
                fate,
            });
        }
        plan.stacks.push(DoomedStack {
            key: module.key.clone(),
            name: module.key.clone(),
            target: module.target.clone(),
            status: crate::plan::count(count, "resource"),
            resources,
            needed_by: BTreeSet::new(),
        });
        Ok(plan)
    }

    fn fate(
        &self,
        bundle: &Bundle,
        module: &RenderedModule,
        resource: &ResourceChange,
        options: &DestroyOptions,
    ) -> Fate {
        let node = bundle.nodes.iter().find_map(|node| node.of_address(&resource.address));
        let kept = node.is_some_and(|node| RETAINED.contains(&node.name.as_str()))
            || options.retain.contains(&format!("{}/{}", module.key, resource.address))
            || resource.change.before.get("skip_destroy") == Some(&Value::Bool(true));
        let snapshot = resource.change.before.get("skip_final_snapshot") == Some(&Value::Bool(false))
            && text(&resource.change.before, "final_snapshot_identifier").is_some();
        match (kept, snapshot) {
            (true, _) => Fate::Retained,
            (false, true) => Fate::Snapshotted,
            (false, false) => Fate::Deleted,
        }
    }

    async fn look_inside(
        &self,
        subject: Subject<'_>,
        resource: &ResourceChange,
        options: &DestroyOptions,
        plan: &mut DestroyPlan,
    ) -> Result<(), EngineError> {
        let key = &subject.module.key;
        let before = &resource.change.before;
        for attribute in PROTECTION.iter().filter(|attribute| before.get(**attribute) == Some(&Value::Bool(true))) {
            let place = (self.places)(key, &resource.address, &[(*attribute).to_owned()]).into_iter().next();
            let place = place.map(|place| format!(" ({place})"));
            plan.blockers.push(format!(
                "{key}/{} refuses to be deleted: switch its deletion protection off{} and run `gwinfra apply` first",
                resource.address,
                place.unwrap_or_default()
            ));
        }
        let session = self.clients.session(&subject.module.target);
        match (resource.resource_type.as_str(), text(before, "id")) {
            ("aws_s3_bucket", Some(bucket)) => {
                let count = session.s3().count_versions(&bucket).await?;
                if count > 0 {
                    if !options.empty_buckets {
                        plan.blockers.push(format!(
                            "bucket {bucket} holds {}: pass `--empty-buckets` to delete them",
                            crate::plan::count(count, "object version")
                        ));
                    }
                    plan.buckets.push((key.clone(), bucket, count));
                }
            }
            ("aws_ecr_repository", Some(repository)) => plan.repositories.push((key.clone(), repository)),
            _ => {}
        }
        Ok(())
    }

    /// Destroys what a plan lists.
    ///
    /// # Errors
    /// [`EngineError::Failed`] when something is left that should be gone.
    pub(super) async fn take_down(
        &self,
        bundle: &Bundle,
        plan: &DestroyPlan,
        options: &DestroyOptions,
    ) -> Result<(), EngineError> {
        let run = self.journal.begin("destroy", &bundle.digest, jiff::Timestamp::now())?.stoppable(self.cancel.clone());
        let modules = self.known_modules(bundle)?;
        let permits = Semaphore::new(AT_ONCE);
        let steps: Vec<Step> =
            plan.stacks.iter().map(|stack| Step { name: stack.key.clone(), after: BTreeSet::new() }).collect();
        let cancelled = || self.cancel.stage() > Cancelled::No;
        let ended = graph::run(&steps, cancelled, |key| {
            let (run, modules, permits) = (&run, &modules, &permits);
            async move {
                let stack = plan.stacks.iter().find(|stack| stack.key == key);
                let module = modules.iter().find(|module| module.key == key);
                let (Some(stack), Some(module)) = (stack, module) else { return Ok(()) };
                // The semaphore is never closed.
                let _permit = permits.acquire().await;
                let step = format!("delete {key}");
                let work = self.remove(run, &step, bundle, module, stack, plan, options);
                let work = async { work.await.map_err(|error| of_account(bundle, module, error, GOES_ON)) };
                self.step(run, &key, &step, work).await
            }
        })
        .await;
        let result = verdict(ended, &self.hub.account, self.cancel.stage() > Cancelled::No);
        let result = match result {
            // What an account could not be asked for is still there, and is remembered.
            Ok(()) if plan.unreached.is_empty() => self.journal.remember(None).map_err(EngineError::from),
            other => other,
        };
        self.finish(&run, result)
    }

    #[expect(clippy::too_many_arguments, reason = "one call, from one place")]
    async fn remove(
        &self,
        run: &Run,
        step: &str,
        bundle: &Bundle,
        module: &RenderedModule,
        stack: &DoomedStack,
        plan: &DestroyPlan,
        options: &DestroyOptions,
    ) -> Result<String, EngineError> {
        self.empty(stack, plan, options).await?;
        let directory = self.work_directory(bundle, module);
        let subject = Subject { module, directory: &directory };
        let retained: Vec<&str> = stack
            .resources
            .iter()
            .filter(|resource| resource.fate == Fate::Retained)
            .map(|resource| resource.logical_id.as_str())
            .collect();
        let mut counts = 0;
        let mut emptied = 0;
        loop {
            match self.delete_all_but(run, step, bundle, subject, &retained).await {
                Ok(count) => {
                    counts += count;
                    break;
                }
                Err(error) if options.empty_buckets && emptied < EMPTIED_AGAIN && was_not_empty(&error) => {
                    emptied += 1;
                    self.empty(stack, plan, options).await?;
                }
                Err(error) => return Err(go_on_with_destroy(error)),
            }
        }
        for address in &retained {
            if let Err(words) = self.capture(&directory, &["state", "rm", address]).await? {
                return Err(self.command_failed(subject, "state rm", &words));
            }
        }
        let left: Vec<String> = self
            .state(subject)
            .await?
            .map(|state| state.managed().map(|(address, _)| address).collect())
            .unwrap_or_default();
        if left.is_empty() {
            return Ok(format!("deleted {}", crate::plan::count(counts, "resource")));
        }
        let failure = StackFailure {
            status: "not empty".to_owned(),
            reason: Some(format!("left are {}", left.join(", "))),
            next: GOES_ON.to_owned(),
            ..self.stack_failure(subject, Vec::new())
        };
        Err(EngineError::Failed { failures: vec![failure], not_started: Vec::new(), partial: false })
    }

    /// Deletes everything that a state has but what stays, which leaves the state last: until everything else is gone, an
    /// apply must still find it there. Gives the number of resources.
    async fn delete_all_but(
        &self,
        run: &Run,
        step: &str,
        bundle: &Bundle,
        subject: Subject<'_>,
        retained: &[&str],
    ) -> Result<usize, EngineError> {
        let targets = if retained.is_empty() { Vec::new() } else { self.all_but(subject, retained).await? };
        if targets.is_empty() && !retained.is_empty() {
            return Ok(0);
        }
        let ended = self.run_plan(subject, Goal::Nothing, &targets).await?;
        if ended.code != Some(2) {
            return Ok(0);
        }
        self.refuse_retained(subject, retained).await?;
        Ok(self.apply_saved(run, step, bundle, subject).await?.0.remove)
    }

    /// Addresses of everything in a state but these.
    async fn all_but(&self, subject: Subject<'_>, retained: &[&str]) -> Result<Vec<String>, EngineError> {
        let state = self.state(subject).await?.unwrap_or_default();
        Ok(state.managed().map(|(address, _)| address).filter(|own| !retained.contains(&own.as_str())).collect())
    }

    /// Makes sure that Terraform's plan deletes nothing that stays: it would, if that needed something that goes.
    async fn refuse_retained(&self, subject: Subject<'_>, retained: &[&str]) -> Result<(), EngineError> {
        if retained.is_empty() {
            return Ok(());
        }
        let shown = self.show(subject).await?;
        let lost: Vec<&str> = shown
            .resource_changes
            .iter()
            .filter(|resource| resource.change.actions == ["delete"] && retained.contains(&resource.address.as_str()))
            .map(|resource| resource.address.as_str())
            .collect();
        if lost.is_empty() {
            return Ok(());
        }
        subject.directory.remove("tfplan")?;
        Err(EngineError::Stale(vec![format!(
            "{} must outlive the deployment, and needs something of {} that goes",
            lost.join(", "),
            subject.module.key
        )]))
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
        let session = self.clients.session(&stack.target);
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

/// The next command for a root module whose state somebody holds.
const ONCE_RELEASED: &str = "gwinfra destroy   takes it down once the state is free; gwinfra recover   releases a lock that a run from \
     here has left";
/// The next command for a root module in which Terraform is at work.
const ONCE_ENDED: &str = "gwinfra destroy   waits for its end, and takes it down";
/// The next command after a destroy that failed.
const GOES_ON: &str = "gwinfra destroy   goes on where it stopped";

/// Whether a bucket that was emptied had something in it again.
fn was_not_empty(error: &EngineError) -> bool {
    let EngineError::Failed { failures, .. } = error else { return false };
    failures.iter().flat_map(|failure| &failure.causes).any(|cause| cause.reason.contains("BucketNotEmpty"))
}

/// The error of an apply as that of a destroy.
fn go_on_with_destroy(mut error: EngineError) -> EngineError {
    if let EngineError::Failed { failures, .. } = &mut error {
        for failure in failures {
            "deleted in part, and its state is written".clone_into(&mut failure.status);
            GOES_ON.clone_into(&mut failure.next);
        }
    }
    error
}

/// A text among attributes; `None` when it is absent or empty.
fn text(attributes: &Value, name: &str) -> Option<String> {
    attributes.get(name)?.as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}
