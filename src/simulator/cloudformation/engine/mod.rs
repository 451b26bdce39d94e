//! Lets operations run: step by step, in order of time, up to now.
//!
//! Nothing runs in the background. Every request first works out what has happened since the last one, from timestamps alone, so a state
//! that was saved at any moment goes on from there as if nothing had stopped.

mod configuration;
mod failure;
mod finish;
mod hook;
mod plan;
mod start;
mod task;
mod work;

use jiff::Timestamp;

use super::state::{Event, Operation, OperationKind, OperationRecord, Phase, Stack, Step};
use super::status::StackStatus;
use crate::simulator::clock::after;
use crate::simulator::clock::iso8601;
use crate::simulator::template::Body;
use crate::simulator::world::{World, uuid_form};

pub(super) use failure::cancel_running;
pub(super) use finish::{everything, roll_back_update};
pub(super) use plan::{begin_clean_up, plan_apply, plan_delete, plan_revert};

/// Seconds between an accepted call and the first resource.
pub(super) const PREPARE_SECONDS: f64 = 2.0;

/// Runs every operation up to the current moment.
pub(crate) fn advance(world: &mut World) {
    let now = world.clock.tick();
    // Each step moves an operation forward, so the bound is only against a fault in this file.
    for _ in 0..200_000 {
        let due = world
            .cloudformation
            .stacks
            .values()
            .filter_map(|stack| Some((stack.operation.as_ref()?.due()?, &stack.id)))
            .filter(|(at, _)| *at <= now)
            .min();
        let Some((at, id)) = due else { break };
        let id = id.clone();
        let Some(mut stack) = world.cloudformation.stacks.swap_remove(&id) else { break };
        // What a step makes is as old as the step, however late it is worked out.
        world.clock.hold(at);
        step(world, &mut stack, at);
        world.clock.release();
        if stack.operation.is_none() {
            world.touch();
        }
        world.cloudformation.stacks.insert(id, stack);
    }
    super::stack_set::advance(world, now);
}

impl Operation {
    /// When something happens next.
    fn due(&self) -> Option<Timestamp> {
        let running = self.tasks.iter().filter(|task| task.step.is_running()).map(|task| task.at).min();
        let next = running.or(Some(self.wake));
        match (self.deadline, self.phase) {
            (Some(deadline), Phase::Forward) => next.map(|next| next.min(deadline)),
            _ => next,
        }
    }

    pub(super) fn is_rollback(&self) -> bool {
        matches!(self.phase, Phase::RollBackCreate | Phase::RollBackUpdate | Phase::RollbackCleanUp)
    }
}

fn step(world: &mut World, stack: &mut Stack, at: Timestamp) {
    let Some(mut operation) = stack.operation.take() else { return };
    if operation.phase == Phase::Forward && operation.deadline.is_some_and(|deadline| deadline <= at) {
        operation.deadline = None;
        finish::time_out(stack, &mut operation, at);
    }
    let due = operation
        .tasks
        .iter()
        .enumerate()
        .filter(|(_, task)| task.step.is_running() && task.at <= at)
        .min_by_key(|(index, task)| (task.at, *index))
        .map(|(index, _)| index);
    match due {
        Some(index) => task::advance(world, stack, &mut operation, index, at),
        None if operation.wake <= at => {
            let waiting = operation.tasks.iter().any(|task| task.step == Step::Waiting);
            if waiting {
                start::start_ready(world, stack, &mut operation, at);
                if !operation.tasks.iter().any(|task| task.step.is_running())
                    && operation.tasks.iter().any(|task| task.step == Step::Waiting)
                {
                    // What waits for something that failed never starts.
                    for task in operation.tasks.iter_mut().filter(|task| task.step == Step::Waiting) {
                        task.step = Step::Cancelled;
                    }
                }
            }
            if operation.tasks.iter().all(|task| task.step.is_over()) && finish::phase(world, stack, &mut operation, at)
            {
                return;
            }
        }
        None => {}
    }
    stack.operation = Some(operation);
}

/// The parsed template of an operation, parsed once per process.
pub(super) fn body(operation: &mut Operation, template: &str) -> std::sync::Arc<Body> {
    if let Some(body) = &operation.body {
        return std::sync::Arc::clone(body);
    }
    // A stored template was read before it was stored.
    let fallback = "Resources: {None: {Type: 'AWS::CloudFormation::WaitConditionHandle'}}";
    let parsed = Body::parse(template).or_else(|_| Body::parse(fallback));
    let body = std::sync::Arc::new(parsed.unwrap_or_else(|_| Body::empty()));
    operation.body = Some(std::sync::Arc::clone(&body));
    body
}

/// Begins an operation on a stack: the status, its event and the record.
pub(super) fn begin(
    world: &mut World,
    stack: &mut Stack,
    kind: OperationKind,
    phase: Phase,
    status: StackStatus,
    by: &str,
    token: Option<String>,
) -> Operation {
    let now = world.now();
    let id = world.new_uuid();
    stack.operations.push(OperationRecord {
        id: id.clone(),
        kind,
        started_at: now,
        ended_at: None,
        status: "IN_PROGRESS".to_owned(),
        by: by.to_owned(),
        change_set_id: None,
        validations: Vec::new(),
    });
    let wake = after(now, world.clock.duration(PREPARE_SECONDS));
    let operation = Operation {
        id,
        kind,
        token,
        phase,
        tasks: Vec::new(),
        disable_rollback: false,
        delete_on_failure: false,
        retain_except_on_create: false,
        retain: Vec::new(),
        force: false,
        skip: Vec::new(),
        cancelled: false,
        wake,
        deadline: None,
        body: None,
    };
    set_status(world, stack, &operation, status, Some("User Initiated".to_owned()), now);
    world.touch();
    operation
}

/// Sets a stack's status and says so in an event.
pub(super) fn set_status(
    world: &World,
    stack: &mut Stack,
    operation: &Operation,
    status: StackStatus,
    reason: Option<String>,
    at: Timestamp,
) {
    stack.status = status;
    stack.status_reason = reason.clone();
    let number = stack.events.len().to_string();
    let id = uuid_form(&world.stable_token(&[&stack.id, &operation.id, "event", &number], 32));
    stack.events.push(Event {
        id,
        operation_id: operation.id.clone(),
        logical_id: stack.name.clone(),
        physical_id: Some(stack.id.clone()),
        type_name: "AWS::CloudFormation::Stack".to_owned(),
        at,
        status: status.as_str().to_owned(),
        reason,
        properties: None,
        token: operation.token.clone(),
        detailed_status: None,
        hook: None,
    });
}

/// Sets a resource's status, if the stack has it, and says so in an event.
#[expect(clippy::too_many_arguments, reason = "an event has that many columns, and each call fills them all")]
pub(super) fn resource_event(
    stack: &mut Stack,
    operation: &Operation,
    logical_id: &str,
    type_name: &str,
    physical_id: Option<String>,
    status: &str,
    reason: Option<String>,
    properties: Option<String>,
    at: Timestamp,
) {
    let stem = format!("{logical_id}-{status}-{}", iso8601(at));
    let repeats = stack.events.iter().rev().take(20).filter(|event| event.id.starts_with(&stem)).count();
    let id = if repeats == 0 { stem } else { format!("{stem}-{repeats}") };
    stack.events.push(Event {
        id,
        operation_id: operation.id.clone(),
        logical_id: logical_id.to_owned(),
        physical_id,
        type_name: type_name.to_owned(),
        at,
        status: status.to_owned(),
        reason,
        properties,
        token: operation.token.clone(),
        detailed_status: None,
        hook: None,
    });
}

/// Begins the rollback of an operation that has failed: to CloudFormation an operation of its own.
pub(super) fn begin_rollback(world: &World, stack: &mut Stack, operation: &mut Operation, at: Timestamp) {
    end(stack, operation, false, at);
    let by = stack.operations.iter().find(|record| record.id == operation.id).map(|record| record.by.clone());
    operation.id = uuid_form(&world.stable_token(&[&stack.id, &operation.id, "rollback"], 32));
    stack.operations.push(OperationRecord {
        id: operation.id.clone(),
        kind: OperationKind::Rollback,
        started_at: at,
        ended_at: None,
        status: "IN_PROGRESS".to_owned(),
        by: by.unwrap_or_default(),
        change_set_id: None,
        validations: Vec::new(),
    });
}

/// Ends an operation.
pub(super) fn end(stack: &mut Stack, operation: &Operation, succeeded: bool, at: Timestamp) {
    if let Some(record) = stack.operations.iter_mut().find(|record| record.id == operation.id) {
        record.ended_at = Some(at);
        record.status = if succeeded { "SUCCEEDED" } else { "FAILED" }.to_owned();
    }
}
