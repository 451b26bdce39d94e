//! Makes plans.
//!
//! A change set alone is not a plan: it cannot be made for a stack whose parameters come from a stack that does not
//! exist yet, it lists what does not change, and it misses some edits. So the rows are the union of what it says and of
//! what a comparison of the templates says.

mod change_set;
mod estimate;
mod evidence;
pub(in crate::engine) mod instances;
mod leftovers;
pub(in crate::engine::cloudformation) mod live;
pub(in crate::engine::cloudformation) mod lock;
pub(in crate::engine) mod members;
mod offline;
mod refusals;
mod rows;

use std::collections::BTreeMap;

use futures::StreamExt;

use change_set::discard;
use live::StackPlan;

use super::known::Known;
use super::status_table::{self, Verdict};
use super::{CloudFormationEngine, stale};
use crate::aws::Clients;
use crate::cfn::registry::Registry;
use crate::engine::assemble::{self, Parts};
use crate::engine::preflight::Refused;
use crate::engine::{
    ACCOUNTS_AT_ONCE, EngineError, Event, EventKind, EventSink, Images, PlanOptions, Unplanned, preflight, resolve,
};
use crate::hexadecimal::sha256;
use crate::plan::{Change, Plan, PlanNote, PlannedStack, SavedPlan, SourcePlace, StackAction};
use crate::render::{Bundle, RenderedStack, Target};

pub use estimate::deployment_seconds;

/// From a property of a resource to places in the spec: stack key, logical id, property path.
pub type PlacesReference<'a> = &'a (dyn Fn(&str, &str, &[String]) -> Vec<SourcePlace> + Send + Sync);

/// Whether a stack of this status is none.
pub(super) fn absent(status: &str) -> bool {
    status_table::lookup(status).plan == Verdict::Absent
}

/// What a plan is made with.
struct Planner<'a> {
    clients: &'a Clients,
    images: &'a Images,
    registry: &'a Registry,
    places: PlacesReference<'a>,
    /// The bundle that was applied last, as far as the journal knows.
    previous: Option<&'a Bundle>,
    options: &'a PlanOptions,
    sink: &'a dyn EventSink,
    /// Accounts into which a stack set brings stacks.
    members: &'a [Target],
}

/// What a plan without AWS is made with.
struct Offline<'a> {
    registry: &'a Registry,
    places: PlacesReference<'a>,
    previous: Option<&'a Bundle>,
}

/// What is known of a plan while it is made.
#[derive(Debug, Default)]
struct SoFar {
    planned: Vec<StackPlan>,
    found: Parts,
}

impl SoFar {
    fn into_plan(self, bundle: &Bundle) -> Plan {
        assemble(bundle, self.planned, self.found)
    }
}

/// Makes a plan against the bundle that was applied last, or against nothing, without a call.
///
/// # Errors
/// [`EngineError::Invalid`] when a template cannot be read, or CloudFormation would refuse the change; with all that would be
/// planned if it did not.
pub fn plan_offline(
    registry: &Registry,
    places: PlacesReference<'_>,
    previous: Option<&Bundle>,
    bundle: &Bundle,
) -> Result<Plan, Box<Unplanned>> {
    let (planned, refused) = offline::stacks(&Offline { registry, places, previous }, bundle);
    let found = Parts { images: bundle.images.clone(), offline: true, ..Parts::default() };
    let plan = assemble(bundle, planned, found);
    if refused.is_empty() {
        return Ok(plan);
    }
    Err(Box::new(Unplanned { error: live::invalid(refused), known: Box::new(plan) }))
}

impl CloudFormationEngine {
    /// Makes a plan against AWS.
    ///
    /// # Errors
    /// [`EngineError::Preflight`], [`EngineError::ImageMissing`] and [`EngineError::Aws`] before anything is made;
    /// [`EngineError::Locked`] and [`EngineError::NeedsRecover`] for a stack that cannot be planned now;
    /// [`EngineError::Invalid`] when CloudFormation refuses the change. Change sets that were made until then are
    /// deleted.
    pub async fn plan(&self, bundle: &Bundle, options: &PlanOptions) -> Result<Plan, Unplanned> {
        let mut so_far = SoFar::default();
        let result = self.plan_so_far(bundle, options, &mut so_far).await;
        let mut plan = so_far.into_plan(bundle);
        let result = match result {
            Ok(()) => self.add_unreconciled(bundle, &mut plan).await,
            Err(error) => Err(error),
        };
        let Err(error) = result else { return Ok(plan) };
        let discarded = discard(&self.clients, &plan.stacks).await;
        for stack in &mut plan.stacks {
            stack.change_set = None;
        }
        Err(Unplanned { error: discarded.err().unwrap_or(error), known: Box::new(plan) })
    }

    async fn plan_so_far(&self, bundle: &Bundle, options: &PlanOptions, so_far: &mut SoFar) -> Result<(), EngineError> {
        let previous = self.journal.applied()?;
        let planner = Planner {
            clients: &self.clients,
            images: &self.images,
            registry: &self.registry,
            places: &*self.places,
            previous: previous.as_ref(),
            options,
            sink: &*self.sink,
            members: &bundle.members,
        };
        planner.plan(bundle, so_far).await
    }

    /// What moved since a saved plan was made, one sentence each; empty when the plan is current. `bundle_sha256` is
    /// the digest of what the spec renders to now, if it was rendered.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn moved(&self, saved: &SavedPlan, bundle_sha256: Option<&str>) -> Result<Vec<String>, EngineError> {
        stale::moved(&self.clients, &self.images, saved, bundle_sha256).await
    }

    /// Deletes the change sets that a plan kept, and the empty stacks that they made: the plan will not be applied.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn discard(&self, plan: &Plan) -> Result<(), EngineError> {
        change_set::discard(&self.clients, &plan.stacks).await
    }
}

impl Planner<'_> {
    /// Plans a bundle. Change sets that were made stand in what is known so far, also on an error.
    async fn plan(&self, bundle: &Bundle, so_far: &mut SoFar) -> Result<(), EngineError> {
        let refused = preflight::check(self.clients, bundle, self.options).await?;
        let resolved = resolve::resolve(self.clients, self.images, bundle).await?;
        let known = Known::default();
        {
            let mut facts = known.facts();
            facts.images.clone_from(&resolved.images);
            facts.lookups.clone_from(&resolved.lookups);
        }
        so_far.found = Parts {
            images: resolved.images,
            pushes: resolved.pushes,
            lookups: resolved.lookups,
            notes: resolved.notes,
            ..Parts::default()
        };
        let run = run_name();
        so_far.planned = match self.stacks(bundle, &known, &run, &refused).await {
            Ok(planned) => planned,
            Err((made, error)) => {
                so_far.planned = made;
                return Err(error);
            }
        };
        if !self.options.keep_change_sets {
            let stacks: Vec<PlannedStack> = so_far.planned.iter().map(|stack| stack.planned.clone()).collect();
            discard(self.clients, &stacks).await?;
            for stack in &mut so_far.planned {
                stack.planned.change_set = None;
            }
        }
        let (leftovers, more) = leftovers::find(self, bundle, &refused).await?;
        let conflicts = instances::conflicts(bundle, &leftovers);
        if !conflicts.is_empty() {
            return Err(live::invalid(conflicts));
        }
        so_far.found.notes.extend(more);
        so_far.planned.extend(leftovers);
        Ok(())
    }

    /// Plans the stacks, each after those whose outputs it takes. On an error, also what was planned until then.
    async fn stacks(
        &self,
        bundle: &Bundle,
        known: &Known,
        run: &str,
        refused: &Refused,
    ) -> Result<Vec<StackPlan>, (Vec<StackPlan>, EngineError)> {
        let mut planned: BTreeMap<&str, StackPlan> = BTreeMap::new();
        let mut failed = None;
        let wanted = |stack: &&RenderedStack| !self.options.left_out.contains(&stack.key);
        let count = bundle.stacks.iter().filter(wanted).count();
        while failed.is_none() && planned.len() < count {
            let ready: Vec<&RenderedStack> = bundle
                .stacks
                .iter()
                .filter(wanted)
                .filter(|stack| !planned.contains_key(stack.key.as_str()))
                .filter(|stack| {
                    let in_bundle = |key: &&str| bundle.stacks.iter().filter(wanted).any(|other| other.key == *key);
                    stack.dependencies().filter(in_bundle).all(|key| planned.contains_key(key))
                })
                .collect();
            // The order of a bundle can be deployed; a cycle would be a broken blueprint.
            let ready = if ready.is_empty() {
                let left = bundle.stacks.iter().filter(wanted);
                left.filter(|stack| !planned.contains_key(stack.key.as_str())).collect()
            } else {
                ready
            };
            let hub = &bundle.deployment.hub;
            let mut results: Vec<(usize, Result<StackPlan, EngineError>)> =
                futures::stream::iter(ready.iter().enumerate().map(|(index, stack)| {
                    let upstream = &planned;
                    async move {
                        if let Some(reason) = refused.get(&stack.target.account) {
                            return (index, Ok(unreachable(stack, reason.clone())));
                        }
                        let result = live::plan(self, stack, hub, known, upstream, run).await;
                        let result =
                            result.or_else(|error| match preflight::of_account(bundle, &stack.target, &error) {
                                Some(reason) => Ok(unreachable(stack, reason)),
                                None => Err(error),
                            });
                        (index, result)
                    }
                }))
                .buffer_unordered(self.options.concurrency.unwrap_or(ACCOUNTS_AT_ONCE))
                .collect()
                .await;
            results.sort_by_key(|(index, _)| *index);
            for (index, result) in results {
                match result {
                    Ok(plan) => {
                        known.facts().outputs.insert(ready[index].key.clone(), plan.settled.clone());
                        planned.insert(&ready[index].key, plan);
                    }
                    Err(error) => failed = Some(failed.unwrap_or(error)),
                }
            }
        }
        let in_order = bundle.stacks.iter().filter_map(|stack| planned.remove(stack.key.as_str())).collect();
        match failed {
            None => Ok(in_order),
            Some(error) => Err((in_order, error)),
        }
    }

    fn say(&self, stack: &str, text: String) {
        let at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        self.sink.emit(Event { at, stack: Some(stack.to_owned()), kind: EventKind::Message { text } });
    }
}

/// A stack of an account that could not be asked.
fn unreachable(stack: &RenderedStack, reason: String) -> StackPlan {
    let planned = PlannedStack { action: StackAction::Unreachable, status: Some(reason), ..blank(stack) };
    StackPlan { planned, rows: Vec::new(), settled: BTreeMap::new(), output_changes: Vec::new(), notes: Vec::new() }
}

/// A name for the change sets of one plan.
fn run_name() -> String {
    let unique: String = uuid::Uuid::new_v4().simple().to_string().chars().take(12).collect();
    format!("gwinfra-plan-{unique}")
}

/// Puts the parts together: what was found out, and what happens to the stacks.
fn assemble(bundle: &Bundle, planned: Vec<StackPlan>, mut found: Parts) -> Plan {
    for mut stack in planned {
        stack.planned.changes = stack.rows.len();
        found.output_changes.extend(stack.output_changes.iter().map(|name| format!("{}/{name}", stack.planned.name)));
        found.stacks.push(stack.planned);
        found.changes.extend(stack.rows.into_iter().map(|row| Change { node: node(bundle, &row), ..row }));
        found.notes.extend(stack.notes);
    }
    assemble::plan(bundle, found)
}

/// What a row's resource is called in both engines.
fn node(bundle: &Bundle, row: &Change) -> Option<String> {
    let kind = row.stack.split_once('@').map_or(row.stack.as_str(), |(kind, _)| kind);
    let (_, logical_id) = row.address.rsplit_once('/')?;
    bundle.nodes.iter().find_map(|node| node.of_logical_id(kind, logical_id)).map(|found| found.name)
}

/// A stack as planned, before anything about it is known.
fn blank(stack: &RenderedStack) -> PlannedStack {
    PlannedStack {
        key: stack.key.clone(),
        name: stack.name.clone(),
        account: stack.target.account.clone(),
        region: stack.target.region.clone(),
        deploy_role: stack.target.deploy_role.clone(),
        status: None,
        action: StackAction::Create,
        changes: 0,
        stack_id: None,
        last_operation: None,
        last_changed: None,
        change_set: None,
        template_only: None,
        parameters: BTreeMap::new(),
        template_sha256: sha256(&*stack.template),
        estimated_seconds: 0,
    }
}

fn note(severity: &str, message: impl Into<String>, help: Option<&str>) -> PlanNote {
    PlanNote { severity: severity.to_owned(), message: message.into(), help: help.map(ToOwned::to_owned) }
}

#[cfg(test)]
mod tests;
