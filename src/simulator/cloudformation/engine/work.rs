//! What a task does to the resources of an account.

use jiff::Timestamp;
use serde_json::Value;

use super::super::difference::{changes, worst};
use super::super::lookup::with_stack_tags;
use super::super::stack_set_resource;
use super::super::state::{Operation, Stack, StackResource};
use super::resource_event;
use super::start::wanted;
use crate::cfn::registry::Replacement;
use crate::simulator::provision::{self, Failure, Origin};
use crate::simulator::resource::{Resource, StackRef};
use crate::simulator::world::World;

fn origin(stack: &Stack, operation: &Operation, logical_id: &str) -> Origin {
    Origin {
        stack: Some(StackRef { stack_id: stack.id.clone(), logical_id: logical_id.to_owned() }),
        prefix: stack.name.clone(),
        logical_id: logical_id.to_owned(),
        token: format!("{}/{}/{logical_id}", stack.id, operation.id),
    }
}

pub(super) fn apply(
    world: &mut World,
    stack: &mut Stack,
    operation: &mut Operation,
    logical_id: &str,
    request_token: &str,
    creating: bool,
    at: Timestamp,
) -> Result<(), String> {
    let (declared, mut wanted) = wanted(world, stack, operation, logical_id)?;
    let type_name = wanted.type_name.clone();
    let full = with_stack_tags(world, &type_name, &declared, &stack.settings.tags);
    let origin = origin(stack, operation, logical_id);
    if creating {
        let made = make(world, stack, &origin, &type_name, &full).map_err(|failure| failure.reason(request_token))?;
        if let Some(resource) = stack.resources.get_mut(logical_id) {
            resource.physical_id = Some(made.physical_id);
            resource.identifier = Some(made.identifier);
        }
        return Ok(());
    }
    let Some(current) = stack.resources.get(logical_id).cloned() else { return Ok(()) };
    let registry = world.registry();
    let found = changes(registry.get(&type_name), &current.declared, &declared);
    wanted.status = "UPDATE_IN_PROGRESS".to_owned();
    wanted.at = at;
    if worst(&found) == Replacement::Always {
        let made = make(world, stack, &origin, &type_name, &full).map_err(|failure| {
            let name = registry
                .get(&type_name)
                .and_then(provision::name_property)
                .and_then(|property| declared.get(property))
                .and_then(Value::as_str)
                .map(str::to_owned);
            match name {
                Some(name) if failure.code == "AlreadyExists" => format!(
                    "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {name} and update the stack again."
                ),
                _ => failure.reason(request_token),
            }
        })?;
        wanted.physical_id = Some(made.physical_id.clone());
        wanted.identifier = Some(made.identifier);
        let declared = Some(declared.to_string());
        stack.leftovers.push(current);
        stack.resources.insert(logical_id.to_owned(), wanted);
        let reason = Some("Resource creation Initiated".to_owned());
        resource_event(
            stack,
            operation,
            logical_id,
            &type_name,
            Some(made.physical_id),
            "UPDATE_IN_PROGRESS",
            reason,
            declared,
            at,
        );
        return Ok(());
    }
    let previous = with_stack_tags(world, &type_name, &current.declared, &current.tags);
    let identifier = current.identifier.clone().unwrap_or_default();
    let token = format!("{}/{logical_id}", operation.id);
    change(world, stack, &type_name, &identifier, &previous, &full, &token)
        .map_err(|failure| failure.reason(request_token))?;
    wanted.physical_id = current.physical_id;
    wanted.identifier = current.identifier;
    stack.resources.insert(logical_id.to_owned(), wanted);
    Ok(())
}

/// Makes a resource, and what it makes itself.
fn make(world: &mut World, stack: &Stack, origin: &Origin, type_name: &str, full: &Value) -> Result<Resource, Failure> {
    let made = provision::create(world, stack.place(), origin, type_name, full)?;
    if type_name == stack_set_resource::TYPE
        && let Err(failure) = stack_set_resource::create(world, stack.place(), &made.identifier, full)
    {
        provision::delete(world, stack.place(), type_name, &made.identifier)?;
        return Err(failure);
    }
    Ok(made)
}

/// Changes a resource in place, and what it has made itself.
fn change(
    world: &mut World,
    stack: &Stack,
    type_name: &str,
    identifier: &str,
    previous: &Value,
    full: &Value,
    token: &str,
) -> Result<(), Failure> {
    provision::update(world, stack.place(), type_name, identifier, previous, full, token)?;
    if type_name == stack_set_resource::TYPE {
        stack_set_resource::update(world, stack.place(), previous, full)?;
    }
    Ok(())
}

pub(super) fn revert(
    world: &mut World,
    stack: &mut Stack,
    operation: &Operation,
    logical_id: &str,
    request_token: &str,
    scripted: bool,
) -> Result<(), String> {
    let Some(stable) = stack.before.as_ref().and_then(|before| before.resources.get(logical_id)).cloned() else {
        return Ok(());
    };
    if scripted {
        return Ok(());
    }
    let current = stack.resources.get(logical_id).cloned();
    let replaced = current.as_ref().is_some_and(|current| current.physical_id != stable.physical_id);
    let full = with_stack_tags(world, &stable.type_name, &stable.declared, &stable.tags);
    let mut restored = stable.clone();
    if stable.physical_id.is_none() {
        // It was gone before, so a rollback to what was there has nothing to bring back.
        stack.leftovers.extend(current.filter(|current| current.physical_id.is_some()));
    } else if replaced {
        // The old one is still there: take it back, and let the clean-up delete the new one.
        stack
            .leftovers
            .retain(|leftover| leftover.physical_id != stable.physical_id || leftover.type_name != stable.type_name);
        if let Some(current) = current {
            stack.leftovers.push(current);
        }
    } else {
        let previous = current
            .map(|current| with_stack_tags(world, &current.type_name, &current.declared, &current.tags))
            .unwrap_or_default();
        let identifier = stable.identifier.clone().unwrap_or_default();
        let token = format!("{}/{logical_id}/revert", operation.id);
        change(world, stack, &stable.type_name, &identifier, &previous, &full, &token)
            .map_err(|failure| failure.reason(request_token))?;
    }
    restored.status = "UPDATE_IN_PROGRESS".to_owned();
    stack.resources.insert(logical_id.to_owned(), restored);
    Ok(())
}

pub(super) fn delete(
    world: &mut World,
    stack: &Stack,
    resource: &StackResource,
    request_token: &str,
) -> Result<(), String> {
    let identifier = resource.identifier.clone().unwrap_or_default();
    if resource.type_name == stack_set_resource::TYPE {
        stack_set_resource::delete(world, stack.place(), &identifier);
    }
    match provision::delete(world, stack.place(), &resource.type_name, &identifier) {
        Ok(_) => Ok(()),
        // Gone already is as good.
        Err(failure) if failure.code == "NotFound" => Ok(()),
        Err(failure) => Err(failure.reason(request_token)),
    }
}
