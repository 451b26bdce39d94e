//! One resource of an operation, from its first event to its last.

use jiff::Timestamp;

use super::super::stack_set_resource::{self, Settled};
use super::super::state::{Operation, Stack, Step, TaskWork};
use super::failure::fail;
use super::resource_event;
use super::start::start_ready;
use super::work::{apply, delete, revert};
use crate::simulator::clock::after;
use crate::simulator::provision::{self, Outcome, Work};
use crate::simulator::scenario::{FailStep, Occasion};
use crate::simulator::world::{World, uuid_form};

/// Moves one running task to its next step.
pub(super) fn advance(world: &mut World, stack: &mut Stack, operation: &mut Operation, index: usize, at: Timestamp) {
    match operation.tasks[index].step {
        Step::Begun => work(world, stack, operation, index, at),
        Step::Working => {
            // Configured; only types that take long become ready later.
            configured(stack, operation, index, at);
            operation.tasks[index].step = Step::Settling;
            super::configuration::tell(world, stack, operation, at);
            let seconds = seconds_of(stack, operation, index) * 0.2;
            operation.tasks[index].at = after(at, world.clock.duration(seconds));
        }
        Step::Settling => settle(world, stack, operation, index, at),
        _ => {}
    }
    operation.wake = at;
    start_ready(world, stack, operation, at);
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

pub(super) fn seconds_of(stack: &Stack, operation: &Operation, index: usize) -> f64 {
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

pub(super) fn mark(stack: &mut Stack, logical_id: &str, status: &str, reason: Option<String>, at: Timestamp) {
    if let Some(resource) = stack.resources.get_mut(logical_id) {
        resource.status = status.to_owned();
        resource.reason = reason;
        resource.at = at;
        resource.rollback_failed = false;
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
    if matches!(operation.tasks[index].work, TaskWork::Apply)
        && let Some(reason) = super::hook::refused(world, stack, operation, index, at)
    {
        return fail(stack, operation, index, verb, reason, at);
    }
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
