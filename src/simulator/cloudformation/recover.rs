//! The ways out of an update that does not end well.

use serde_json::json;

use super::engine::{self, plan_delete, plan_revert, roll_back_update};
use super::input::{find, put, remember, repeated, take};
use super::state::{OperationKind, Phase, Stack};
use super::status::{Call, StackStatus};
use crate::simulator::request::{Fault, Reply, Request};
use crate::simulator::world::World;

pub(super) fn cancel(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("StackName")?;
    let stack = find(world, request, &name)?;
    if repeated(stack, request)? {
        return Ok(json!({}));
    }
    if !stack.status.allows(Call::Cancel) {
        return Err(Fault::validation("CancelUpdateStack cannot be called from current stack status"));
    }
    let mut stack = take(world, request, &name)?;
    remember(&mut stack, request);
    let now = world.now();
    if let Some(mut operation) = stack.operation.take() {
        operation.cancelled = true;
        engine::cancel_running(&mut stack, &mut operation, now);
        roll_back_update(world, &mut stack, &mut operation, "User Initiated".to_owned(), now);
        stack.operation = Some(operation);
    } else {
        // A stack that a scenario has stopped here.
        let by = request.identity.arn.clone();
        let mut operation = engine::begin(
            world,
            &mut stack,
            OperationKind::Rollback,
            Phase::RollBackUpdate,
            StackStatus::UpdateRollbackInProgress,
            &by,
            None,
        );
        operation.tasks = plan_revert(&stack, operation.wake);
        stack.operation = Some(operation);
    }
    put(world, stack);
    Ok(json!({}))
}

/// Only what is in `UPDATE_FAILED` because a rollback failed may be left out, and nothing that is so for another reason: its
/// own update failed or was cancelled, and the rollback has not come to it. AWS documents the rule and not the words.
fn refuse_to_skip(stack: &Stack, skip: &[String]) -> Result<(), Fault> {
    for id in skip {
        let Some(resource) = stack.resources.get(id) else {
            let text = format!("The following resources to skip do not exist in the stack: [{id}]");
            return Err(Fault::validation(text));
        };
        if resource.status != "UPDATE_FAILED" {
            let text =
                format!("The following resources cannot be skipped as they are not in UPDATE_FAILED state: [{id}]");
            return Err(Fault::validation(text));
        }
        if !resource.rollback_failed {
            let text = format!(
                "The following resources cannot be skipped as they are not in UPDATE_FAILED state because a rollback failed: [{id}]"
            );
            return Err(Fault::validation(text));
        }
    }
    Ok(())
}

pub(super) fn continue_rollback(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("StackName")?;
    let stack = find(world, request, &name)?;
    if repeated(stack, request)? {
        return Ok(json!({}));
    }
    if !stack.status.allows(Call::ContinueRollback) {
        let text = format!("Stack:{} is in {} state and can not continue rollback.", stack.id, stack.status.as_str());
        return Err(Fault::validation(text));
    }
    let mut skip = request.texts("ResourcesToSkip");
    if request.flag("ForceRollback").unwrap_or(false) {
        if !skip.is_empty() {
            return Err(Fault::validation("ForceRollback and ResourcesToSkip are mutually exclusive"));
        }
        let failed = stack.resources.iter().filter(|(_, resource)| resource.rollback_failed);
        skip = failed.map(|(id, _)| id.clone()).collect();
    }
    refuse_to_skip(stack, &skip)?;
    let mut stack = take(world, request, &name)?;
    remember(&mut stack, request);
    let by = request.identity.arn.clone();
    let token = request.text("ClientRequestToken");
    let status = StackStatus::UpdateRollbackInProgress;
    let mut operation =
        engine::begin(world, &mut stack, OperationKind::ContinueRollback, Phase::RollBackUpdate, status, &by, token);
    operation.skip = skip;
    operation.tasks = plan_revert(&stack, operation.wake);
    stack.operation = Some(operation);
    put(world, stack);
    Ok(json!({}))
}

pub(super) fn roll_back(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("StackName")?;
    let stack = find(world, request, &name)?;
    if repeated(stack, request)? {
        return Ok(json!({"StackId": stack.id}));
    }
    if !stack.status.allows(Call::Rollback) {
        return Err(Fault::validation(format!(
            "Stack:{} is in {} state and can not be rolled back.",
            stack.id,
            stack.status.as_str()
        )));
    }
    let mut stack = take(world, request, &name)?;
    remember(&mut stack, request);
    let by = request.identity.arn.clone();
    let token = request.text("ClientRequestToken");
    let creating = stack.status == StackStatus::CreateFailed;
    let (phase, status) = if creating {
        (Phase::RollBackCreate, StackStatus::RollbackInProgress)
    } else {
        (Phase::RollBackUpdate, StackStatus::UpdateRollbackInProgress)
    };
    let mut operation = engine::begin(world, &mut stack, OperationKind::Rollback, phase, status, &by, token);
    operation.retain_except_on_create = request.flag("RetainExceptOnCreate").unwrap_or(false);
    operation.tasks = if creating {
        plan_delete(engine::everything(&mut stack), operation.wake)
    } else {
        plan_revert(&stack, operation.wake)
    };
    let (id, operation_id) = (stack.id.clone(), operation.id.clone());
    stack.operation = Some(operation);
    put(world, stack);
    Ok(json!({"StackId": id, "OperationId": operation_id}))
}
