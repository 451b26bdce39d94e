//! Makes plans with `terraform plan`.

pub(super) mod configured;
pub(super) mod evaluated;
pub(super) mod members;
pub(super) mod offline;
mod protection;
pub(super) mod rows;
pub(super) mod values;

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;

use super::diagnostic::{Doing, Subject};
use super::directory::WorkDirectory;
use super::orphan;
use super::planfile;
use super::process::Ended;
use super::show::Shown;
use super::{AT_ONCE, TerraformEngine};
use crate::diagnostics::Report;
use crate::engine::assemble::{self, Parts};
use crate::engine::resolve::{self, Resolved};
use crate::engine::{EngineError, PlanOptions, Unplanned, preflight};
use crate::plan::{Change, Plan, PlanNote, PlannedStack, StackAction};
use crate::render::{Bundle, ParameterValue, RenderedModule};

/// Whether Terraform is to make things what the files say, or to delete them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// As the files say.
    Files,
    /// Nothing is left.
    Nothing,
}

/// A root module as planned.
#[derive(Debug)]
pub(super) struct ModulePlan {
    /// What happens to it.
    pub planned: PlannedStack,
    /// What happens to its resources.
    pub rows: Vec<Change>,
    /// Outputs that change.
    pub output_changes: Vec<String>,
    /// What Terraform warns of.
    pub notes: Vec<PlanNote>,
}

/// What is known of a plan while it is made.
#[derive(Debug, Default)]
struct SoFar {
    planned: Vec<ModulePlan>,
    resolved: Resolved,
}

impl TerraformEngine {
    /// Makes a plan against AWS. Terraform's own plans stay in the directories when they are to be kept.
    ///
    /// # Errors
    /// [`EngineError::Preflight`] and [`EngineError::ImageMissing`] before Terraform runs; [`EngineError::StateLocked`];
    /// [`EngineError::Invalid`] when Terraform refuses the files.
    pub(super) async fn make_plan(&self, bundle: &Bundle, options: &PlanOptions) -> Result<Plan, Unplanned> {
        let mut so_far = SoFar::default();
        let result = self.plan_so_far(bundle, options, &mut so_far).await;
        let plan = put_together(bundle, so_far.planned, so_far.resolved);
        match result {
            Ok(()) => Ok(plan),
            Err(error) => Err(Unplanned { error, known: Box::new(plan) }),
        }
    }

    async fn plan_so_far(&self, bundle: &Bundle, options: &PlanOptions, so_far: &mut SoFar) -> Result<(), EngineError> {
        self.binary.find().await?;
        let refused = preflight::check(&self.clients, bundle, options).await?;
        let resolved = resolve::resolve(&self.clients, &self.images, bundle).await?;
        so_far.resolved.clone_from(&resolved);
        let resolved = &resolved;
        let previous = self.journal.applied()?;
        let modules = bundle.modules.iter().filter(|module| !options.left_out.contains(&module.key));
        let (modules, unreached): (Vec<&RenderedModule>, Vec<&RenderedModule>) =
            modules.partition(|module| !refused.contains_key(&module.target.account));
        let gone: Vec<&RenderedModule> = previous.iter().flat_map(|previous| gone(previous, bundle)).collect();
        let all: Vec<(&RenderedModule, Goal)> = modules
            .into_iter()
            .map(|module| (module, Goal::Files))
            .chain(gone.iter().map(|module| (*module, Goal::Nothing)))
            .collect();
        // The first one fills the cache of providers for the others.
        let Some((first, _)) = all.first() else { return Ok(()) };
        self.write(bundle, first, Goal::Files, resolved)?;
        let directory = self.work_directory(bundle, first);
        self.get_ready(Subject { module: first, directory: &directory }).await?;
        let lock = fs_err::read(directory.provider_lock()).ok();
        let lock = lock.as_deref();
        let first = first.key.as_str();
        let plans = futures::stream::iter(&all).map(|(module, goal)| async move {
            let work = async {
                if module.key != first {
                    self.make_ready(bundle, module, *goal, resolved, lock).await?;
                }
                self.module(bundle, module, *goal, resolved).await
            };
            work.await.or_else(|error| match preflight::of_account(bundle, &module.target, &error) {
                Some(reason) => Ok(unreachable(module, reason)),
                None => Err(error),
            })
        });
        let at_once = options.concurrency.unwrap_or(AT_ONCE).max(1);
        let plans: Vec<Result<ModulePlan, EngineError>> = plans.buffered(at_once).collect().await;
        let mut result = Ok(());
        for plan in plans {
            match plan {
                Ok(plan) => so_far.planned.push(plan),
                Err(error) => result = result.and(Err(error)),
            }
        }
        let result = result.and_then(|()| refuse_other_rollout(bundle, &gone, &so_far.planned));
        let reason = |module: &RenderedModule| refused.get(&module.target.account).cloned().unwrap_or_default();
        so_far.planned.extend(unreached.into_iter().map(|module| unreachable(module, reason(module))));
        if !options.keep_change_sets || result.is_err() {
            for (module, _) in &all {
                self.work_directory(bundle, module).remove("tfplan")?;
            }
        }
        result
    }

    fn write(
        &self,
        bundle: &Bundle,
        module: &RenderedModule,
        goal: Goal,
        resolved: &Resolved,
    ) -> Result<(), EngineError> {
        let variables = variables(module, resolved);
        let variables = (goal == Goal::Files).then_some(&variables);
        self.work_directory(bundle, module).write(module, variables)
    }

    /// Writes a root module and gets it ready, with the providers that `lock` names: the same everywhere, and the cache is
    /// used only for what is locked.
    async fn make_ready(
        &self,
        bundle: &Bundle,
        module: &RenderedModule,
        goal: Goal,
        resolved: &Resolved,
        lock: Option<&[u8]>,
    ) -> Result<(), EngineError> {
        self.write(bundle, module, goal, resolved)?;
        let directory = self.work_directory(bundle, module);
        if let Some(lock) = lock
            && !directory.provider_lock().exists()
        {
            directory.put(".terraform.lock.hcl", lock)?;
        }
        self.get_ready(Subject { module, directory: &directory }).await
    }

    /// Initialises a root module whose files are written, and writes to its state what an earlier run could not write.
    pub(super) async fn get_ready(&self, subject: Subject<'_>) -> Result<(), EngineError> {
        // Initialising begins a new stream.
        let under_way = orphan::under_way(subject.directory);
        self.init(subject.module, subject.directory).await?;
        self.push_errored(subject).await?;
        self.take_over(subject, under_way).await
    }

    /// Writes a root module's files and gets it ready, to look at its state.
    pub(super) async fn prepare(&self, subject: Subject<'_>) -> Result<(), EngineError> {
        subject.directory.write(subject.module, None)?;
        self.get_ready(subject).await
    }

    async fn module(
        &self,
        bundle: &Bundle,
        module: &RenderedModule,
        goal: Goal,
        resolved: &Resolved,
    ) -> Result<ModulePlan, EngineError> {
        let directory = self.work_directory(bundle, module);
        let subject = Subject { module, directory: &directory };
        self.say(Some(&module.key), "asking Terraform what changes");
        let ended = self.run_plan(subject, goal, &[]).await?;
        let notes = notes(module, &ended);
        let mut planned = PlannedStack { parameters: variables(module, resolved), ..blank(module) };
        if ended.code == Some(0) {
            planned.status = Some("unchanged".to_owned());
            planned.action = StackAction::NoOp;
            return Ok(ModulePlan { planned, rows: Vec::new(), output_changes: Vec::new(), notes });
        }
        let (shown, state) = futures::join!(self.changes(subject, &ended), self.state(subject));
        let (shown, state) = (shown?, state?);
        let mut rows = rows::rows(module, &bundle.nodes, &shown, &self.places);
        let mut notes = notes;
        notes.extend(self.add_members(bundle, module, &shown, &mut rows).await?);
        planned.last_operation = state.as_ref().map(super::state::State::version);
        planned.status = shown.has_state().then(|| "deployed".to_owned());
        planned.action = match (goal, shown.has_state()) {
            (Goal::Nothing, _) => StackAction::Delete,
            (Goal::Files, false) => StackAction::Create,
            (Goal::Files, true) => StackAction::Update,
        };
        planned.changes = rows.len();
        let changed = shown.output_changes.iter().filter(|(_, output)| output.actions != ["no-op"]);
        let output_changes = changed.map(|(name, _)| format!("{}/{name}", module.key)).collect();
        Ok(ModulePlan { planned, rows, output_changes, notes })
    }

    /// Runs `terraform plan`: it ended with 0 when nothing changes, and with 2 when something does.
    ///
    /// # Errors
    /// What Terraform says, for every other end.
    pub(super) async fn run_plan(
        &self,
        subject: Subject<'_>,
        goal: Goal,
        targets: &[String],
    ) -> Result<Ended, EngineError> {
        let targets: Vec<String> = targets.iter().map(|address| format!("-target={address}")).collect();
        let mut arguments = vec!["plan", "-json", "-input=false", "-out=tfplan", "-detailed-exitcode"];
        if goal == Goal::Nothing {
            arguments.push("-destroy");
        }
        arguments.extend(targets.iter().map(String::as_str));
        let mut initialised = false;
        let mut lifted: BTreeSet<String> = BTreeSet::new();
        let ended = loop {
            let ended = self.follow(subject.directory, &arguments, |_| {}).await;
            // Terraform's plan has the files in it: from here on the protection is there again.
            protection::restore(subject.directory)?;
            let ended = ended?;
            if matches!(ended.code, Some(0 | 2)) {
                break ended;
            }
            let protected = protection::protected(&ended);
            if !protected.is_empty() && !protected.is_subset(&lifted) {
                lifted.extend(protected);
                protection::lift(subject.directory, &lifted)?;
            } else if !initialised && ended.errors().any(|finding| finding.words().contains("terraform init")) {
                initialised = true;
                self.init_anew(subject.module, subject.directory).await?;
            } else {
                break ended;
            }
        };
        match ended.code {
            Some(0 | 2) => Ok(ended),
            _ => Err(self.error_of(subject, Doing::Plan, &ended)),
        }
    }

    /// What a plan that was just made changes: from its file, or else from Terraform.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn changes(&self, subject: Subject<'_>, ended: &Ended) -> Result<Shown, EngineError> {
        match planfile::read(&subject.directory.plan(), &ended.planned) {
            Some(shown) => Ok(shown),
            None => self.show(subject).await,
        }
    }

    /// Asks Terraform what a plan changes. It starts its providers for that.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn show(&self, subject: Subject<'_>) -> Result<Shown, EngineError> {
        match self.capture(subject.directory, &["show", "-json", "-no-color", "tfplan"]).await? {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| subject.directory.failed(error.into())),
            Err(words) => Err(self.command_failed(subject, "show", &words)),
        }
    }
}

/// Root modules that were applied and are no longer rendered: of accounts that were taken out.
fn gone<'a>(previous: &'a Bundle, bundle: &'a Bundle) -> impl Iterator<Item = &'a RenderedModule> {
    previous.modules.iter().filter(|module| !bundle.modules.iter().any(|other| other.key == module.key))
}

/// Values of the variables that are known. An image whose repository this very deployment makes has none yet, and the
/// module's own default stands.
pub(super) fn variables(module: &RenderedModule, resolved: &Resolved) -> BTreeMap<String, String> {
    let value = |value: &ParameterValue| match value {
        ParameterValue::Literal(text) => Some(text.clone()),
        ParameterValue::Image(name) => resolved.images.get(name).cloned(),
        ParameterValue::Lookup(name) => resolved.lookups.get(name).cloned(),
        ParameterValue::Output { .. } => None,
    };
    module.variables.iter().filter_map(|(name, own)| Some((name.clone(), value(own)?))).collect()
}

/// A root module as planned, before anything about it is known.
fn blank(module: &RenderedModule) -> PlannedStack {
    PlannedStack {
        key: module.key.clone(),
        name: module.key.clone(),
        account: module.target.account.clone(),
        region: module.target.region.clone(),
        deploy_role: module.target.deploy_role.clone(),
        status: None,
        action: StackAction::Create,
        changes: 0,
        stack_id: None,
        last_operation: None,
        last_changed: None,
        change_set: None,
        template_only: None,
        parameters: BTreeMap::new(),
        template_sha256: digest(module),
        estimated_seconds: 0,
    }
}

/// A root module whose account could not be asked.
fn unreachable(module: &RenderedModule, reason: String) -> ModulePlan {
    let planned = PlannedStack { action: StackAction::Unreachable, status: Some(reason), ..blank(module) };
    ModulePlan { planned, rows: Vec::new(), output_changes: Vec::new(), notes: Vec::new() }
}

/// SHA-256 in hex over the files of a module.
fn digest(module: &RenderedModule) -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for (name, text) in &module.files {
        hash.update(format!("{} {name}\n{}", text.len(), text));
    }
    crate::hexadecimal::digits(hash.finalize())
}

fn notes(module: &RenderedModule, ended: &Ended) -> Vec<PlanNote> {
    let warnings = ended.findings.iter().filter(|finding| !finding.is_error());
    warnings
        .map(|finding| PlanNote {
            severity: "warning".to_owned(),
            message: format!("{}: {}", module.key, finding.words()),
            help: None,
        })
        .collect()
}

/// Refuses a plan in which the roles of the two rollouts, which have the same name, would meet.
fn refuse_other_rollout(bundle: &Bundle, gone: &[&RenderedModule], plans: &[ModulePlan]) -> Result<(), EngineError> {
    let hub = plans.iter().filter(|plan| plan.planned.account == bundle.deployment.hub.account);
    let rows: Vec<Change> = hub.flat_map(|plan| plan.rows.iter().cloned()).collect();
    let conflicts = members::conflicts(bundle, gone, &rows);
    if conflicts.is_empty() {
        return Ok(());
    }
    Err(EngineError::Invalid(Box::new(Report { diagnostics: conflicts, ..Report::default() })))
}

fn put_together(bundle: &Bundle, plans: Vec<ModulePlan>, resolved: Resolved) -> Plan {
    let mut parts = Parts {
        images: resolved.images,
        pushes: resolved.pushes,
        lookups: resolved.lookups,
        notes: resolved.notes,
        ..Parts::default()
    };
    for plan in plans {
        parts.stacks.push(plan.planned);
        parts.changes.extend(plan.rows);
        parts.output_changes.extend(plan.output_changes);
        parts.notes.extend(plan.notes);
    }
    assemble::plan(bundle, parts)
}

/// The directory of a planned module, whether or not it is still rendered.
pub(super) fn directory_of(engine: &TerraformEngine, bundle: &Bundle, key: &str) -> WorkDirectory {
    WorkDirectory::new(&engine.directory, &bundle.deployment.prefix, key)
}
