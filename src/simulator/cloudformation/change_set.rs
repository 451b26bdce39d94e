//! What an update would do, as a change set shows it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::lookup::{Inputs, properties};
use super::preview::{Fate, Preview};
use super::resource_change::Context;
use super::state::{Settings, Stack};
use crate::simulator::template::{Body, dependencies, references, values};
use crate::simulator::world::World;

/// The resources of a template, each after those that it needs.
fn in_order(body: &Body) -> Vec<String> {
    let mut left = dependencies(body);
    let mut order = Vec::new();
    while !left.is_empty() {
        let free: Vec<String> = left
            .iter()
            .filter(|(_, needs)| needs.iter().all(|need| !left.contains_key(need)))
            .map(|(id, _)| id.clone())
            .collect();
        if free.is_empty() {
            break;
        }
        for id in free {
            left.remove(&id);
            order.push(id);
        }
    }
    order
}

/// The changes from a stack as it is to other settings, with property values. The error is CloudFormation's message.
pub(super) fn compute(world: &World, stack: &Stack, settings: &Settings) -> Result<Vec<Value>, String> {
    let body = Body::parse(&settings.template)?;
    let inputs = Inputs::new(stack, settings);
    let mut fates: BTreeMap<String, Fate> = BTreeMap::new();
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    let context = Context { world, settings, body: &body, changed: changed_parameters(stack, settings) };
    retyped(stack, &body)?;
    for id in in_order(&body) {
        let Some(template) = body.resource(&id) else { continue };
        let preview = Preview { world, stack, fates: &fates };
        let evaluator = inputs.evaluator(&body, &preview);
        if !evaluator.exists(template).map_err(|error| error.to_string())? {
            continue;
        }
        let declared = properties(&evaluator, template).map_err(|error| error.to_string())?;
        let metadata = template
            .get("Metadata")
            .map(|metadata| evaluator.value(metadata))
            .transpose()
            .map_err(|error| error.to_string())?;
        let (fate, change) = match stack.resources.get(&id).filter(|resource| resource.physical_id.is_some()) {
            None => (Fate::Renewed, Some(context.add(&id, template, &declared))),
            Some(current) => context.modify(current, template, &declared, metadata.as_ref(), &fates),
        };
        fates.insert(id.clone(), fate);
        if let Some(change) = change {
            found.insert(id, change);
        }
    }
    let mut changes: Vec<Value> = body.resources().filter_map(|(id, _)| found.remove(id)).collect();
    for (id, current) in &stack.resources {
        if !fates.contains_key(id) && current.physical_id.is_some() && current.status != "DELETE_COMPLETE" {
            changes.push(context.remove(current));
        }
    }
    Ok(changes)
}

/// Refuses a resource that takes another type under its old name.
fn retyped(stack: &Stack, body: &Body) -> Result<(), String> {
    let names: Vec<&str> = body
        .resources()
        .filter(|(id, resource)| {
            let type_name = resource.get("Type").and_then(Value::as_str).unwrap_or_default();
            stack
                .resources
                .get(*id)
                .is_some_and(|current| current.physical_id.is_some() && current.type_name != type_name)
        })
        .map(|(id, _)| id)
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(format!(
        "Update of resource type is not permitted. The new template modifies resource type of the following resources: [{}]",
        names.join(", ")
    ))
}

fn changed_parameters(stack: &Stack, settings: &Settings) -> BTreeSet<String> {
    let (before, after) = (values(&stack.settings.parameters), values(&settings.parameters));
    after.iter().filter(|(key, value)| before.get(*key) != Some(value)).map(|(key, _)| key.clone()).collect()
}

/// Whether the outputs change although no resource does.
pub(super) fn outputs_differ(before: &Settings, after: &Settings) -> bool {
    let outputs =
        |settings: &Settings| Body::parse(&settings.template).ok().and_then(|body| body.root().get("Outputs").cloned());
    let (old, new) = (outputs(before), outputs(after));
    if old != new {
        return true;
    }
    let (old_values, new_values) = (values(&before.parameters), values(&after.parameters));
    new.map(|outputs| references(&outputs))
        .unwrap_or_default()
        .iter()
        .any(|name| old_values.get(name) != new_values.get(name))
}
