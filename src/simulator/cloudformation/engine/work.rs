//! What is done to one resource: by the template, by a rollback, by a deletion.

use jiff::Timestamp;
use serde_json::Value;

use super::super::difference::{changes, worst};
use super::super::lookup::{Inputs, Live, properties, takes_tags, with_stack_tags};
use super::super::state::{Operation, Stack, StackResource};
use super::{Subject, body, resource_event};
use crate::cfn::registry::Replacement;
use crate::simulator::provision::{self, Origin, Outcome};
use crate::simulator::resource::StackRef;
use crate::simulator::scenario::Occasion;
use crate::simulator::world::World;

/// What a task is about to do.
pub(super) enum Action {
    Create,
    Update { replace: bool },
    Nothing,
}

pub(super) fn occasion<'a>(stack: &'a Stack, operation: &'a Operation, index: usize) -> Occasion<'a> {
    let task = &operation.tasks[index];
    Occasion {
        account: &stack.account,
        region: &stack.region,
        stack: Some(&stack.name),
        logical_id: Some(&task.logical_id),
        type_name: Some(&task.type_name),
        operation: Some(operation.kind.as_str()),
        ..Occasion::default()
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
    };
    Ok((declared, resource))
}

/// Whether a resource has to be created, changed, replaced, or left alone.
pub(super) fn decide(world: &World, current: Option<&StackResource>, wanted: &StackResource) -> Action {
    let Some(current) =
        current.filter(|current| current.physical_id.is_some() && current.type_name == wanted.type_name)
    else {
        return Action::Create;
    };
    let registry = world.registry();
    let schema = registry.get(&wanted.type_name);
    let found = changes(schema, &current.declared, &wanted.declared);
    let tags = current.tags != wanted.tags && takes_tags(world, &wanted.type_name);
    if found.is_empty() && !tags && !current.status.ends_with("_FAILED") {
        return Action::Nothing;
    }
    Action::Update { replace: worst(&found) == Replacement::Always }
}

/// Lets the circuit breaker trip if the scenario says so.
pub(super) fn trip(world: &mut World, stack: &Stack, operation: &mut Operation, index: usize, request_token: &str) {
    let mut scenario = std::mem::take(&mut world.scenario);
    let tripped = scenario.circuit_breaker(&occasion(stack, operation, index));
    world.scenario = scenario;
    let Some(breaker) = tripped else { return };
    let identifier =
        stack.resources.get(&operation.tasks[index].logical_id).and_then(|resource| resource.identifier.clone());
    provision::settle_service(
        world,
        stack.place(),
        &identifier.unwrap_or_default(),
        Outcome::RollbackSuccessful,
        &breaker.reason,
    );
    if !breaker.stack_completes {
        operation.tasks[index].doomed = Some(format!(
            "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.\" (RequestToken: {request_token}, HandlerErrorCode: GeneralServiceException)"
        ));
    }
}

pub(super) fn origin(stack: &Stack, operation: &Operation, logical_id: &str) -> Origin {
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
        let made = provision::create(world, stack.place(), &origin, &type_name, &full)
            .map_err(|failure| failure.reason(request_token))?;
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
        let made = provision::create(world, stack.place(), &origin, &type_name, &full).map_err(|failure| {
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
            Subject::new(logical_id, &type_name, Some(made.physical_id)),
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
    provision::update(world, stack.place(), &type_name, &identifier, &previous, &full, &token)
        .map_err(|failure| failure.reason(request_token))?;
    wanted.physical_id = current.physical_id;
    wanted.identifier = current.identifier;
    stack.resources.insert(logical_id.to_owned(), wanted);
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
    if replaced {
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
        provision::update(world, stack.place(), &stable.type_name, &identifier, &previous, &full, &token)
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
    match provision::delete(world, stack.place(), &resource.type_name, &identifier) {
        Ok(_) => Ok(()),
        // Gone already is as good.
        Err(failure) if failure.code == "NotFound" => Ok(()),
        Err(failure) => Err(failure.reason(request_token)),
    }
}
