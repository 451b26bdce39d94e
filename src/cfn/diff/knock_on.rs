//! Changes that follow from others: a property that refers to a resource that is replaced gets another value, and so
//! does one that refers to a NoEcho parameter whose value changed.

use serde_json::Value as Json;

use super::{Cause, PropertyChange, ResourceDiff, Side, TemplateDiff, unchanged};
use crate::cfn::evaluate::is_function;
use crate::cfn::graph::Graph;
use crate::cfn::intrinsic::{SubPart, sub_parts};
use crate::cfn::registry::{Registry, Replacement};

/// Adds the changes that follow, from the resources that others need to those that need them.
pub(super) fn add(
    registry: &Registry,
    old: &Side<'_>,
    new: &Side<'_>,
    hidden: &[String],
    difference: &mut TemplateDiff,
) {
    let graph = Graph::of(new.template);
    // A template with a cycle cannot be deployed; its own changes are still worth showing.
    let Ok(order) = graph.topological() else { return };
    for id in order {
        let (Some(resource), Some(previous)) = (new.resource(id), old.resource(id)) else { continue };
        let replaced = graph
            .dependencies(id)
            .filter(|need| difference.resource(need).is_some_and(|change| change.replacement != Replacement::Never));
        let causes: Vec<(String, Cause)> = replaced
            .map(|need| (need.to_owned(), Cause::Replaced(need.to_owned())))
            .chain(hidden.iter().map(|name| (name.clone(), Cause::HiddenParameter(name.clone()))))
            .collect();
        if causes.is_empty() {
            continue;
        }
        let known = difference.resources.iter().position(|change| change.logical_id == id);
        let mut change = match known {
            Some(at) => difference.resources[at].clone(),
            None => unchanged(old, &previous, new, &resource),
        };
        extend(registry, &causes, &mut change);
        match known {
            Some(at) => difference.resources[at] = change,
            None if !change.properties.is_empty() => difference.resources.push(change),
            None => {}
        }
    }
    // Restore the order of the template: removed ones first.
    difference
        .resources
        .sort_by_key(|change| new.template.section("Resources").and_then(|all| all.get_index_of(&change.logical_id)));
}

fn extend(registry: &Registry, causes: &[(String, Cause)], change: &mut ResourceDiff) {
    let schema = registry.get(&change.resource_type);
    let Some(after) = change.after.clone() else { return };
    for (name, cause) in causes {
        let mut paths = Vec::new();
        mentions(&after, name, &mut Vec::new(), &mut paths);
        for (path, value) in paths {
            let dotted = path.join(".");
            let told = |known: &PropertyChange| {
                dotted == known.path || dotted.strip_prefix(&known.path).is_some_and(|rest| rest.starts_with('.'))
            };
            if change.properties.iter().any(told) {
                continue;
            }
            // Only AWS knows whether the value really becomes another one.
            let own = schema.map_or(Replacement::Never, |schema| schema.replacement(&path));
            let replacement = own.min(Replacement::Conditional);
            change.replacement = change.replacement.max(replacement);
            change.properties.push(PropertyChange {
                path: dotted,
                before: Some(value.clone()),
                after: Some(value),
                replacement,
                cause: cause.clone(),
            });
        }
    }
}

/// The paths of the functions that mention a resource or parameter.
fn mentions(value: &Json, name: &str, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, Json)>) {
    if is_function(value) {
        if refers(value, name) {
            found.push((path.clone(), value.clone()));
        }
        return;
    }
    let mut below = |key: String, member: &Json| {
        path.push(key);
        mentions(member, name, path, found);
        path.pop();
    };
    match value {
        Json::Array(items) => items.iter().enumerate().for_each(|(at, item)| below(at.to_string(), item)),
        Json::Object(map) => map.iter().for_each(|(key, member)| below(key.clone(), member)),
        _ => {}
    }
}

/// Whether a function refers to a name, itself or in its arguments.
fn refers(value: &Json, name: &str) -> bool {
    match value {
        Json::Array(items) => items.iter().any(|item| refers(item, name)),
        Json::Object(map) => map.iter().any(|(key, argument)| match key.as_str() {
            "Ref" => argument.as_str() == Some(name),
            "Fn::GetAtt" => argument.get(0).and_then(Json::as_str) == Some(name),
            "Fn::Sub" => {
                let text = argument.as_str().or_else(|| argument.get(0)?.as_str()).unwrap_or_default();
                let variable = |part: SubPart<'_>| match part {
                    SubPart::Variable(variable) => variable.split('.').next() == Some(name),
                    SubPart::Literal(_) => false,
                };
                sub_parts(text).into_iter().any(variable) || argument.get(1).is_some_and(|rest| refers(rest, name))
            }
            _ => refers(argument, name),
        }),
        _ => false,
    }
}
