//! The execution of a change set.

use serde_json::json;

use super::actual::{self, REVERT_DRIFT};
use super::change_set_calls::find;
use super::input::{put, remember, repeated, take};
use super::stack_policy::denied;
use super::stacks::{allow, begin_create, begin_update};
use super::status::{Call, StackStatus};
use crate::simulator::request::{Fault, Reply, Request};
use crate::simulator::scenario::Occasion;
use crate::simulator::world::World;

pub(super) fn execute(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("ChangeSetName")?;
    let (stack, change_set) = find(world, request, request.text("StackName").as_deref(), &name)?;
    if repeated(stack, request)? {
        return Ok(json!({}));
    }
    let (status, execution) = change_set.status_at(world.now());
    let refuse = |text: String| Err(Fault::new("InvalidChangeSetStatus", text));
    if status != "CREATE_COMPLETE" {
        return refuse(format!("ChangeSet [{}] cannot be executed in its current status of [{status}]", change_set.id));
    }
    if execution != "AVAILABLE" {
        return refuse(format!(
            "ChangeSet [{}] cannot be executed in its current execution status of [{execution}]",
            change_set.id
        ));
    }
    let creates = change_set.kind == "CREATE";
    if creates && stack.status != StackStatus::ReviewInProgress {
        return Err(Fault::validation(format!(
            "Stack:{} is in {} state and can not be updated.",
            stack.id,
            stack.status.as_str()
        )));
    }
    if !creates {
        allow(stack, Call::Update, "updated")?;
    }
    let disable = request.flag("DisableRollback");
    if disable.is_some() && change_set.on_stack_failure.is_some() {
        return Err(Fault::validation("You can't specify both DisableRollback and OnStackFailure"));
    }
    if let Some(refused) = stack.policy.as_deref().and_then(|policy| denied(policy, &change_set.changes)) {
        return Err(Fault::validation(format!("Action denied by stack policy: {refused}")));
    }
    let (stack_name, id, change_set) = (stack.name.clone(), stack.id.clone(), change_set.clone());
    let before = stack.status;
    let stale = world.scenario.stale_reads(&Occasion::of_call(request, "cloudformation", Some(&stack_name)));
    if stale > 0 {
        world.cloudformation.stale.insert(id.clone(), (before, stale));
    }
    let mut stack = take(world, request, &id)?;
    remember(&mut stack, request);
    stack.change_set_id = Some(change_set.id.clone());
    // The others are no longer valid.
    stack.change_sets.retain(|one| one.id == change_set.id);
    let on_failure = change_set.on_stack_failure.as_deref();
    stack.retain_except_on_create = request.flag("RetainExceptOnCreate").unwrap_or(false);
    let disable = disable.unwrap_or(false) || on_failure == Some("DO_NOTHING");
    if creates {
        stack.disable_rollback = disable;
        stack.settings = change_set.settings;
        stack.created_at = stack.created_at.min(world.now());
        begin_create(world, request, &mut stack, on_failure == Some("DELETE"));
    } else {
        if change_set.deployment_mode.as_deref() == Some(REVERT_DRIFT) {
            let drifted = actual::drifted(world, &stack);
            actual::set_actual(&mut stack, &drifted);
        }
        begin_update(world, request, &mut stack, change_set.settings, disable);
    }
    for one in &mut stack.change_sets {
        one.execution = "EXECUTE_IN_PROGRESS".to_owned();
    }
    put(world, stack);
    Ok(json!({}))
}
