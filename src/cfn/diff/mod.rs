//! What changes between two templates: by meaning, not by text.
//!
//! Both sides are evaluated under their parameters first, so a changed parameter shows at each property that it reaches,
//! and a changed short form does not show at all. Unlike a change set, the difference sees an edit between empty objects
//! (`{Allow: {}}` to `{Block: {}}`).

mod compare;
mod knock_on;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::evaluate::{Evaluator, NothingDeployed, Parameters};
use super::registry::{Registry, Replacement};
use super::template::{Node, Resource, Template};

/// The attributes of a resource that are compared beside its properties.
const ATTRIBUTES: &[&str] =
    &["DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata", "CreationPolicy", "UpdatePolicy"];

/// What stands for the value of a NoEcho parameter.
const HIDDEN: &str = "****";

/// What changes. Nothing that stays the same is listed.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TemplateDiff {
    /// Resources: removed ones in their old order, then the others in their new order.
    pub resources: Vec<ResourceDiff>,
    /// Outputs: value or export.
    pub outputs: Vec<ValueDiff>,
    /// Parameters: effective value; those of NoEcho parameters are `****`.
    pub parameters: Vec<ValueDiff>,
}

impl TemplateDiff {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.outputs.is_empty() && self.parameters.is_empty()
    }

    /// The change of one resource.
    pub fn resource(&self, logical_id: &str) -> Option<&ResourceDiff> {
        self.resources.iter().find(|resource| resource.logical_id == logical_id)
    }
}

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is new, or its condition holds now.
    Added,
    /// It is gone, or its condition no longer holds.
    Removed,
    /// Its properties or attributes change.
    Modified,
}

/// The change of one resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResourceDiff {
    /// Its name in the template.
    pub logical_id: String,
    /// The type: the new one, or the old one of a removed resource.
    pub resource_type: String,
    /// The old type, when it is another. CloudFormation refuses that: the logical id must change too.
    pub type_before: Option<String>,
    /// What happens.
    pub change: Change,
    /// Whether its condition depends on what is not known, so that it may not exist at all.
    pub uncertain: bool,
    /// The strongest replacement of its property changes.
    pub replacement: Replacement,
    /// Changed properties, for modified resources.
    pub properties: Vec<PropertyChange>,
    /// Changed attributes, for modified resources: `DeletionPolicy` and so on.
    pub attributes: Vec<ValueDiff>,
    /// The old properties, evaluated.
    pub before: Option<Json>,
    /// The new properties, evaluated.
    pub after: Option<Json>,
}

impl ResourceDiff {
    /// The paths of the changes that replace the resource, or may.
    pub fn replacement_paths(&self) -> impl Iterator<Item = &str> {
        let replaces = |change: &&PropertyChange| change.replacement != Replacement::Never;
        self.properties.iter().filter(replaces).map(|change| change.path.as_str())
    }
}

/// The change of one property.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PropertyChange {
    /// Dotted path; list indices are those of the new list: `Tags.0.Value`.
    pub path: String,
    /// The old value; `None` when there was none.
    pub before: Option<Json>,
    /// The new value; `None` when there is none.
    pub after: Option<Json>,
    /// Whether it replaces the resource.
    pub replacement: Replacement,
    /// Why it changes.
    pub cause: Cause,
}

/// Why a property changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Its own value is another.
    Value,
    /// It refers to a resource that is, or may be, replaced.
    Replaced(String),
    /// It refers to a NoEcho parameter whose value is another.
    HiddenParameter(String),
}

/// The change of a named value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValueDiff {
    /// The name.
    pub name: String,
    /// The old value; `None` when there was none.
    pub before: Option<Json>,
    /// The new value; `None` when there is none.
    pub after: Option<Json>,
}

/// A template under its parameters.
struct Side<'a> {
    template: &'a Template,
    evaluator: Evaluator<'a>,
}

impl<'a> Side<'a> {
    fn new((template, parameters): (&'a Template, &'a Parameters)) -> Self {
        Self { template, evaluator: Evaluator::new(template, parameters, &NothingDeployed) }
    }

    /// The resource of that logical id, unless its condition does not hold.
    fn resource(&self, id: &str) -> Option<Resource<'a>> {
        self.template.resource(id).filter(|resource| self.exists(resource))
    }

    fn exists(&self, resource: &Resource<'_>) -> bool {
        self.evaluator.holds(resource.condition()) != Some(false)
    }
}

/// The difference of two templates under their parameters. No `before` means that all is new.
pub fn diff(
    registry: &Registry,
    before: Option<(&Template, &Parameters)>,
    after: (&Template, &Parameters),
) -> TemplateDiff {
    let (old, new) = (before.map(Side::new), Side::new(after));
    let mut resources = Vec::new();
    if let Some(old) = &old {
        let gone = old
            .template
            .resources()
            .filter(|resource| old.exists(resource) && new.resource(resource.logical_id).is_none());
        resources.extend(gone.map(|resource| one_sided(old, &resource, Change::Removed)));
    }
    for resource in new.template.resources().filter(|resource| new.exists(resource)) {
        let counterpart = old.as_ref().and_then(|old| Some((old, old.resource(resource.logical_id)?)));
        match counterpart {
            None => resources.push(one_sided(&new, &resource, Change::Added)),
            Some((old, previous)) => resources.extend(modified(registry, old, &previous, &new, &resource)),
        }
    }
    let mut difference =
        TemplateDiff { resources, outputs: outputs(old.as_ref(), &new), parameters: parameters(before, after) };
    if let Some(old) = &old {
        let hidden = changed_no_echo(before, after);
        knock_on::add(registry, old, &new, &hidden, &mut difference);
    }
    difference
}

fn one_sided(side: &Side<'_>, resource: &Resource<'_>, change: Change) -> ResourceDiff {
    let properties = Some(side.evaluator.properties(resource));
    let (before, after) = if change == Change::Removed { (properties, None) } else { (None, properties) };
    ResourceDiff {
        logical_id: resource.logical_id.to_owned(),
        resource_type: resource.resource_type().to_owned(),
        type_before: None,
        change,
        uncertain: side.evaluator.holds(resource.condition()).is_none(),
        replacement: Replacement::Never,
        properties: Vec::new(),
        attributes: Vec::new(),
        before,
        after,
    }
}

fn modified(
    registry: &Registry,
    old: &Side<'_>,
    previous: &Resource<'_>,
    new: &Side<'_>,
    resource: &Resource<'_>,
) -> Option<ResourceDiff> {
    let found = unchanged(old, previous, new, resource);
    let (Some(before), Some(after)) = (&found.before, &found.after) else { return None };
    let properties = compare::properties(registry.get(&found.resource_type), before, after);
    let attribute = |side: &Side<'_>, resource: &Resource<'_>, name: &str| -> Option<Json> {
        let value = side.evaluator.value(resource.attribute(name)?)?;
        Some(if name == "DependsOn" { sorted_list(value) } else { value })
    };
    let attributes: Vec<ValueDiff> = ATTRIBUTES
        .iter()
        .filter_map(|name| value_diff(name, attribute(old, previous, name), attribute(new, resource, name)))
        .collect();
    if properties.is_empty() && attributes.is_empty() && found.type_before.is_none() {
        return None;
    }
    let strongest = properties.iter().map(|change| change.replacement).max().unwrap_or(Replacement::Never);
    let replacement = if found.type_before.is_some() { Replacement::Always } else { strongest };
    Some(ResourceDiff { properties, attributes, replacement, ..found })
}

/// A resource that is on both sides, before its changes are looked for.
fn unchanged(old: &Side<'_>, previous: &Resource<'_>, new: &Side<'_>, resource: &Resource<'_>) -> ResourceDiff {
    let (type_before, type_after) = (previous.resource_type(), resource.resource_type());
    ResourceDiff {
        before: Some(old.evaluator.properties(previous)),
        type_before: (type_before != type_after).then(|| type_before.to_owned()),
        uncertain: new.evaluator.holds(resource.condition()) != old.evaluator.holds(previous.condition()),
        ..one_sided(new, resource, Change::Modified)
    }
}

/// `DependsOn` is a set, and one string is a set of one.
fn sorted_list(value: Json) -> Json {
    match value {
        Json::Array(mut items) => {
            items.sort_by_key(Json::to_string);
            Json::Array(items)
        }
        one => Json::Array(vec![one]),
    }
}

fn value_diff(name: &str, before: Option<Json>, after: Option<Json>) -> Option<ValueDiff> {
    let same = match (&before, &after) {
        (Some(before), Some(after)) => compare::same(before, after),
        (None, None) => true,
        _ => false,
    };
    (!same).then(|| ValueDiff { name: name.to_owned(), before, after })
}

/// Values by name on both sides, compared: removed ones first.
fn named_diff(before: Vec<(String, Json)>, after: Vec<(String, Json)>) -> Vec<ValueDiff> {
    let find =
        |list: &[(String, Json)], name: &str| list.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
    let gone = before.iter().filter(|(name, _)| find(&after, name).is_none());
    let gone = gone.map(|(name, value)| ValueDiff { name: name.clone(), before: Some(value.clone()), after: None });
    let kept = after.iter().filter_map(|(name, value)| value_diff(name, find(&before, name), Some(value.clone())));
    gone.chain(kept).collect()
}

fn outputs(old: Option<&Side<'_>>, new: &Side<'_>) -> Vec<ValueDiff> {
    let values = |side: &Side<'_>| -> Vec<(String, Json)> {
        side.template
            .outputs()
            .filter(|output| side.evaluator.holds(output.condition()) != Some(false))
            .map(|output| {
                let value = |node: Option<&Node>| node.and_then(|node| side.evaluator.value(node));
                let own = value(output.value()).unwrap_or(Json::Null);
                let whole = match value(output.export_name()) {
                    Some(export) => json!({ "Value": own, "Export": export }),
                    None => own,
                };
                (output.name.to_owned(), whole)
            })
            .collect()
    };
    named_diff(old.map(values).unwrap_or_default(), values(new))
}

fn effective((template, parameters): (&Template, &Parameters)) -> Vec<(String, bool, String)> {
    let known = |parameter: super::template::Parameter<'_>| {
        Some((parameter.name.to_owned(), parameter.no_echo(), parameters.effective(&parameter)?))
    };
    template.parameters().filter_map(known).collect()
}

fn parameters(before: Option<(&Template, &Parameters)>, after: (&Template, &Parameters)) -> Vec<ValueDiff> {
    let values = |side: Vec<(String, bool, String)>| -> Vec<(String, Json)> {
        side.into_iter()
            .map(|(name, no_echo, value)| (name, Json::String(if no_echo { HIDDEN.to_owned() } else { value })))
            .collect()
    };
    let mut difference =
        named_diff(before.map(|side| values(effective(side))).unwrap_or_default(), values(effective(after)));
    for name in changed_no_echo(before, after) {
        let hidden = || Some(Json::String(HIDDEN.to_owned()));
        difference.push(ValueDiff { name, before: hidden(), after: hidden() });
    }
    difference
}

/// NoEcho parameters that have a value on both sides, and another one.
fn changed_no_echo(before: Option<(&Template, &Parameters)>, after: (&Template, &Parameters)) -> Vec<String> {
    let old = before.map(effective).unwrap_or_default();
    let changed = |name: &str, value: &str| old.iter().any(|(own, _, previous)| own == name && previous != value);
    effective(after)
        .into_iter()
        .filter(|(name, no_echo, value)| *no_echo && changed(name, value))
        .map(|(name, ..)| name)
        .collect()
}
