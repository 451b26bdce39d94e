//! How a resource of an operation begins: what there is to do, and its first event.

use jiff::Timestamp;
use serde_json::Value;

use super::super::difference::{changes, worst};
use super::super::lookup::{Inputs, Live, properties};
use super::super::state::{Operation, Phase, Stack, StackResource, Step, TaskWork};
use super::failure::fail;
use super::task::{mark, seconds_of};
use super::{body, resource_event};
use crate::cfn::registry::Replacement;
use crate::simulator::clock::after;
use crate::simulator::provision::{self, Work};
use crate::simulator::world::World;

/// What a task is about to do.
enum Action {
    Create,
    Update { replace: bool },
    Nothing,
}

/// Starts every task whose needs are met.
pub(super) fn start_ready(world: &mut World, stack: &mut Stack, operation: &mut Operation, at: Timestamp) {
    let failing = operation.phase == Phase::Forward && operation.tasks.iter().any(|task| task.step == Step::Failed);
    if failing {
        return;
    }
    loop {
        let ready: Vec<usize> = (0..operation.tasks.len())
            .filter(|index| {
                let task = &operation.tasks[*index];
                task.step == Step::Waiting && task.needs.iter().all(|need| operation.tasks[*need].step == Step::Done)
            })
            .collect();
        if ready.is_empty() {
            return;
        }
        for index in ready {
            start(world, stack, operation, index, at);
        }
    }
}

/// What the template wants of a resource, with the values that are known now.
pub(super) fn wanted(
    world: &World,
    stack: &Stack,
    operation: &mut Operation,
    logical_id: &str,
) -> Result<(Value, StackResource), String> {
    let body = body(operation, &stack.settings.template);
    let inputs = Inputs::new(stack, &stack.settings);
    let live = Live { world, stack };
    let evaluator = inputs.evaluator(&body, &live);
    let Some(template) = body.resource(logical_id) else { return Err(format!("{logical_id} is not in the template")) };
    let declared = properties(&evaluator, template).map_err(|error| error.to_string())?;
    let text = |name: &str| template.get(name).and_then(Value::as_str).map(str::to_owned);
    let metadata = template
        .get("Metadata")
        .map(|metadata| evaluator.value(metadata))
        .transpose()
        .map_err(|error| error.to_string())?;
    let needs = crate::simulator::template::dependencies(&body).remove(logical_id).unwrap_or_default();
    let resource = StackResource {
        logical_id: logical_id.to_owned(),
        type_name: text("Type").unwrap_or_default(),
        physical_id: None,
        identifier: None,
        declared: declared.clone(),
        tags: stack.settings.tags.clone(),
        metadata,
        deletion_policy: text("DeletionPolicy"),
        replace_policy: text("UpdateReplacePolicy"),
        needs: needs.into_iter().collect(),
        status: "CREATE_IN_PROGRESS".to_owned(),
        reason: None,
        at: stack.created_at,
        drift: None,
        skipped: false,
        rollback_failed: false,
    };
    Ok((declared, resource))
}

/// Whether a resource has to be created, changed, replaced, or left alone.
fn decide(world: &World, current: Option<&StackResource>, wanted: &StackResource) -> Action {
    let Some(current) =
        current.filter(|current| current.physical_id.is_some() && current.type_name == wanted.type_name)
    else {
        return Action::Create;
    };
    let registry = world.registry();
    let schema = registry.get(&wanted.type_name);
    let found = changes(schema, &current.declared, &wanted.declared);
    let tags = current.tags != wanted.tags && super::super::lookup::takes_tags(world, &wanted.type_name);
    if found.is_empty() && !tags && !current.status.ends_with("_FAILED") {
        return Action::Nothing;
    }
    Action::Update { replace: worst(&found) == Replacement::Always }
}

fn start(world: &mut World, stack: &mut Stack, operation: &mut Operation, index: usize, at: Timestamp) {
    let logical_id = operation.tasks[index].logical_id.clone();
    let type_name = operation.tasks[index].type_name.clone();
    match operation.tasks[index].work.clone() {
        TaskWork::Delete(resource) => return start_delete(world, stack, operation, index, &resource, at),
        TaskWork::Revert => {
            if operation.skip.contains(&logical_id) {
                if let (Some(before), Some(current)) = (&stack.before, stack.resources.get_mut(&logical_id)) {
                    if let Some(stable) = before.resources.get(&logical_id) {
                        current.declared = stable.declared.clone();
                    }
                    current.status = "UPDATE_COMPLETE".to_owned();
                    current.skipped = true;
                    current.rollback_failed = false;
                    current.at = at;
                }
                let physical = stack.resources.get(&logical_id).and_then(|resource| resource.physical_id.clone());
                let reason = Some("Resource skipped during rollback".to_owned());
                resource_event(
                    stack,
                    operation,
                    &logical_id,
                    &type_name,
                    physical,
                    "UPDATE_COMPLETE",
                    reason,
                    None,
                    at,
                );
                operation.tasks[index].step = Step::Done;
                return;
            }
            let physical = stack.resources.get(&logical_id).and_then(|resource| resource.physical_id.clone());
            mark(stack, &logical_id, "UPDATE_IN_PROGRESS", None, at);
            resource_event(stack, operation, &logical_id, &type_name, physical, "UPDATE_IN_PROGRESS", None, None, at);
        }
        TaskWork::Apply => {
            let (_, wanted) = match wanted(world, stack, operation, &logical_id) {
                Ok(wanted) => wanted,
                Err(reason) => {
                    let creating =
                        stack.resources.get(&logical_id).is_none_or(|resource| resource.physical_id.is_none());
                    return fail(stack, operation, index, if creating { "CREATE" } else { "UPDATE" }, reason, at);
                }
            };
            match decide(world, stack.resources.get(&logical_id), &wanted) {
                Action::Nothing => {
                    if let Some(current) = stack.resources.get_mut(&logical_id) {
                        current.metadata = wanted.metadata;
                        current.deletion_policy = wanted.deletion_policy;
                        current.replace_policy = wanted.replace_policy;
                        current.needs = wanted.needs;
                        current.tags = wanted.tags;
                    }
                    operation.tasks[index].step = Step::Done;
                    operation.tasks[index].at = at;
                    return;
                }
                Action::Create => {
                    let properties = Some(wanted.declared.to_string());
                    let mut resource = wanted;
                    resource.at = at;
                    // A failed creation may have left something behind.
                    if let Some(old) = stack.resources.insert(logical_id.clone(), resource)
                        && old.physical_id.is_some()
                    {
                        stack.leftovers.push(old);
                    }
                    resource_event(
                        stack,
                        operation,
                        &logical_id,
                        &type_name,
                        None,
                        "CREATE_IN_PROGRESS",
                        None,
                        properties,
                        at,
                    );
                }
                Action::Update { replace } => {
                    let reason = replace.then(|| {
                        "Requested update requires the creation of a new physical resource; hence creating one."
                            .to_owned()
                    });
                    let physical = stack.resources.get(&logical_id).and_then(|resource| resource.physical_id.clone());
                    let properties = Some(wanted.declared.to_string());
                    mark(stack, &logical_id, "UPDATE_IN_PROGRESS", reason.clone(), at);
                    resource_event(
                        stack,
                        operation,
                        &logical_id,
                        &type_name,
                        physical,
                        "UPDATE_IN_PROGRESS",
                        reason,
                        properties,
                        at,
                    );
                }
            }
        }
    }
    let seconds = (seconds_of(stack, operation, index) * 0.1).min(1.0);
    operation.tasks[index].step = Step::Begun;
    operation.tasks[index].at = after(at, world.clock.duration(seconds));
}

fn start_delete(
    world: &World,
    stack: &mut Stack,
    operation: &mut Operation,
    index: usize,
    resource: &StackResource,
    at: Timestamp,
) {
    let id = &resource.logical_id;
    let own = stack.resources.get(id).is_some_and(|current| current.physical_id == resource.physical_id);
    let Some(physical) = resource.physical_id.clone() else {
        // It never came to exist.
        if own {
            mark(stack, id, "DELETE_COMPLETE", None, at);
        }
        resource_event(stack, operation, id, &resource.type_name, None, "DELETE_COMPLETE", None, None, at);
        operation.tasks[index].step = Step::Done;
        return;
    };
    let replaced = matches!(operation.phase, Phase::CleanUp) && stack.resources.contains_key(id);
    let policy = if replaced { resource.replace_policy.as_deref() } else { resource.deletion_policy.as_deref() };
    let retained = match policy {
        Some("Retain") => !(operation.is_rollback() && operation.retain_except_on_create),
        Some("RetainExceptOnCreate") => !operation.is_rollback(),
        _ => false,
    };
    if retained || operation.retain.contains(id) {
        if own {
            mark(stack, id, "DELETE_SKIPPED", None, at);
        }
        resource_event(stack, operation, id, &resource.type_name, Some(physical), "DELETE_SKIPPED", None, None, at);
        operation.tasks[index].step = Step::Done;
        return;
    }
    if own {
        mark(stack, id, "DELETE_IN_PROGRESS", None, at);
    }
    resource_event(stack, operation, id, &resource.type_name, Some(physical), "DELETE_IN_PROGRESS", None, None, at);
    let seconds = provision::seconds(&resource.type_name, Work::Delete) * 0.1;
    operation.tasks[index].step = Step::Begun;
    operation.tasks[index].at = after(at, world.clock.duration(seconds.min(1.0)));
}
