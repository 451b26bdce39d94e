//! Stacks against the bundle that was applied last, without a call.

use std::collections::{BTreeMap, BTreeSet};

use super::live::{StackPlan, changed_outputs, pseudo};
use super::members::{self, Members};
use super::rows::{Inputs, deletion_policy, rows};
use super::{Offline, blank, estimate, note, refusals};
use crate::cfn::diff::diff;
use crate::cfn::template::Template;
use crate::diagnostics::Diagnostic;
use crate::plan::{Change, PlannedStack, SeenBy, StackAction, is_stateful};
use crate::render::{Bundle, ParameterValue, RenderedStack};

const TEMPLATE_ONLY: &str = "offline: no change set was asked for, so a replacement is what the resource schema says";

/// Plans all stacks of a bundle, and the deletion of those that only the previous one has; beside it the findings that keep
/// CloudFormation from doing so.
pub(super) fn stacks(offline: &Offline<'_>, bundle: &Bundle) -> (Vec<StackPlan>, Vec<Diagnostic>) {
    let before =
        |key: &str| offline.previous.and_then(|previous| previous.stacks.iter().find(|stack| stack.key == key));
    let (mut planned, mut refused) = (Vec::new(), Vec::new());
    for stack in &bundle.stacks {
        match one(offline, bundle, before(&stack.key), stack) {
            Ok((plan, findings)) => {
                planned.push(plan);
                refused.extend(findings);
            }
            Err(finding) => refused.push(*finding),
        }
    }
    for stack in offline.previous.iter().flat_map(|previous| previous.stacks.iter().rev()) {
        if !bundle.stacks.iter().any(|other| other.key == stack.key) {
            match deleted(bundle, stack) {
                Ok(plan) => planned.push(plan),
                Err(finding) => refused.push(*finding),
            }
        }
    }
    (planned, refused)
}

fn one(
    offline: &Offline<'_>,
    bundle: &Bundle,
    before: Option<&RenderedStack>,
    stack: &RenderedStack,
) -> Result<(StackPlan, Vec<Diagnostic>), Box<Diagnostic>> {
    let images = |name: &str| bundle.images.get(name).cloned();
    let new = values(stack, images);
    let old_images = |name: &str| offline.previous.and_then(|previous| previous.images.get(name).cloned());
    let old = before.map(|before| values(before, old_images)).unwrap_or_default();
    let mut planned = PlannedStack { parameters: literals(stack), ..blank(stack) };
    let unchanged = before.is_some_and(|before| {
        before.template == stack.template
            && old == new
            && before.tags == stack.tags
            && before.termination_protection == stack.termination_protection
    });
    if unchanged {
        planned.action = StackAction::NoOp;
        return Ok((plan(planned, Vec::new()), Vec::new()));
    }
    let after = parse(stack)?;
    let deployed = before.map(parse).transpose()?;
    let with = |values: &BTreeMap<String, String>| {
        values.iter().fold(pseudo(stack), |all, (name, value)| all.with(name, value))
    };
    let (old, new) = (with(&old), with(&new));
    let difference = diff(offline.registry, deployed.as_ref().map(|before| (before, &old)), (&after, &new));
    let mut rows = rows(&Inputs {
        stack,
        hub: &bundle.deployment.hub,
        registry: offline.registry,
        before: deployed.as_ref(),
        after: &after,
        difference: &difference,
        change_set: None,
        unknown: &BTreeSet::new(),
        places: offline.places,
    });
    let refused = refusals::refusals(&rows, &difference, offline.registry);
    planned.action = if before.is_some() { StackAction::Update } else { StackAction::Create };
    planned.template_only = Some(TEMPLATE_ONLY.to_owned());
    planned.estimated_seconds = estimate::seconds(&rows, &after);
    let changed = changed_outputs(&after, &difference, &rows, offline.registry);
    members::add(
        &mut rows,
        &Members {
            stack,
            hub: &bundle.deployment.hub,
            registry: offline.registry,
            places: offline.places,
            before: before.map(|before| &*before.template),
            live: &BTreeMap::new(),
            address: &|id| stack.address(&bundle.deployment.hub, id),
        },
    );
    let mut made = plan(planned, rows);
    made.output_changes = changed.into_iter().collect();
    if let Some(before) = before
        && before.tags != stack.tags
    {
        let message =
            format!("the tags of stack {} change, and CloudFormation passes them on to its resources", stack.name);
        made.notes.push(note("note", message, None));
    }
    Ok((made, refused))
}

fn deleted(bundle: &Bundle, stack: &RenderedStack) -> Result<StackPlan, Box<Diagnostic>> {
    let template = parse(stack)?;
    let rows: Vec<Change> = template
        .resources()
        .map(|resource| Change {
            node: None,
            address: stack.address(&bundle.deployment.hub, resource.logical_id),
            stack: stack.key.clone(),
            account: stack.target.account.clone(),
            resource_type: resource.resource_type().to_owned(),
            actions: vec!["delete".to_owned()],
            replace: None,
            stateful: is_stateful(resource.resource_type()),
            before: resource.properties().map(|properties| properties.to_json()),
            after: None,
            paths: Vec::new(),
            seen_by: vec![SeenBy::TemplateDiff],
            source: Vec::new(),
            policy: Some(deletion_policy(Some(&template), resource.logical_id, resource.resource_type())),
            note: None,
        })
        .collect();
    let mut planned = PlannedStack { parameters: literals(stack), ..blank(stack) };
    planned.action = StackAction::Delete;
    planned.template_only = Some(TEMPLATE_ONLY.to_owned());
    planned.estimated_seconds = estimate::seconds(&rows, &template);
    Ok(plan(planned, rows))
}

fn plan(planned: PlannedStack, rows: Vec<Change>) -> StackPlan {
    StackPlan { planned, rows, settled: BTreeMap::new(), output_changes: Vec::new(), notes: Vec::new() }
}

fn parse(stack: &RenderedStack) -> Result<Template, Box<Diagnostic>> {
    Template::parse(stack.template_path.as_str(), &stack.template).map_err(|error| {
        let message = format!("{}: {error}", stack.template_path);
        Box::new(Diagnostic::error(crate::cfn::codes::TEMPLATE_SYNTAX, message))
    })
}

/// Values of all parameters. What only AWS knows is named by where it comes from: that stays the same as long as it
/// comes from there.
fn values(stack: &RenderedStack, images: impl Fn(&str) -> Option<String>) -> BTreeMap<String, String> {
    let value = |value: &ParameterValue| match value {
        ParameterValue::Literal(text) => text.clone(),
        ParameterValue::Output { stack, output } => format!("(output {output} of {stack})"),
        ParameterValue::Image(name) => images(name).unwrap_or_else(|| format!("(image {name})")),
        ParameterValue::Lookup(name) => format!("(lookup {name})"),
    };
    stack.parameters.iter().map(|(name, own)| (name.clone(), value(own))).collect()
}

fn literals(stack: &RenderedStack) -> BTreeMap<String, String> {
    let literal = |value: &ParameterValue| match value {
        ParameterValue::Literal(text) => Some(text.clone()),
        _ => None,
    };
    stack.parameters.iter().filter_map(|(name, value)| Some((name.clone(), literal(value)?))).collect()
}
