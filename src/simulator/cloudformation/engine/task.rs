//! One resource of an operation, from its first event to its last.

use jiff::Timestamp;
use serde_json::Value;

use super::super::difference::{changes, worst};
use super::super::lookup::{Inputs, Live, properties};
use super::super::stack_set_resource::{self, Settled};
use super::super::state::{Operation, Phase, Stack, StackResource, Step, TaskWork};
use super::work::{apply, delete, revert};
use super::{body, resource_event};
use crate::cfn::registry::Replacement;
use crate::simulator::clock::after;
use crate::simulator::provision::{self, Outcome, Work};
use crate::simulator::scenario::{FailStep, Occasion};
use crate::simulator::world::{World, uuid_form};

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

/// Moves one running task to its next step.
pub(super) fn advance(world: &mut World, stack: &mut Stack, operation: &mut Operation, index: usize, at: Timestamp) {
    match operation.tasks[index].step {
        Step::Begun => work(world, stack, operation, index, at),
        Step::Working => {
            // Configured; only types that take long become ready later.
            configured(stack, operation, index, at);
            operation.tasks[index].step = Step::Settling;
            let seconds = seconds_of(stack, operation, index) * 0.2;
            operation.tasks[index].at = after(at, world.clock.duration(seconds));
        }
        Step::Settling => settle(world, stack, operation, index, at),
        _ => {}
    }
    operation.wake = at;
    start_ready(world, stack, operation, at);
}

fn occasion<'a>(stack: &'a Stack, operation: &'a Operation, index: usize) -> Occasion<'a> {
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

fn seconds_of(stack: &Stack, operation: &Operation, index: usize) -> f64 {
    let task = &operation.tasks[index];
    let work = match &task.work {
        TaskWork::Delete(_) => Work::Delete,
        TaskWork::Revert => Work::Update,
        TaskWork::Apply => match stack.resources.get(&task.logical_id) {
            Some(resource) if resource.status.starts_with("UPDATE") => Work::Update,
            _ => Work::Create,
        },
    };
    provision::seconds(&task.type_name, work)
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

fn mark(stack: &mut Stack, logical_id: &str, status: &str, reason: Option<String>, at: Timestamp) {
    if let Some(resource) = stack.resources.get_mut(logical_id) {
        resource.status = status.to_owned();
        resource.reason = reason;
        resource.at = at;
        resource.rollback_failed = false;
    }
}

/// Ends a task with a failure: `verb` is CREATE, UPDATE or DELETE.
pub(super) fn fail(
    stack: &mut Stack,
    operation: &mut Operation,
    index: usize,
    verb: &str,
    reason: String,
    at: Timestamp,
) {
    let task = &mut operation.tasks[index];
    task.step = Step::Failed;
    task.at = at;
    let (logical_id, type_name) = (task.logical_id.clone(), task.type_name.clone());
    let status = format!("{verb}_FAILED");
    if verb != "DELETE" && !stack.resources.contains_key(&logical_id) {
        // It fails before it was begun: its own event of the beginning is still owed.
        resource_event(stack, operation, &logical_id, &type_name, None, &format!("{verb}_IN_PROGRESS"), None, None, at);
    }
    mark(stack, &logical_id, &status, Some(reason.clone()), at);
    if let Some(resource) = stack.resources.get_mut(&logical_id) {
        resource.rollback_failed = operation.phase == Phase::RollBackUpdate;
    }
    let physical = match &operation.tasks[index].work {
        TaskWork::Delete(resource) => resource.physical_id.clone(),
        _ => stack.resources.get(&logical_id).and_then(|resource| resource.physical_id.clone()),
    };
    resource_event(stack, operation, &logical_id, &type_name, physical, &status, Some(reason), None, at);
    if operation.phase == Phase::Forward && !operation.disable_rollback {
        cancel_running(stack, operation, at);
    }
}

/// Stops what runs, as CloudFormation does when something else has failed.
pub(in super::super) fn cancel_running(stack: &mut Stack, operation: &mut Operation, at: Timestamp) {
    for index in 0..operation.tasks.len() {
        if !operation.tasks[index].step.is_running() {
            continue;
        }
        let (logical_id, type_name) =
            (operation.tasks[index].logical_id.clone(), operation.tasks[index].type_name.clone());
        operation.tasks[index].step = Step::Cancelled;
        let creating = stack.resources.get(&logical_id).is_some_and(|resource| resource.status.starts_with("CREATE"));
        let (status, reason) = if creating {
            ("CREATE_FAILED", "Resource creation cancelled")
        } else {
            ("UPDATE_FAILED", "Resource update cancelled")
        };
        mark(stack, &logical_id, status, Some(reason.to_owned()), at);
        let physical = stack.resources.get(&logical_id).and_then(|resource| resource.physical_id.clone());
        resource_event(stack, operation, &logical_id, &type_name, physical, status, Some(reason.to_owned()), None, at);
    }
    for task in operation.tasks.iter_mut().filter(|task| task.step == Step::Waiting) {
        task.step = Step::Cancelled;
    }
}

/// The service does the work.
fn work(world: &mut World, stack: &mut Stack, operation: &mut Operation, index: usize, at: Timestamp) {
    let logical_id = operation.tasks[index].logical_id.clone();
    let type_name = operation.tasks[index].type_name.clone();
    let request_token = uuid_form(&world.stable_token(&[&operation.id, &logical_id, "request"], 32));
    let creating = stack.resources.get(&logical_id).is_some_and(|resource| resource.status == "CREATE_IN_PROGRESS");
    let (verb, step) = match &operation.tasks[index].work {
        TaskWork::Delete(_) => ("DELETE", if operation.is_rollback() { FailStep::Rollback } else { FailStep::Delete }),
        TaskWork::Revert => ("UPDATE", FailStep::Rollback),
        TaskWork::Apply if creating => ("CREATE", FailStep::Create),
        TaskWork::Apply => ("UPDATE", FailStep::Update),
    };
    let scripted = {
        let mut scenario = std::mem::take(&mut world.scenario);
        let reason = scenario.failure(&occasion(stack, operation, index), step);
        world.scenario = scenario;
        reason
    };
    let result = match operation.tasks[index].work.clone() {
        TaskWork::Delete(_) if scripted.is_some() => Ok(()),
        TaskWork::Delete(resource) => delete(world, stack, &resource, &request_token),
        TaskWork::Revert => revert(world, stack, operation, &logical_id, &request_token, scripted.is_some()),
        TaskWork::Apply => apply(world, stack, operation, &logical_id, &request_token, creating, at),
    };
    if let Err(reason) = result {
        return fail(stack, operation, index, verb, reason, at);
    }
    operation.tasks[index].doomed = scripted.map(|reason| {
        format!("Resource handler returned message: \"{reason}\" (RequestToken: {request_token}, HandlerErrorCode: GeneralServiceException)")
    });
    if type_name == "AWS::ECS::Service" && matches!(operation.tasks[index].work, TaskWork::Apply) {
        trip(world, stack, operation, index, &request_token);
    }
    if creating {
        let physical = stack.resources.get(&logical_id).and_then(|resource| resource.physical_id.clone());
        let reason = Some("Resource creation Initiated".to_owned());
        let declared = stack.resources.get(&logical_id).map(|resource| resource.declared.to_string());
        resource_event(stack, operation, &logical_id, &type_name, physical, "CREATE_IN_PROGRESS", reason, declared, at);
    }
    operation.tasks[index].step = Step::Working;
    let seconds = seconds_of(stack, operation, index) * 0.7;
    operation.tasks[index].at = after(at, world.clock.duration(seconds));
}

/// Lets the circuit breaker trip if the scenario says so.
fn trip(world: &mut World, stack: &Stack, operation: &mut Operation, index: usize, request_token: &str) {
    let mut scenario = std::mem::take(&mut world.scenario);
    let tripped = scenario.circuit_breaker(&occasion(stack, operation, index));
    world.scenario = scenario;
    let Some(breaker) = tripped else { return };
    let identifier =
        stack.resources.get(&operation.tasks[index].logical_id).and_then(|resource| resource.identifier.clone());
    let identifier = identifier.unwrap_or_default();
    provision::fail_tasks(world, stack.place(), &identifier, &breaker.tasks);
    provision::settle_service(world, stack.place(), &identifier, Outcome::RollbackSuccessful, &breaker.reason);
    if !breaker.stack_completes {
        operation.tasks[index].doomed = Some(format!(
            "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.\" (RequestToken: {request_token}, HandlerErrorCode: GeneralServiceException)"
        ));
    }
}

/// Ends a task, once everything that the resource makes itself has ended.
fn settle(world: &mut World, stack: &mut Stack, operation: &mut Operation, index: usize, at: Timestamp) {
    let task = &operation.tasks[index];
    let (identifier, deleting) = match &task.work {
        TaskWork::Delete(resource) => (resource.identifier.clone(), true),
        _ => (stack.resources.get(&task.logical_id).and_then(|resource| resource.identifier.clone()), false),
    };
    if let Some(identifier) = identifier.filter(|_| task.type_name == stack_set_resource::TYPE) {
        match stack_set_resource::settled(world, stack.place(), &identifier, deleting, at) {
            Settled::Done => {}
            Settled::Waiting => {
                operation.tasks[index].at = after(at, stack_set_resource::pause(world));
                return;
            }
            Settled::Failed(failure) => {
                let token = [&operation.id, &operation.tasks[index].logical_id, "request"];
                let request_token = uuid_form(&world.stable_token(&token, 32));
                operation.tasks[index].doomed.get_or_insert(failure.reason(&request_token));
            }
        }
    }
    complete(stack, operation, index, at);
}

/// Says that the configuration is in place, for types that take their time to become ready.
fn configured(stack: &mut Stack, operation: &Operation, index: usize, at: Timestamp) {
    let task = &operation.tasks[index];
    if matches!(task.work, TaskWork::Delete(_)) || task.doomed.is_some() || seconds_of(stack, operation, index) < 30.0 {
        return;
    }
    let Some(resource) = stack.resources.get(&task.logical_id) else { return };
    let (status, physical) = (resource.status.clone(), resource.physical_id.clone());
    let reason = Some("Eventual consistency check initiated".to_owned());
    resource_event(stack, operation, &task.logical_id, &task.type_name, physical, &status, reason, None, at);
    if let Some(event) = stack.events.last_mut() {
        event.detailed_status = Some("CONFIGURATION_COMPLETE".to_owned());
    }
}

fn complete(stack: &mut Stack, operation: &mut Operation, index: usize, at: Timestamp) {
    let logical_id = operation.tasks[index].logical_id.clone();
    let type_name = operation.tasks[index].type_name.clone();
    let creating = stack.resources.get(&logical_id).is_some_and(|resource| resource.status == "CREATE_IN_PROGRESS");
    let verb = match &operation.tasks[index].work {
        TaskWork::Delete(_) => "DELETE",
        TaskWork::Apply if creating => "CREATE",
        _ => "UPDATE",
    };
    if let Some(reason) = operation.tasks[index].doomed.take() {
        return fail(stack, operation, index, verb, reason, at);
    }
    let status = format!("{verb}_COMPLETE");
    let physical = match &operation.tasks[index].work {
        TaskWork::Delete(resource) => resource.physical_id.clone(),
        _ => stack.resources.get(&logical_id).and_then(|resource| resource.physical_id.clone()),
    };
    let own =
        verb != "DELETE" || stack.resources.get(&logical_id).is_some_and(|current| current.physical_id == physical);
    if own {
        mark(stack, &logical_id, &status, None, at);
    }
    resource_event(stack, operation, &logical_id, &type_name, physical, &status, None, None, at);
    operation.tasks[index].step = Step::Done;
    operation.tasks[index].at = at;
}
