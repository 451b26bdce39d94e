//! One stack against what is deployed.

use std::collections::{BTreeMap, BTreeSet};

use super::instances;
use super::rows::{Inputs, rows};
use super::{Planner, absent, blank, estimate, evidence, lock, note, refusals};
use crate::aws::cloudformation::{CloudFormation, Stack};
use crate::cfn::diff::{TemplateDiff, diff};
use crate::cfn::evaluate::Parameters;
use crate::cfn::intrinsic::{Target as Referred, references};
use crate::cfn::registry::Registry;
use crate::cfn::template::Template;
use crate::diagnostics::{Diagnostic, Report};
use crate::engine::EngineError;
use crate::engine::cloudformation::known::Known;
use crate::engine::cloudformation::status_table::{self, Verdict};
use crate::plan::{Action, Change, PlanNote, PlannedStack, ReplaceRequired, StackAction};
use crate::render::{ParameterValue, RenderedStack, Target};

/// One stack, planned.
#[derive(Debug)]
pub(super) struct StackPlan {
    pub(super) planned: PlannedStack,
    pub(super) rows: Vec<Change>,
    /// Outputs that stay as they are: other stacks can be planned with them.
    pub(super) settled: BTreeMap<String, String>,
    /// Names of outputs that change.
    pub(super) output_changes: Vec<String>,
    pub(super) notes: Vec<PlanNote>,
}

/// Plans one stack.
pub(super) async fn plan(
    planner: &Planner<'_>,
    stack: &RenderedStack,
    hub: &Target,
    known: &Known,
    upstream: &BTreeMap<&str, StackPlan>,
    run: &str,
) -> Result<StackPlan, EngineError> {
    let session = planner.clients.session(&stack.target);
    let client = session.cloudformation();
    let found = client.stack(&stack.name).await?;
    let verdict = match &found {
        None => Verdict::Absent,
        Some(found) => check_status(planner, client, found, stack).await?,
    };
    let existing = found.as_ref().filter(|_| verdict == Verdict::Proceed);
    let parameters = values(stack, known);
    let there = found.as_ref().filter(|found| !absent(&found.status));
    let mut planned = PlannedStack {
        status: there.map(|found| found.status.clone()),
        stack_id: there.map(|found| found.id.clone()),
        last_operation: there.and_then(Stack::revision),
        last_changed: there.and_then(Stack::changed).map(ToOwned::to_owned),
        parameters,
        ..blank(stack)
    };
    let deployed = match existing {
        Some(existing) => client.template(&existing.id).await?,
        None => None,
    };
    if let (Some(existing), Some(text)) = (existing, &deployed)
        && !status_table::lookup(&existing.status).goes_forward()
        && same(existing, text, stack, &planned.parameters)
    {
        let rows = instances::behind(client, stack, hub).await?;
        planned.action = if rows.is_empty() { StackAction::NoOp } else { StackAction::Update };
        let settled = existing.outputs.clone();
        let notes = instances::inoperable(client, stack).await?;
        return Ok(StackPlan { planned, rows, settled, output_changes: Vec::new(), notes });
    }
    let stuck = match existing {
        Some(_) => instances::inoperable(client, stack).await?,
        None => Vec::new(),
    };
    let live = Live { planner, stack, hub, client, existing, run };
    let mut plan = live.plan(planned, verdict, deployed.as_deref(), missing(stack, known, upstream)).await?;
    plan.notes.extend(stuck);
    Ok(plan)
}

/// Stops at a stack that cannot be planned now.
async fn check_status(
    planner: &Planner<'_>,
    client: &CloudFormation,
    found: &Stack,
    stack: &RenderedStack,
) -> Result<Verdict, EngineError> {
    let row = status_table::lookup(&found.status);
    match row.plan {
        Verdict::Locked => Err(lock::locked(client, found).await),
        Verdict::Recover if planner.options.goes_forward && row.goes_forward() => Ok(Verdict::Proceed),
        Verdict::Recover => Err(needs_recover(found, stack)),
        verdict => Ok(verdict),
    }
}

fn needs_recover(found: &Stack, stack: &RenderedStack) -> EngineError {
    EngineError::NeedsRecover {
        stack: found.name.clone(),
        account: stack.target.account.clone(),
        status: found.status.clone(),
        reason: found.reason.clone(),
        next: status_table::lookup(&found.status).next.to_owned(),
    }
}

/// The parameters that are known.
fn values(stack: &RenderedStack, known: &Known) -> BTreeMap<String, String> {
    let values = stack.parameters.iter();
    values.filter_map(|(name, value)| Some((name.clone(), known.value(value)?))).collect()
}

/// Why parameters are not known, in words; `None` when all are.
fn missing(stack: &RenderedStack, known: &Known, upstream: &BTreeMap<&str, StackPlan>) -> Option<String> {
    let mut reasons: BTreeSet<String> = BTreeSet::new();
    for value in stack.parameters.values().filter(|value| known.value(value).is_none()) {
        reasons.insert(match value {
            ParameterValue::Output { stack: key, output } => match upstream.get(key.as_str()) {
                Some(other) if other.planned.action == StackAction::Create => {
                    format!("it takes outputs of {}, which does not exist yet", other.planned.name)
                }
                Some(other) if other.planned.action == StackAction::Update => {
                    format!("it takes outputs of {} that this plan changes", other.planned.name)
                }
                Some(other) => format!("{} has no output {output}", other.planned.name),
                None => format!("it takes an output of {key}, which is not part of this deployment"),
            },
            ParameterValue::Image(name) => format!("image {name} is not pushed yet"),
            ParameterValue::Lookup(name) => format!("the lookup {name} gave nothing"),
            ParameterValue::Literal(_) => continue,
        });
    }
    (!reasons.is_empty()).then(|| reasons.into_iter().collect::<Vec<_>>().join("; "))
}

/// Whether nothing at all differs, so that not even a change set is needed.
fn same(existing: &Stack, text: &str, stack: &RenderedStack, parameters: &BTreeMap<String, String>) -> bool {
    // CloudFormation shows stars for a NoEcho value.
    let values = parameters.len() == stack.parameters.len()
        && parameters
            .iter()
            .all(|(name, value)| existing.parameters.get(name).is_some_and(|own| own == value || own == "****"));
    values
        && text == &*stack.template
        && existing.tags == stack.tags
        && existing.termination_protection == stack.termination_protection
}

pub(super) struct Live<'a> {
    pub(super) planner: &'a Planner<'a>,
    pub(super) stack: &'a RenderedStack,
    pub(super) hub: &'a Target,
    pub(super) client: &'a CloudFormation,
    /// The stack, when it is to be updated.
    pub(super) existing: Option<&'a Stack>,
    pub(super) run: &'a str,
}

impl Live<'_> {
    async fn plan(
        &self,
        mut planned: PlannedStack,
        verdict: Verdict,
        deployed: Option<&str>,
        missing: Option<String>,
    ) -> Result<StackPlan, EngineError> {
        let stack = self.stack;
        let mut notes = Vec::new();
        let after = parse(&stack.template_path, &stack.template)?;
        let before = match deployed.map(|text| Template::parse(stack.name.as_str(), text)) {
            Some(Ok(template)) => Some(template),
            Some(Err(error)) => {
                let message = format!(
                    "the deployed template of {} cannot be read ({error}): its rows come from the change set alone",
                    stack.name
                );
                notes.push(note("warning", message, None));
                None
            }
            None => None,
        };
        let difference = self.difference(before.as_ref(), &after, &planned.parameters);
        let unknown: BTreeSet<String> =
            stack.parameters.keys().filter(|name| !planned.parameters.contains_key(*name)).cloned().collect();
        planned.template_only = match (verdict, missing) {
            (Verdict::DeleteFirst, _) => {
                let message = format!(
                    "stack {} could not be made before and was rolled back: it is deleted and made anew",
                    stack.name
                );
                notes.push(note(
                    "warning",
                    message,
                    Some(
                        "what it left behind on purpose (Retain) stays and may have to be imported or deleted by hand",
                    ),
                ));
                Some("the stack is deleted and made anew".to_owned())
            }
            (_, missing) => missing,
        };
        let change_set = match &planned.template_only {
            Some(_) => None,
            None => self.change_set(&planned, &mut notes).await?,
        };
        let usable = change_set.as_ref().filter(|set| !set.has_no_changes());
        let mut rows = rows(&Inputs {
            stack,
            hub: self.hub,
            registry: self.planner.registry,
            before: before.as_ref(),
            after: &after,
            difference: &difference,
            change_set: change_set.as_ref(),
            unknown: &unknown,
            places: self.planner.places,
        });
        planned.change_set = usable.map(|set| set.id.clone());
        let refused = refusals::refusals(&rows, &difference, self.planner.registry);
        if !refused.is_empty() {
            if planned.change_set.is_some() {
                self.discard(&planned).await?;
            }
            return Err(invalid(refused));
        }
        planned.action = match (self.existing, usable) {
            (None, _) => StackAction::Create,
            (Some(_), Some(_)) => StackAction::Update,
            // What failed is still what is wanted, and CloudFormation sees nothing to do about it.
            (Some(existing), None) if status_table::lookup(&existing.status).goes_forward() => {
                return Err(needs_recover(existing, stack));
            }
            (Some(existing), None) if planned.template_only.is_none() => {
                if !rows.is_empty() {
                    let message = format!(
                        "CloudFormation sees no change in {}, so an apply changes nothing there: {}",
                        stack.name,
                        addresses(&rows)
                    );
                    notes.push(note(
                        "warning",
                        message,
                        Some("change something else of the resource too, or replace it under another logical id"),
                    ));
                    for row in &mut rows {
                        row.actions = vec!["no-op".to_owned()];
                    }
                }
                if existing.termination_protection == stack.termination_protection {
                    StackAction::NoOp
                } else {
                    StackAction::Update
                }
            }
            (Some(_), None) => StackAction::Update,
        };
        if let Some(existing) = self.existing
            && existing.termination_protection != stack.termination_protection
        {
            let what = if stack.termination_protection { "switched on" } else { "switched off" };
            notes.push(note("note", format!("termination protection of {} is {what}", stack.name), None));
        }
        let changed = changed_outputs(&after, &difference, &rows, self.planner.registry);
        let settled = match self.existing {
            Some(existing) => {
                let outputs = existing.outputs.iter().filter(|(name, _)| !changed.contains(name.as_str()));
                outputs
                    .filter(|(name, _)| after.outputs().any(|output| output.name == *name))
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect()
            }
            None => BTreeMap::new(),
        };
        planned.estimated_seconds = estimate::seconds(&rows, &after);
        self.members(&mut rows, deployed, &mut notes).await?;
        let output_changes =
            if planned.action == StackAction::NoOp { Vec::new() } else { changed.into_iter().collect() };
        Ok(StackPlan { planned, rows, settled, output_changes, notes })
    }

    fn difference(
        &self,
        before: Option<&Template>,
        after: &Template,
        values: &BTreeMap<String, String>,
    ) -> TemplateDiff {
        // Of a template that cannot be read nothing can be said.
        if before.is_none() && self.existing.is_some() {
            return TemplateDiff::default();
        }
        let with = |values: &BTreeMap<String, String>| {
            values.iter().fold(pseudo(self.stack), |all, (name, value)| all.with(name, value))
        };
        // A NoEcho value is hidden: it is taken to be the same.
        let mut old = self.existing.map(|stack| stack.parameters.clone()).unwrap_or_default();
        for (name, value) in &mut old {
            if value == "****"
                && let Some(new) = values.get(name)
            {
                value.clone_from(new);
            }
        }
        let (old, new) = (with(&old), with(values));
        diff(self.planner.registry, before.map(|before| (before, &old)), (after, &new))
    }
}

fn parse(path: &str, text: &str) -> Result<Template, EngineError> {
    Template::parse(path, text).map_err(|error| {
        invalid(vec![Diagnostic::error(crate::cfn::codes::TEMPLATE_SYNTAX, format!("{path}: {error}"))])
    })
}

pub(super) fn invalid(diagnostics: Vec<Diagnostic>) -> EngineError {
    EngineError::Invalid(Box::new(Report { diagnostics, ..Report::default() }))
}

/// Pseudo parameters of a stack.
pub(in crate::engine::cloudformation) fn pseudo(stack: &RenderedStack) -> Parameters {
    let region = &stack.target.region;
    let (partition, suffix) = if region.starts_with("cn-") {
        ("aws-cn", "amazonaws.com.cn")
    } else if region.starts_with("us-gov-") {
        ("aws-us-gov", "amazonaws.com")
    } else {
        ("aws", "amazonaws.com")
    };
    Parameters::new()
        .with("AWS::Region", region)
        .with("AWS::AccountId", &stack.target.account)
        .with("AWS::StackName", &stack.name)
        .with("AWS::Partition", partition)
        .with("AWS::URLSuffix", suffix)
}

fn addresses(rows: &[Change]) -> String {
    rows.iter().map(|row| row.address.as_str()).collect::<Vec<_>>().join(", ")
}

/// Names of the outputs whose values change or may change: those whose own text or parameters change, and those that
/// refer to a resource that is made, replaced or perhaps replaced.
pub(super) fn changed_outputs(
    after: &Template,
    difference: &TemplateDiff,
    rows: &[Change],
    registry: &Registry,
) -> BTreeSet<String> {
    let mut changed: BTreeSet<String> = difference.outputs.iter().map(|output| output.name.clone()).collect();
    let row_of = |id: &str| rows.iter().find(|row| row.address.rsplit('/').next() == Some(id));
    for output in after.outputs() {
        let Some(value) = output.value() else { continue };
        let mut moves = false;
        references(value, &mut |reference| {
            let (id, attribute) = match reference.target {
                Referred::Name(id) => (id, None),
                Referred::Attribute(id, attribute) => (id, Some(attribute)),
                Referred::Condition(_) | Referred::Mapping(..) => return,
            };
            let Some(row) = row_of(id) else { return };
            let perhaps = row.replace.as_ref().is_some_and(|own| own.required == ReplaceRequired::Conditional);
            moves |= match row.kind() {
                Action::Create | Action::Replace | Action::Delete => true,
                Action::Update if perhaps || row.resource_type == "AWS::ECS::TaskDefinition" => true,
                Action::Update => match attribute {
                    Some(Some(name)) => !evidence::is_lasting(&row.resource_type, name, registry),
                    Some(None) => true,
                    None => false,
                },
                Action::NoOp => false,
            };
        });
        if moves {
            changed.insert(output.name.to_owned());
        }
    }
    changed
}
