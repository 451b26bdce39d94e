//! Applies Terraform's plans, each step written to the journal before and after it runs.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::Semaphore;

use super::diagnostic::{Doing, Subject};
use super::message::{Counts, Output};
use super::outputs::sort_in;
use super::progress::Progress;
use super::saved::{module_of, plan_of};
use super::{AT_ONCE, TerraformEngine, orphan, plan::directory_of};
use crate::aws::ecr::Image;
use crate::engine::converge::Converge;
use crate::engine::graph::{self, Ended, Step};
use crate::engine::images::Push;
use crate::engine::journal::{Record, Run};
use crate::engine::service::{named, planned};
use crate::engine::{
    Applied, ApplyOptions, Cancelled, EngineError, EventKind, Outputs, RESUME, StackFailure, gates, now, preflight,
    resolve,
};
use crate::image::Reference;
use crate::plan::{PlannedStack, SavedPlan, StackAction};
use crate::render::{Bundle, RenderedModule};

/// Key of the module that has the service.
const HUB: &str = "hub";

/// One apply.
struct Apply<'a> {
    engine: &'a TerraformEngine,
    saved: &'a SavedPlan,
    options: &'a ApplyOptions,
    run: &'a Run,
    permits: Semaphore,
    /// How many accounts have failed.
    failed: Cell<usize>,
    outputs: RefCell<Outputs>,
    /// Images that were pushed.
    pushed: RefCell<BTreeSet<String>>,
}

impl TerraformEngine {
    /// Applies exactly the given plan.
    ///
    /// # Errors
    /// [`EngineError::Gated`] before anything is done; [`EngineError::Stale`]; [`EngineError::StateLocked`];
    /// [`EngineError::Failed`] when root modules were applied in part only; [`EngineError::Unhealthy`] when everything
    /// was applied but does not run.
    pub(super) async fn apply_plan(&self, saved: &SavedPlan, options: &ApplyOptions) -> Result<Applied, EngineError> {
        let closed = gates::closed(&saved.plan, options);
        if !closed.is_empty() {
            return Err(EngineError::Gated(closed));
        }
        let run = self
            .journal
            .begin(options.command(), &saved.bundle.digest, jiff::Timestamp::now())?
            .stoppable(self.cancel.clone());
        let apply = Apply {
            engine: self,
            saved,
            options,
            run: &run,
            permits: Semaphore::new(options.concurrency.unwrap_or(AT_ONCE).max(1)),
            failed: Cell::new(0),
            outputs: RefCell::default(),
            pushed: RefCell::default(),
        };
        let result = apply.run().await;
        self.finish(&run, result)
    }

    /// Closes the journal of a run. One that left Terraform at work stays open, so that the next one takes it up.
    pub(super) fn finish<T>(&self, run: &Run, result: Result<T, EngineError>) -> Result<T, EngineError> {
        let words = match &result {
            Ok(_) => "succeeded",
            Err(EngineError::Cancelled(_)) => "cancelled",
            Err(_) => "failed",
        };
        if !matches!(&result, Err(EngineError::Cancelled(left)) if !left.is_empty()) {
            run.write(&Record::RunFinished { at: now(), result: words.to_owned() })?;
        }
        result
    }
}

impl Apply<'_> {
    async fn run(&self) -> Result<Applied, EngineError> {
        let planned = &self.saved.plan.stacks;
        let kept: BTreeSet<String> =
            planned.iter().filter(|stack| stack.action != StackAction::Delete).map(|stack| stack.key.clone()).collect();
        // No root module needs another one; what is no longer wanted goes last.
        let steps: Vec<Step> = planned
            .iter()
            .map(|stack| Step {
                name: stack.key.clone(),
                after: if stack.action == StackAction::Delete { kept.clone() } else { BTreeSet::new() },
            })
            .collect();
        let cancelled = || self.engine.cancel.stage() > Cancelled::No;
        // A repository that is there already gets its images first; one that is made now, as soon as it is.
        self.push_images(false).await?;
        let ended = graph::run(&steps, cancelled, |key| self.step(key)).await;
        let stopped = self.engine.cancel.stage() > Cancelled::No;
        if let Err(error) = verdict(ended, &self.engine.hub.account, stopped) {
            if matches!(&error, EngineError::Failed { partial: true, .. }) {
                // The gateway serves with the accounts that there are.
                self.converge().await?;
            }
            return Err(error);
        }
        self.engine.journal.remember(Some(&self.saved.bundle))?;
        self.push_images(true).await?;
        let warnings = self.converge().await?;
        Ok(Applied { run: self.run.id.clone(), outputs: self.outputs.borrow().clone(), warnings })
    }

    async fn step(&self, key: String) -> Result<(), EngineError> {
        let Some(planned) = self.saved.plan.stacks.iter().find(|stack| stack.key == key) else { return Ok(()) };
        let Some(module) = module_of(self.saved, &key)? else { return Ok(()) };
        // The semaphore is never closed.
        let _permit = self.permits.acquire().await;
        let engine = self.engine;
        let elsewhere = planned.account != engine.hub.account;
        if elsewhere && self.has_enough() {
            return Err(EngineError::Cancelled(Vec::new()));
        }
        let result = engine.step(self.run, &key, &key, async {
            if planned.action == StackAction::Unreachable {
                let failures = vec![StackFailure::not_reached(planned)];
                return Err(EngineError::Failed { failures, not_started: Vec::new(), partial: true });
            }
            self.module(planned, &module).await.map_err(|error| self.told(&module, error))
        });
        let result = result.await;
        if elsewhere && result.is_err() {
            self.failed.set(self.failed.get() + 1);
        }
        result
    }

    /// What keeps only a Bedrock account from its apply is a failure of that account.
    fn told(&self, module: &RenderedModule, error: EngineError) -> EngineError {
        of_account(&self.saved.bundle, module, error, RESUME)
    }

    /// Pushes the images that the plan says. Until `all` is true, only those whose repository exists.
    async fn push_images(&self, all: bool) -> Result<(), EngineError> {
        let engine = self.engine;
        let inputs = &self.saved.plan.inputs;
        for name in inputs.pushes.keys() {
            if self.pushed.borrow().contains(name) {
                continue;
            }
            let wanted = inputs.images.get(name).and_then(|reference| reference.parse::<Reference>().ok());
            let Some(wanted) = wanted else { continue };
            let tag = self.saved.bundle.images.get(name).and_then(|uri| uri.parse::<Reference>().ok()?.tag);
            let session = engine.clients.session(&engine.hub);
            let asked = tag.as_deref().unwrap_or(wanted.wanted());
            let account = &engine.hub.account;
            match session.ecr().image(account, &wanted.repository, asked).await? {
                Image::Found { .. } => continue,
                Image::NoRepository if !all => continue,
                Image::Missing | Image::NoRepository => {}
            }
            let push = Push {
                clients: &engine.clients,
                hub: &engine.hub,
                sink: &engine.sink,
                cancel: &engine.cancel,
                name,
                wanted: &wanted,
                tag: tag.as_deref(),
            };
            engine.step(self.run, HUB, &format!("push {name}"), engine.images.push(push)).await?;
            self.pushed.borrow_mut().insert(name.clone());
        }
        Ok(())
    }

    /// Whether more accounts have failed than may.
    fn has_enough(&self) -> bool {
        let stacks = self.saved.plan.stacks.iter();
        let accounts = stacks.filter(|stack| stack.account != self.engine.hub.account).count();
        self.options.failure_tolerance.is_exceeded(self.failed.get(), accounts)
    }

    async fn module(&self, planned: &PlannedStack, module: &RenderedModule) -> Result<String, EngineError> {
        let engine = self.engine;
        let bundle = &self.saved.bundle;
        let directory = directory_of(engine, bundle, &module.key);
        let subject = Subject { module, directory: &directory };
        let deleted = planned.action == StackAction::Delete;
        directory.write(module, (!deleted).then_some(&planned.parameters))?;
        engine.init(module, &directory).await?;
        if planned.action == StackAction::NoOp {
            let mut own = Outputs::new();
            engine.add_outputs(&mut own, subject).await?;
            for (key, outputs) in own {
                self.outputs.borrow_mut().entry(key).or_default().extend(outputs);
            }
            return Ok("no changes".to_owned());
        }
        directory.put("tfplan", &plan_of(self.saved, &module.key)?)?;
        let (counts, outputs) = engine.apply_saved(self.run, &module.key, bundle, subject).await?;
        sort_in(&mut self.outputs.borrow_mut(), module, &outputs, &engine.hub.account);
        Ok(if deleted {
            format!("deleted {}", crate::plan::count(counts.remove, "resource"))
        } else {
            counts.to_string()
        })
    }

    /// Waits until the gateway runs what was planned. Returns warnings.
    async fn converge(&self) -> Result<Vec<String>, EngineError> {
        let outputs = self.outputs.borrow().clone();
        let Some((cluster, service)) = outputs.values().find_map(named) else { return Ok(Vec::new()) };
        let task_definition = outputs.values().find_map(planned);
        let engine = self.engine;
        // Before the first apply there was no repository to look into. Tasks without an image never start.
        for name in self.saved.bundle.images.keys().filter(|name| !self.saved.plan.inputs.images.contains_key(*name)) {
            resolve::image(&engine.clients, &engine.images, &self.saved.bundle, name).await?;
        }
        let converge = Converge {
            session: engine.clients.session(&engine.hub),
            sink: &*engine.sink,
            cancel: &engine.cancel,
            key: HUB,
            cluster,
            service,
            task_definition,
            images: &self.saved.plan.inputs.images,
        };
        converge.check().await
    }
}

impl TerraformEngine {
    /// Runs a step: in the journal and for the user before and after it.
    pub(super) async fn step(
        &self,
        run: &Run,
        key: &str,
        step: &str,
        work: impl Future<Output = Result<String, EngineError>>,
    ) -> Result<(), EngineError> {
        run.write(&Record::StepStarted { step: step.to_owned(), at: now() })?;
        self.emit(Some(key), EventKind::StepStarted { step: step.to_owned() });
        match work.await {
            Ok(result) => {
                run.write(&Record::StepFinished { step: step.to_owned(), at: now(), result: result.clone() })?;
                self.emit(Some(key), EventKind::StepFinished { step: step.to_owned(), result });
                Ok(())
            }
            Err(error) => {
                let reason = error.to_string();
                if !matches!(&error, EngineError::Cancelled(left) if !left.is_empty()) {
                    run.write(&Record::StepFailed { step: step.to_owned(), at: now(), reason: reason.clone() })?;
                }
                let first = reason.lines().next().unwrap_or_default().to_owned();
                self.emit(Some(key), EventKind::StepFailed { step: step.to_owned(), reason: first });
                Err(error)
            }
        }
    }

    /// Applies the plan that lies in the directory of a root module, and removes it.
    pub(super) async fn apply_saved(
        &self,
        run: &Run,
        step: &str,
        bundle: &Bundle,
        subject: Subject<'_>,
    ) -> Result<(Counts, BTreeMap<String, Output>), EngineError> {
        run.write(&Record::Executing {
            step: step.to_owned(),
            at: now(),
            stack_id: subject.directory.path().display().to_string(),
            change_set: None,
            token: String::new(),
        })?;
        let mut progress = Progress::new(self, bundle, &subject.module.key);
        let ended = self
            .follow(subject.directory, &["apply", "-json", "-input=false", "tfplan"], |message| {
                progress.take(message);
            })
            .await?;
        progress.finish();
        let (counts, outputs) = progress.result();
        // A plan is applied once: from here on it is stale. One that was cut off or stopped tells the next run what was under way.
        if ended.code.is_some() && orphan::under_way(subject.directory).is_empty() {
            subject.directory.remove("tfplan")?;
        }
        if ended.code == Some(0) {
            return Ok((counts, outputs));
        }
        if subject.directory.errored_state().exists() {
            self.push_errored(subject).await?;
        }
        Err(self.error_of(subject, Doing::Apply, &ended))
    }
}

/// What keeps only a Bedrock account from what was to be done, as a failure of that account, with the command that goes on with
/// it. Every other error as it is.
pub(super) fn of_account(bundle: &Bundle, module: &RenderedModule, error: EngineError, next: &str) -> EngineError {
    let (stack, target) = (&module.key, &module.target);
    let (reason, begun) = match &error {
        EngineError::Stale(moved) if preflight::is_elsewhere(bundle, target) => (Some(moved.join("; ")), false),
        EngineError::StateLocked { .. } | EngineError::Busy { .. } => {
            (preflight::of_account(bundle, target, &error), false)
        }
        _ => (preflight::of_account(bundle, target, &error), true),
    };
    let Some(reason) = reason else { return error };
    let mut failure = StackFailure::untouched(stack, &target.account, reason, next);
    if begun {
        "not as planned".clone_into(&mut failure.status);
    }
    EngineError::Failed { failures: vec![failure], not_started: Vec::new(), partial: true }
}

/// What came of all steps together.
pub(super) fn verdict(
    ended: BTreeMap<String, Ended<EngineError>>,
    hub: &str,
    stopped: bool,
) -> Result<(), EngineError> {
    let mut all: Vec<StackFailure> = Vec::new();
    let mut left: Option<Vec<String>> = None;
    let mut waiting = Vec::new();
    let mut other = None;
    for (name, end) in ended {
        match end {
            Ended::Done => {}
            Ended::NotStarted => waiting.push(name),
            Ended::Failed(EngineError::Failed { failures, .. }) => all.extend(failures),
            // Held back, because too many accounts have failed.
            Ended::Failed(EngineError::Cancelled(more)) if more.is_empty() && !stopped => waiting.push(name),
            Ended::Failed(EngineError::Cancelled(more)) => left.get_or_insert_default().extend(more),
            Ended::Failed(error) => other = Some(other.unwrap_or((name, error))),
        }
    }
    if let Some(left) = left {
        return Err(EngineError::Cancelled(left));
    }
    if !all.is_empty() {
        let well = waiting.iter().all(|name| name != HUB) && all.iter().all(|failure| failure.account != *hub);
        let partial = !stopped && other.is_none() && well;
        // One error has to tell of all of them.
        all.extend(other.map(|(name, error)| {
            StackFailure::untouched(&name, hub, error.to_string(), "gwinfra status   shows what there is")
        }));
        return Err(EngineError::Failed { failures: all, not_started: waiting, partial });
    }
    match other {
        Some((_, error)) => Err(error),
        None if !waiting.is_empty() => Err(EngineError::Cancelled(Vec::new())),
        None => Ok(()),
    }
}
