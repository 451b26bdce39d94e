//! What follows when a phase has no task left.

use jiff::Timestamp;
use serde_json::Value;

use super::super::lookup::{Inputs, Live};
use super::super::state::{Operation, OperationKind, Output, Phase, Stack, StackResource, Step, TaskWork};
use super::super::status::StackStatus;
use super::failure::cancel_running;
use super::{begin_clean_up, begin_rollback, body, end, plan_delete, plan_revert, set_status};
use crate::simulator::template::Evaluator;
use crate::simulator::world::World;

/// Goes to the next phase, or ends the operation. Returns whether it has ended.
pub(super) fn phase(world: &mut World, stack: &mut Stack, operation: &mut Operation, at: Timestamp) -> bool {
    match operation.phase {
        Phase::Forward => forward(world, stack, operation, at),
        Phase::RollBackCreate => rolled_back_create(world, stack, operation, at),
        Phase::RollBackUpdate => rolled_back_update(world, stack, operation, at),
        Phase::CleanUp | Phase::RollbackCleanUp => cleaned_up(world, stack, operation, at),
        Phase::Delete => deleted(world, stack, operation, at),
    }
}

fn failed(operation: &Operation) -> Vec<String> {
    operation.tasks.iter().filter(|task| task.step == Step::Failed).map(|task| task.logical_id.clone()).collect()
}

/// The time of a creation is up.
pub(super) fn time_out(stack: &mut Stack, operation: &mut Operation, at: Timestamp) {
    cancel_running(stack, operation, at);
    operation.cancelled = true;
}

fn forward(world: &mut World, stack: &mut Stack, operation: &mut Operation, at: Timestamp) -> bool {
    let failures = failed(operation);
    let mut reason = None;
    if failures.is_empty() && !operation.cancelled {
        match outputs(world, stack, operation) {
            Ok(outputs) => {
                stack.outputs = outputs;
                return succeeded(world, stack, operation, at);
            }
            Err(text) => reason = Some(text),
        }
    }
    let creating = operation.kind == OperationKind::CreateStack;
    let reason = reason.unwrap_or_else(|| failure_text(stack, &failures, operation.cancelled));
    if operation.disable_rollback && !operation.cancelled {
        let status = if creating { StackStatus::CreateFailed } else { StackStatus::UpdateFailed };
        set_status(world, stack, operation, status, Some(reason.trim_end().to_owned()), at);
        end(stack, operation, false, at);
        return true;
    }
    operation.body = None;
    operation.wake = at;
    if creating {
        let (status, phase, what) = if operation.delete_on_failure {
            (StackStatus::DeleteInProgress, Phase::Delete, "Delete")
        } else {
            (StackStatus::RollbackInProgress, Phase::RollBackCreate, "Rollback")
        };
        if phase == Phase::RollBackCreate {
            begin_rollback(world, stack, operation, at);
        }
        set_status(world, stack, operation, status, Some(format!("{reason}{what} requested by user.")), at);
        operation.phase = phase;
        operation.tasks = plan_delete(everything(stack), at);
        operation.retain_except_on_create |= stack.retain_except_on_create;
    } else {
        roll_back_update(world, stack, operation, reason.trim_end().to_owned(), at);
    }
    false
}

/// Turns an update back.
pub(in super::super) fn roll_back_update(
    world: &World,
    stack: &mut Stack,
    operation: &mut Operation,
    reason: String,
    at: Timestamp,
) {
    begin_rollback(world, stack, operation, at);
    set_status(world, stack, operation, StackStatus::UpdateRollbackInProgress, Some(reason), at);
    operation.phase = Phase::RollBackUpdate;
    operation.body = None;
    operation.tasks = plan_revert(stack, at);
    operation.wake = at;
}

fn failure_text(stack: &Stack, failures: &[String], cancelled: bool) -> String {
    if cancelled && failures.is_empty() {
        return if stack.status == StackStatus::CreateInProgress {
            "Stack creation time exceeded the specified timeout. ".to_owned()
        } else {
            "User Initiated ".to_owned()
        };
    }
    let (created, updated): (Vec<&String>, Vec<&String>) = failures
        .iter()
        .partition(|id| stack.resources.get(*id).is_none_or(|resource| resource.status.starts_with("CREATE")));
    let mut text = String::new();
    for (names, verb) in [(created, "create"), (updated, "update")] {
        if !names.is_empty() {
            let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
            text.push_str(&format!("The following resource(s) failed to {verb}: [{}]. ", names.join(", ")));
        }
    }
    text
}

fn succeeded(world: &World, stack: &mut Stack, operation: &mut Operation, at: Timestamp) -> bool {
    if operation.kind == OperationKind::CreateStack {
        set_status(world, stack, operation, StackStatus::CreateComplete, None, at);
        finish_change_set(stack, "EXECUTE_COMPLETE");
        end(stack, operation, true, at);
        return true;
    }
    let body = body(operation, &stack.settings.template);
    let inputs = Inputs::new(stack, &stack.settings);
    let nothing = super::plan::Nothing;
    let evaluator: Evaluator<'_> = inputs.evaluator(&body, &nothing);
    let gone: Vec<String> = stack
        .resources
        .keys()
        .filter(|id| !body.resource(id).is_some_and(|resource| evaluator.exists(resource).unwrap_or(false)))
        .cloned()
        .collect();
    for id in gone {
        if let Some(resource) = stack.resources.shift_remove(&id) {
            stack.leftovers.push(resource);
        }
    }
    set_status(world, stack, operation, StackStatus::UpdateCompleteCleanupInProgress, None, at);
    stack.updated_at = Some(at);
    stack.before = None;
    finish_change_set(stack, "EXECUTE_COMPLETE");
    begin_clean_up(stack, operation, Phase::CleanUp, at);
    false
}

fn finish_change_set(stack: &mut Stack, execution: &str) {
    let executed = stack.change_set_id.clone();
    for change_set in stack.change_sets.iter_mut().filter(|change_set| Some(&change_set.id) == executed.as_ref()) {
        if change_set.execution == "EXECUTE_IN_PROGRESS" {
            change_set.execution = execution.to_owned();
        }
    }
}

fn rolled_back_create(world: &mut World, stack: &mut Stack, operation: &mut Operation, at: Timestamp) -> bool {
    let failures = failed(operation);
    finish_change_set(stack, "EXECUTE_FAILED");
    release_retained(world, stack, operation);
    let (status, reason) = if failures.is_empty() {
        (StackStatus::RollbackComplete, None)
    } else {
        let text = format!("The following resource(s) failed to delete: [{}]. ", failures.join(", "));
        (StackStatus::RollbackFailed, Some(text))
    };
    set_status(world, stack, operation, status, reason, at);
    end(stack, operation, failures.is_empty(), at);
    true
}

fn rolled_back_update(world: &mut World, stack: &mut Stack, operation: &mut Operation, at: Timestamp) -> bool {
    let failures = failed(operation);
    finish_change_set(stack, "EXECUTE_FAILED");
    if !failures.is_empty() || operation.tasks.iter().any(|task| task.step == Step::Cancelled) {
        let text = format!("The following resource(s) failed to update: [{}]. ", failures.join(", "));
        set_status(world, stack, operation, StackStatus::UpdateRollbackFailed, Some(text), at);
        end(stack, operation, false, at);
        return true;
    }
    if let Some(before) = stack.before.take() {
        let added: Vec<String> =
            stack.resources.keys().filter(|id| !before.resources.contains_key(*id)).cloned().collect();
        for id in added {
            if let Some(resource) = stack.resources.shift_remove(&id) {
                stack.leftovers.push(resource);
            }
        }
        stack.settings = before.settings;
        stack.outputs = before.outputs;
        for (id, stable) in before.resources {
            stack.resources.entry(id).or_insert(stable);
        }
    }
    set_status(world, stack, operation, StackStatus::UpdateRollbackCompleteCleanupInProgress, None, at);
    begin_clean_up(stack, operation, Phase::RollbackCleanUp, at);
    false
}

fn cleaned_up(world: &mut World, stack: &mut Stack, operation: &mut Operation, at: Timestamp) -> bool {
    release_retained(world, stack, operation);
    let rolled_back = operation.phase == Phase::RollbackCleanUp;
    let status = if rolled_back { StackStatus::UpdateRollbackComplete } else { StackStatus::UpdateComplete };
    // What cannot be deleted is left behind; CloudFormation only says so in the events.
    set_status(world, stack, operation, status, None, at);
    end(stack, operation, true, at);
    true
}

fn deleted(world: &mut World, stack: &mut Stack, operation: &mut Operation, at: Timestamp) -> bool {
    let failures = failed(operation);
    release_retained(world, stack, operation);
    if !failures.is_empty() && !operation.force {
        let text = format!("The following resource(s) failed to delete: [{}]. ", failures.join(", "));
        set_status(world, stack, operation, StackStatus::DeleteFailed, Some(text), at);
        end(stack, operation, false, at);
        return true;
    }
    set_status(world, stack, operation, StackStatus::DeleteComplete, None, at);
    stack.deleted_at = Some(at);
    stack.outputs.clear();
    stack.leftovers.clear();
    stack.before = None;
    finish_change_set(stack, "EXECUTE_FAILED");
    end(stack, operation, operation.kind == OperationKind::DeleteStack, at);
    true
}

/// Resources that were left alone belong to no stack any more.
fn release_retained(world: &mut World, stack: &Stack, operation: &Operation) {
    let (account, region) = (&stack.account, &stack.region);
    for task in &operation.tasks {
        let TaskWork::Delete(resource) = &task.work else { continue };
        let kept = task.step == Step::Done || operation.force;
        if let (true, Some(identifier)) = (kept, &resource.identifier)
            && let Some(live) = world.resource_mut(account, region, &resource.type_name, identifier)
        {
            live.stack = None;
        }
    }
}

/// All resources of a stack that may exist, in the order of the template.
pub(in super::super) fn everything(stack: &mut Stack) -> Vec<StackResource> {
    let leftovers = std::mem::take(&mut stack.leftovers);
    let gone = ["DELETE_COMPLETE", "DELETE_SKIPPED"];
    stack
        .resources
        .values()
        .filter(|resource| !gone.contains(&resource.status.as_str()))
        .cloned()
        .chain(leftovers)
        .collect()
}

fn outputs(world: &World, stack: &Stack, operation: &mut Operation) -> Result<Vec<Output>, String> {
    let body = body(operation, &stack.settings.template);
    let inputs = Inputs::new(stack, &stack.settings);
    let live = Live { world, stack };
    let evaluator = inputs.evaluator(&body, &live);
    let mut outputs: Vec<Output> = Vec::new();
    for (key, member) in body.section("Outputs").into_iter().flatten() {
        if !evaluator.exists(member).map_err(|error| error.to_string())? {
            continue;
        }
        let value = |value: &Value| evaluator.value(value).map_err(|error| error.to_string());
        let result = value(member.get("Value").unwrap_or(&Value::Null))?;
        let Some(text) = crate::simulator::request::scalar(&result) else {
            return Err(format!(
                "Template format error: Output {key} is malformed. The Value field of every Outputs member must evaluate to a String. "
            ));
        };
        let export = match member.get("Export").and_then(|export| export.get("Name")) {
            Some(name) => value(name)?.as_str().map(str::to_owned),
            None => None,
        };
        if let Some(name) = &export
            && let Some(other) = world.cloudformation.list(&stack.account, &stack.region).into_iter().find(|other| {
                other.id != stack.id && other.outputs.iter().any(|output| output.export.as_ref() == Some(name))
            })
        {
            return Err(format!("Export with name {name} is already exported by stack {}. ", other.name));
        }
        let description = member.get("Description").and_then(Value::as_str).map(str::to_owned);
        outputs.push(Output { key: key.clone(), value: text, description, export });
    }
    Ok(outputs)
}
