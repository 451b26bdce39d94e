//! Applies a plan: a graph of steps, each written to the journal before and after it runs.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::awaited::image_step;
use super::ends::Ends;
use super::known::Known;
use super::{CloudFormationEngine, now, objects, stack, trust};
use crate::engine::converge::Converge;
use crate::engine::graph;
use crate::engine::images::Push;
use crate::engine::journal::{Record, Run};
use crate::engine::service::{named, planned};
use crate::engine::{
    ACCOUNTS_AT_ONCE, Applied, ApplyOptions, Cancelled, EngineError, EventKind, Outputs, RESUME, StackFailure, gates,
    preflight, resolve,
};
use crate::image::Reference;
use crate::plan::{Gate, GateKind, Plan, PlannedStack, SavedPlan, StackAction};
use crate::render::{Bundle, ParameterValue, RenderedStack};

/// Key of the stack that has the service.
const GATEWAY: &str = "gateway";

/// Why a step failed.
#[derive(Debug)]
pub(super) enum StepError {
    /// A stack did not reach its goal.
    Stack(Box<StackFailure>),
    /// Something else.
    Engine(EngineError),
}

impl From<EngineError> for StepError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

/// One apply.
pub(super) struct Apply<'a> {
    pub engine: &'a CloudFormationEngine,
    pub bundle: &'a Bundle,
    pub plan: &'a Plan,
    pub options: &'a ApplyOptions,
    pub run: &'a Run,
    pub known: Known,
    /// How many steps may run at the same time.
    permits: Semaphore,
    /// Accounts that have failed.
    failed: Mutex<BTreeSet<String>>,
}

/// What a step does.
#[derive(Debug, Clone, Copy)]
enum Work<'a> {
    Stack(&'a RenderedStack),
    Upload(usize),
    /// Pushes an image, by name.
    Push(&'a str),
    /// Looks for an image whose repository this run makes, by name.
    Image(&'a str),
    Delete(&'a PlannedStack),
}

impl CloudFormationEngine {
    /// Applies exactly the given plan.
    ///
    /// # Errors
    ///
    /// [`EngineError::Gated`] before anything is done; [`EngineError::Failed`] when stacks failed;
    /// [`EngineError::Stale`] when AWS would do worse than the plan showed; [`EngineError::Unhealthy`] when everything
    /// was applied but does not run.
    pub async fn apply(&self, saved: &SavedPlan, options: &ApplyOptions) -> Result<Applied, EngineError> {
        self.check_gates(saved, options).await?;
        let run = self
            .journal
            .begin(options.command(), &saved.bundle.digest, jiff::Timestamp::now())?
            .stoppable(self.cancel.clone());
        let apply = Apply {
            engine: self,
            bundle: &saved.bundle,
            plan: &saved.plan,
            options,
            run: &run,
            known: Known::default(),
            permits: Semaphore::new(options.concurrency.unwrap_or(ACCOUNTS_AT_ONCE).max(1)),
            failed: Mutex::default(),
        };
        {
            let mut facts = apply.known.facts();
            facts.images.clone_from(&saved.plan.inputs.images);
            facts.lookups.clone_from(&saved.plan.inputs.lookups);
        }
        let result = apply.run().await;
        finish(&run, &result)?;
        result
    }
}

/// Writes how a run ended. One that left operations behind stays unfinished, so that the next one takes them up.
pub(super) fn finish<T>(run: &Run, result: &Result<T, EngineError>) -> Result<(), EngineError> {
    let words = match result {
        Ok(_) => "succeeded",
        Err(EngineError::Cancelled(left)) if !left.is_empty() => return Ok(()),
        Err(EngineError::Cancelled(_)) => "cancelled",
        Err(_) => "failed",
    };
    Ok(run.write(&Record::RunFinished { at: now(), result: words.to_owned() })?)
}

impl CloudFormationEngine {
    /// Refuses a plan with closed gates.
    async fn check_gates(&self, saved: &SavedPlan, options: &ApplyOptions) -> Result<(), EngineError> {
        let closed = gates::closed(&saved.plan, options);
        let (mut unreconciled, closed): (Vec<Gate>, Vec<Gate>) =
            closed.into_iter().partition(|gate| gate.kind == GateKind::Reconciled);
        if !unreconciled.is_empty() {
            // What was put back since the plan was made is no longer in the way.
            let now = self.unreconciled(&saved.bundle).await?;
            unreconciled.retain(|gate| now.iter().any(|own| own.address == gate.address));
        }
        if !unreconciled.is_empty() {
            return Err(EngineError::Unreconciled(unreconciled));
        }
        if closed.is_empty() { Ok(()) } else { Err(EngineError::Gated(closed)) }
    }

    /// Forgets what rollbacks left out of stacks that were updated since.
    fn forget_skipped(&self, plan: &Plan) -> Result<(), EngineError> {
        let updated = plan.stacks.iter().filter(|stack| stack.action == StackAction::Update);
        for id in updated.filter_map(|stack| stack.stack_id.as_deref()) {
            self.journal.forget_skipped(id)?;
        }
        Ok(())
    }
}

impl Apply<'_> {
    async fn run(&self) -> Result<Applied, EngineError> {
        let works = self.works();
        let before_images = self.before_images();
        let steps: Vec<graph::Step> = works
            .iter()
            .map(|(name, work)| graph::Step { name: name.clone(), after: self.after(name, *work, &before_images) })
            .collect();
        let cancel = &self.engine.cancel;
        let ended = graph::run(&steps, || cancel.stage() > Cancelled::No, |name| self.step(name, &works)).await;
        let stopped = cancel.stage() > Cancelled::No;
        let ends = Ends::of(ended);
        if let Some(error) = ends.stopped(stopped) {
            return Err(error);
        }
        let Ends { failures, not_started, other, .. } = ends;
        let hub = &self.engine.hub.account;
        let hub_failed = failures.iter().any(|failure| failure.account == *hub);
        if let Some(error) = other.filter(|_| !hub_failed) {
            return Err(error);
        }
        if !failures.is_empty() {
            // What is deleted goes after everything else.
            let elsewhere = |name: &String| {
                name.starts_with("delete ") || self.account_of(name).is_some_and(|account| account != *hub)
            };
            let partial = not_started.iter().all(elsewhere) && failures.iter().all(|failure| failure.account != *hub);
            if partial {
                // The gateway serves with the accounts that there are.
                self.converge().await?;
            }
            return Err(EngineError::Failed { failures, not_started, partial });
        }
        self.engine.journal.remember(Some(self.bundle))?;
        self.engine.forget_skipped(self.plan)?;
        let warnings = self.converge().await?;
        let distrust = trust::check(self).await?;
        if !distrust.is_empty() {
            return Err(EngineError::Unhealthy(distrust.join("; ")));
        }
        Ok(Applied { run: self.run.id.clone(), outputs: self.outputs(), warnings })
    }

    /// Waits until the gateway runs what was planned. Returns warnings.
    async fn converge(&self) -> Result<Vec<String>, EngineError> {
        let outputs = self.known.facts().outputs.get(GATEWAY).cloned().unwrap_or_default();
        let Some((cluster, service)) = named(&outputs) else { return Ok(Vec::new()) };
        let session = self.engine.session(&self.engine.hub);
        // A number in the template would be set again by every later update, and undo what autoscaling decided.
        let new = self.planned(GATEWAY).is_some_and(|planned| planned.action == StackAction::Create);
        if let Some(tasks) = self.bundle.tasks_at_first.filter(|_| new) {
            session.ecs().set_tasks(cluster, service, tasks).await?;
        }
        let converge = Converge {
            session,
            sink: &*self.engine.sink,
            cancel: &self.engine.cancel,
            key: GATEWAY,
            cluster,
            service,
            task_definition: planned(&outputs),
            images: &self.plan.inputs.images,
        };
        converge.check().await
    }

    /// Account of the stack of a step.
    fn account_of(&self, step: &str) -> Option<&str> {
        self.rendered(step).map(|stack| stack.target.account.as_str())
    }

    /// Every stack that was planned: what an earlier run has finished is not part of the plan of one that takes it up.
    fn works(&self) -> Vec<(String, Work<'_>)> {
        let planned = self.bundle.stacks.iter().filter(|stack| self.planned(&stack.key).is_some());
        let mut works: Vec<(String, Work<'_>)> = planned.map(|stack| (stack.key.clone(), Work::Stack(stack))).collect();
        for (index, object) in self.bundle.objects.iter().enumerate() {
            works.push((format!("upload {}", object.key), Work::Upload(index)));
        }
        for name in self.plan.inputs.pushes.keys() {
            works.push((push_step(name), Work::Push(name)));
        }
        works.extend(self.awaited().map(|name| (image_step(name), Work::Image(name))));
        for planned in self.plan.stacks.iter().filter(|stack| stack.action == StackAction::Delete) {
            works.push((format!("delete {}", planned.key), Work::Delete(planned)));
        }
        works
    }

    /// Names of the steps that go before one. `before_images` are the stacks that make repositories of awaited images.
    fn after(&self, name: &str, work: Work<'_>, before_images: &BTreeSet<String>) -> BTreeSet<String> {
        match work {
            Work::Stack(stack) => stack
                .dependencies()
                .map(ToOwned::to_owned)
                .chain(
                    self.bundle
                        .objects
                        .iter()
                        .filter(|object| object.needed_by == stack.key)
                        .map(|object| format!("upload {}", object.key)),
                )
                .chain(stack.parameters.values().filter_map(|value| match value {
                    ParameterValue::Image(name) => Some(push_step(name)),
                    _ => None,
                }))
                .chain(self.awaited().map(image_step).filter(|_| !before_images.contains(&stack.key)))
                .collect(),
            Work::Upload(index) => match &self.bundle.objects[index].bucket {
                ParameterValue::Output { stack, .. } => BTreeSet::from([stack.clone()]),
                _ => BTreeSet::new(),
            },
            // Its repository is made by one of these.
            Work::Push(image) | Work::Image(image) => self.makers_of(image),
            // What is no longer wanted goes last, in the opposite order of its making.
            Work::Delete(_) => {
                let mut after: BTreeSet<String> = self.bundle.stacks.iter().map(|stack| stack.key.clone()).collect();
                let deleted = self.plan.stacks.iter().filter(|stack| stack.action == StackAction::Delete);
                after.extend(deleted.map(|stack| format!("delete {}", stack.key)).take_while(|other| other != name));
                after
            }
        }
    }

    async fn step(&self, name: String, works: &[(String, Work<'_>)]) -> Result<(), StepError> {
        let Some((_, work)) = works.iter().find(|(other, _)| *other == name) else { return Ok(()) };
        let key = match work {
            Work::Stack(stack) => Some(stack.key.as_str()),
            Work::Delete(planned) => Some(planned.key.as_str()),
            Work::Upload(_) | Work::Push(_) | Work::Image(_) => None,
        };
        // The semaphore is never closed.
        let _permit = self.permits.acquire().await;
        let account = self.account_of(&name).filter(|account| *account != self.engine.hub.account);
        if self.engine.cancel.stage() > Cancelled::No || account.is_some_and(|_| self.has_enough()) {
            return Err(EngineError::Cancelled(Vec::new()).into());
        }
        self.record(&Record::StepStarted { step: name.clone(), at: now() })?;
        self.engine.emit(key, EventKind::StepStarted { step: name.clone() });
        let result = match work {
            Work::Stack(rendered) => match self.not_reached(rendered) {
                Some(failure) => Err(StepError::Stack(Box::new(failure))),
                None => stack::deploy(self, rendered).await,
            },
            Work::Upload(index) => objects::upload(self, &self.bundle.objects[*index]).await.map_err(StepError::from),
            Work::Push(image) => self.push(image).await.map_err(StepError::from),
            Work::Image(image) => self.look_for(image).await.map_err(StepError::from),
            Work::Delete(planned) => super::delete::stack(self, planned).await,
        };
        if let (Some(account), Err(_)) = (account, &result) {
            self.failed.lock().unwrap_or_else(PoisonError::into_inner).insert(account.to_owned());
        }
        match result.map_err(|error| self.told(work, error)) {
            Ok(result) => {
                self.record(&Record::StepFinished { step: name.clone(), at: now(), result: result.clone() })?;
                self.engine.emit(key, EventKind::StepFinished { step: name, result });
                Ok(())
            }
            Err(error) => {
                let reason = match &error {
                    StepError::Stack(failure) => failure.to_string(),
                    StepError::Engine(error) => error.to_string(),
                };
                let left_running = matches!(&error, StepError::Engine(EngineError::Cancelled(_)));
                if !left_running {
                    self.record(&Record::StepFailed { step: name.clone(), at: now(), reason: reason.clone() })?;
                }
                let first = reason.lines().next().unwrap_or_default().to_owned();
                self.engine.emit(key, EventKind::StepFailed { step: name, reason: first });
                Err(error)
            }
        }
    }

    /// Keys of the stacks that make the repository of an image.
    pub(super) fn makers_of(&self, image: &str) -> BTreeSet<String> {
        let repository = self.bundle.images.get(image).and_then(|uri| uri.parse::<Reference>().ok());
        let Some(repository) = repository.map(|reference| reference.repository) else { return BTreeSet::new() };
        let makers = self.bundle.stacks.iter().filter(|stack| resolve::makes(stack, &repository));
        makers.map(|stack| stack.key.clone()).collect()
    }

    /// Pushes an image to the deployment's own repository.
    async fn push(&self, name: &str) -> Result<String, EngineError> {
        let engine = self.engine;
        let wanted = self.plan.inputs.images.get(name).and_then(|reference| reference.parse::<Reference>().ok());
        let wanted = wanted.ok_or_else(|| self.inconsistent(&format!("the image {name} is not known")))?;
        let tag = self.bundle.images.get(name).and_then(|uri| uri.parse::<Reference>().ok()?.tag);
        let push = Push {
            clients: &engine.clients,
            hub: &engine.hub,
            sink: &engine.sink,
            cancel: &engine.cancel,
            name,
            wanted: &wanted,
            tag: tag.as_deref(),
        };
        engine.images.push(push).await
    }

    /// Whether more accounts have failed than may.
    fn has_enough(&self) -> bool {
        let hub = &self.engine.hub.account;
        let accounts: BTreeSet<&str> = self.plan.stacks.iter().map(|stack| stack.account.as_str()).collect();
        let accounts = accounts.into_iter().filter(|account| account != hub).count();
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.options.failure_tolerance.is_exceeded(failed, accounts)
    }

    /// What is told of a stack whose account could not be asked when the plan was made.
    fn not_reached(&self, rendered: &RenderedStack) -> Option<StackFailure> {
        let planned = self.planned(&rendered.key).filter(|planned| planned.action == StackAction::Unreachable)?;
        Some(StackFailure::not_reached(planned))
    }

    /// An error of a Bedrock account is that of its stack: the others go on, and it stands in the one report.
    fn told(&self, work: &Work<'_>, error: StepError) -> StepError {
        let (Work::Stack(rendered), StepError::Engine(engine)) = (work, &error) else { return error };
        match preflight::of_account(self.bundle, &rendered.target, engine) {
            Some(reason) => StepError::Stack(Box::new(StackFailure {
                stack: rendered.name.clone(),
                account: rendered.target.account.clone(),
                status: "not as planned".to_owned(),
                rolled_back: false,
                causes: Vec::new(),
                reason: Some(reason),
                next: RESUME.to_owned(),
            })),
            None => error,
        }
    }

    fn outputs(&self) -> Outputs {
        let facts = self.known.facts();
        self.bundle
            .stacks
            .iter()
            .filter_map(|stack| Some((stack.key.clone(), facts.outputs.get(&stack.key)?.clone())))
            .filter(|(_, outputs)| !outputs.is_empty())
            .collect()
    }

    /// The stack of that key, as rendered.
    pub fn rendered(&self, key: &str) -> Option<&RenderedStack> {
        self.bundle.stacks.iter().find(|stack| stack.key == key)
    }

    /// The stack of that key, as planned.
    pub fn planned(&self, key: &str) -> Option<&PlannedStack> {
        self.plan.stacks.iter().find(|stack| stack.key == key)
    }

    /// Client request token of an operation: marks its events as this run's and makes a repeated request the same one.
    pub fn token(&self, key: &str) -> String {
        token(&self.run.id, key)
    }

    /// Writes to the journal.
    pub fn record(&self, record: &Record) -> Result<(), EngineError> {
        Ok(self.run.write(record)?)
    }

    /// A bundle whose parts do not fit together: a blueprint whose parameters name something that is not there.
    pub fn inconsistent(&self, reason: &str) -> EngineError {
        EngineError::Stale(vec![format!("{reason}: the stack that gives it was not deployed by this blueprint")])
    }
}

/// Name of the step that pushes an image.
fn push_step(image: &str) -> String {
    format!("push {image}")
}

/// What every client request token of gwinfra begins with.
pub(super) const TOKEN: &str = "gwinfra-";

/// A client request token: `[a-zA-Z0-9][-a-zA-Z0-9]*`, at most 128 characters.
pub(super) fn token(run: &str, key: &str) -> String {
    let key: String = key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let mut token = format!("{TOKEN}{run}-{key}");
    token.truncate(128);
    token
}
