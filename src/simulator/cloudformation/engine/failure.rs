//! How a resource of an operation fails, and what that stops.

use jiff::Timestamp;

use super::super::state::{Operation, Phase, Stack, Step, TaskWork};
use super::resource_event;
use super::task::mark;

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
