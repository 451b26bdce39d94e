//! The rows of one stack: the union of what the comparison of the templates and the change set saw.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::PlacesReference;
use super::evidence::{self, Evidence};
use crate::aws::cloudformation::{ChangeSet, ResourceChange};
use crate::cfn::diff::{Cause, Change as Seen, ResourceDiff, TemplateDiff};
use crate::cfn::registry::{Registry, Replacement};
use crate::cfn::template::Template;
use crate::plan::{Change, Replace, ReplaceRequired, SeenBy, SourcePlace, is_stateful};
use crate::render::{RenderedStack, Target};

/// What the rows are made from.
pub(super) struct Inputs<'a> {
    pub(super) stack: &'a RenderedStack,
    pub(super) hub: &'a Target,
    pub(super) registry: &'a Registry,
    /// The deployed template.
    pub(super) before: Option<&'a Template>,
    /// The rendered template.
    pub(super) after: &'a Template,
    pub(super) difference: &'a TemplateDiff,
    /// `None` where no change set can be made.
    pub(super) change_set: Option<&'a ChangeSet>,
    /// Parameters whose values are not known yet.
    pub(super) unknown: &'a BTreeSet<String>,
    pub(super) places: PlacesReference<'a>,
}

/// Makes the rows: those of the template in its order, then those that only the change set has.
pub(super) fn rows(inputs: &Inputs<'_>) -> Vec<Change> {
    let listed: &[ResourceChange] = inputs.change_set.map_or(&[], |set| set.changes.as_slice());
    let evidence = evidence::read(listed, inputs.difference, inputs.registry);
    let by_id: BTreeMap<&str, &ResourceChange> =
        listed.iter().map(|change| (change.logical_id.as_str(), change)).collect();
    let mut rows: Vec<Change> = Vec::new();
    for resource in &inputs.difference.resources {
        let change = by_id.get(resource.logical_id.as_str()).copied();
        // What only follows from another change, and what CloudFormation does not list, does not happen.
        let follows = !resource.properties.is_empty()
            && resource.attributes.is_empty()
            && resource.properties.iter().all(|property| matches!(property.cause, Cause::Replaced(_)));
        if follows && change.is_none() && inputs.change_set.is_some() {
            continue;
        }
        rows.push(row(inputs, Some(resource), change, evidence.get(&resource.logical_id)));
    }
    for change in listed.iter().filter(|change| inputs.difference.resource(&change.logical_id).is_none()) {
        rows.push(row(inputs, None, Some(change), evidence.get(&change.logical_id)));
    }
    rows
}

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Made,
    Changed,
    Gone,
}

fn row(
    inputs: &Inputs<'_>,
    seen: Option<&ResourceDiff>,
    listed: Option<&ResourceChange>,
    evidence: Option<&Evidence>,
) -> Change {
    let logical_id = seen.map(|own| own.logical_id.as_str()).or(listed.map(|own| own.logical_id.as_str()));
    let logical_id = logical_id.unwrap_or_default();
    let resource_type = seen.map(|own| own.resource_type.as_str()).or(listed.map(|own| own.resource_type.as_str()));
    let resource_type = resource_type.unwrap_or_default();
    let fate = fate(seen, listed);
    let mut notes: Vec<String> = Vec::new();
    let replacement =
        if fate == Fate::Changed { replacement(inputs, seen, listed, evidence) } else { Replacement::Never };
    let mut paths = paths(seen, evidence);
    if fate != Fate::Changed {
        paths.clear();
    }
    // Every change of a task definition is a new revision; the old one stays, and nothing is interrupted.
    let revision = resource_type == "AWS::ECS::TaskDefinition" && replacement != Replacement::Never;
    if revision {
        notes.push("new revision, rolling deployment".to_owned());
    }
    if resource_type == "AWS::ECS::Service" && paths.iter().any(|path| path[0] == "TaskDefinition") {
        notes.push("rolling deployment".to_owned());
    }
    if seen.is_some_and(|own| own.uncertain) {
        notes.push("depends on a condition that is known only later".to_owned());
    }
    if listed.is_some_and(|own| own.action == "Import") {
        notes.push("imported".to_owned());
    }
    let idle = evidence.and_then(|own| own.idle_because.clone()).filter(|_| seen.is_none());
    let unseen = inputs.change_set.is_some() && listed.is_none() && fate == Fate::Changed;
    if unseen {
        notes.push("CloudFormation's change set does not have it".to_owned());
    }
    let replaced = replacement != Replacement::Never && !revision;
    if replaced && let Some(cause) = evidence.and_then(|own| own.decided_by.as_deref()) {
        notes.push(format!("decided by {cause}"));
    }
    let actions: &[&str] = match (fate, idle.is_some()) {
        (Fate::Made, _) => &["create"],
        (Fate::Gone, _) => &["delete"],
        (Fate::Changed, true) => &["no-op"],
        (Fate::Changed, false) if replaced && replacement == Replacement::Always => &["create", "delete"],
        (Fate::Changed, false) => &["update"],
    };
    notes.extend(idle);
    let (before, after) = values(seen, listed);
    Change {
        address: inputs.stack.address(inputs.hub, logical_id),
        node: None,
        stack: inputs.stack.key.clone(),
        account: inputs.stack.target.account.clone(),
        resource_type: resource_type.to_owned(),
        actions: actions.iter().map(|&action| action.to_owned()).collect(),
        replace: replaced.then(|| Replace {
            required: if replacement == Replacement::Always {
                ReplaceRequired::Always
            } else {
                ReplaceRequired::Conditional
            },
            paths: replacement_paths(seen, evidence),
        }),
        stateful: is_stateful(resource_type),
        before,
        after,
        source: match fate {
            Fate::Gone => source_of_deleted(inputs, logical_id, resource_type),
            _ => source(inputs, logical_id, &paths),
        },
        paths,
        seen_by: [seen.map(|_| SeenBy::TemplateDiff), listed.map(|_| SeenBy::ChangeSet)]
            .into_iter()
            .flatten()
            .collect(),
        policy: policy(inputs, logical_id, resource_type, fate, replaced, listed),
        note: (!notes.is_empty()).then(|| notes.join("; ")),
    }
}

fn fate(seen: Option<&ResourceDiff>, listed: Option<&ResourceChange>) -> Fate {
    match listed.map(|own| own.action.as_str()) {
        Some("Add" | "Import") => Fate::Made,
        Some("Remove") => Fate::Gone,
        Some(_) => Fate::Changed,
        None => match seen.map(|own| own.change) {
            Some(Seen::Added) => Fate::Made,
            Some(Seen::Removed) => Fate::Gone,
            Some(Seen::Modified) | None => Fate::Changed,
        },
    }
}

/// The stronger of both, except that CloudFormation knows what the schema leaves open.
fn replacement(
    inputs: &Inputs<'_>,
    seen: Option<&ResourceDiff>,
    listed: Option<&ResourceChange>,
    evidence: Option<&Evidence>,
) -> Replacement {
    let of_template = seen.map_or(Replacement::Never, |own| {
        // What depends on a value that is not known yet may turn out to be the same value.
        let certain = own.properties.iter().any(|property| {
            property.replacement == Replacement::Always
                && !property.after.as_ref().is_some_and(|value| mentions(value, inputs.unknown))
        });
        if own.replacement == Replacement::Always && !certain && own.type_before.is_none() {
            Replacement::Conditional
        } else {
            own.replacement
        }
    });
    match (listed, evidence) {
        (Some(_), Some(evidence)) if of_template != Replacement::Always => evidence.replacement,
        (Some(_), Some(evidence)) => of_template.max(evidence.replacement),
        _ => of_template,
    }
}

/// Whether a value refers to one of the parameters.
fn mentions(value: &Value, parameters: &BTreeSet<String>) -> bool {
    if parameters.is_empty() {
        return false;
    }
    match value {
        Value::Array(items) => items.iter().any(|item| mentions(item, parameters)),
        Value::Object(map) => map.iter().any(|(key, argument)| match (key.as_str(), argument) {
            ("Ref", Value::String(name)) => parameters.contains(name),
            ("Fn::Sub", Value::String(text)) => parameters.iter().any(|name| text.contains(&format!("${{{name}}}"))),
            _ => mentions(argument, parameters),
        }),
        Value::String(text) => parameters.iter().any(|name| text.contains(&format!("${{{name}}}"))),
        _ => false,
    }
}

fn split(path: &str) -> Vec<String> {
    path.split('.').map(str::to_owned).collect()
}

/// Paths of both; of two paths where one contains the other, the template's.
fn paths(seen: Option<&ResourceDiff>, evidence: Option<&Evidence>) -> Vec<Vec<String>> {
    let mut paths: Vec<Vec<String>> = Vec::new();
    if let Some(seen) = seen {
        paths.extend(seen.properties.iter().map(|property| split(&property.path)));
        paths.extend(seen.attributes.iter().map(|attribute| vec![attribute.name.clone()]));
    }
    for path in evidence.into_iter().flat_map(|own| &own.paths) {
        if !paths.iter().any(|known| known.starts_with(path) || path.starts_with(known)) {
            paths.push(path.clone());
        }
    }
    paths
}

fn replacement_paths(seen: Option<&ResourceDiff>, evidence: Option<&Evidence>) -> Vec<Vec<String>> {
    let mut paths: Vec<Vec<String>> = seen.into_iter().flat_map(ResourceDiff::replacement_paths).map(split).collect();
    for path in evidence.into_iter().flat_map(|own| &own.replacement_paths) {
        if !paths.iter().any(|known| known.starts_with(path) || path.starts_with(known)) {
            paths.push(path.clone());
        }
    }
    paths
}

/// Properties before and after: evaluated from the templates or, where those say nothing, from the change set.
fn values(seen: Option<&ResourceDiff>, listed: Option<&ResourceChange>) -> (Option<Value>, Option<Value>) {
    let of = |context: Option<&Value>| context.and_then(|own| own.get("Properties")).cloned();
    match (seen, listed) {
        (Some(seen), _) => (seen.before.clone(), seen.after.clone()),
        (None, Some(listed)) => (of(listed.before.as_ref()), of(listed.after.as_ref())),
        (None, None) => (None, None),
    }
}

fn source(inputs: &Inputs<'_>, logical_id: &str, paths: &[Vec<String>]) -> Vec<SourcePlace> {
    let whole: [Vec<String>; 1] = [Vec::new()];
    let asked = if paths.is_empty() { &whole[..] } else { paths };
    let mut places: Vec<SourcePlace> = Vec::new();
    for path in asked {
        for place in (inputs.places)(&inputs.stack.key, logical_id, path) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    places
}

/// The same of a resource that goes: where the templates make up its name, nothing but its type is left of it.
fn source_of_deleted(inputs: &Inputs<'_>, logical_id: &str, resource_type: &str) -> Vec<SourcePlace> {
    let places = source(inputs, logical_id, &[]);
    if places.is_empty() { source(inputs, resource_type, &[]) } else { places }
}

/// What CloudFormation does with the resource that goes.
fn policy(
    inputs: &Inputs<'_>,
    logical_id: &str,
    resource_type: &str,
    fate: Fate,
    replaced: bool,
    listed: Option<&ResourceChange>,
) -> Option<String> {
    if let Some(action) = listed.and_then(|own| own.policy_action.clone()) {
        return Some(action);
    }
    match fate {
        Fate::Gone => Some(deletion_policy(inputs.before, logical_id, resource_type)),
        Fate::Changed if replaced => {
            let own = inputs.after.resource(logical_id).and_then(|resource| resource.update_replace_policy());
            Some(format!("ReplaceAnd{}", own.unwrap_or("Delete")))
        }
        _ => None,
    }
}

/// What happens to a resource that leaves its stack. A database cluster without a policy leaves a snapshot.
pub(super) fn deletion_policy(template: Option<&Template>, logical_id: &str, resource_type: &str) -> String {
    let own = template.and_then(|template| template.resource(logical_id)?.deletion_policy());
    let default = if resource_type == "AWS::RDS::DBCluster" { "Snapshot" } else { "Delete" };
    own.unwrap_or(default).to_owned()
}
