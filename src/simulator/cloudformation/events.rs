//! Events of stacks and operations.

use serde_json::{Value, json};

use super::input::find;
use super::state::{Event, OperationRecord, Stack};
use crate::simulator::clock::iso8601;
use crate::simulator::page::page;
use crate::simulator::request::{Fault, Reply, Request, scalar};
use crate::simulator::scenario::Occasion;
use crate::simulator::world::{World, uuid_form};

pub(super) fn stack_events(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("StackName")?;
    let stack_name = find(world, request, &name)?.name.clone();
    let occasion = Occasion::of_call(request, "cloudformation", Some(&stack_name));
    let script = world.scenario.events(&occasion);
    let stack = find(world, request, &name)?;
    let mut shown: Vec<Value> = stack.events.iter().rev().map(|event| show(stack, event)).collect();
    let mut size = 100;
    if let Some(script) = script {
        size = script.page_size.unwrap_or(size).max(1);
        if script.out_of_order {
            shown.chunks_mut(2).for_each(<[Value]>::reverse);
        }
    }
    let (events, next) = page(shown, size, request.text("NextToken").as_deref(), "ValidationError")?;
    Ok(json!({"StackEvents": events, "NextToken": next}))
}

fn show(stack: &Stack, event: &Event) -> Value {
    json!({
        "StackId": stack.id,
        "EventId": event.id,
        "StackName": stack.name,
        "OperationId": event.operation_id,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id.as_deref().unwrap_or(""),
        "ResourceType": event.type_name,
        "Timestamp": iso8601(event.at),
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason,
        "ResourceProperties": event.properties,
        "ClientRequestToken": event.token,
        "DetailedStatus": event.detailed_status,
        "HookType": event.hook.as_ref().map(|hook| &hook.name),
        "HookStatus": event.hook.as_ref().map(|hook| &hook.status),
        "HookStatusReason": event.hook.as_ref().map(|hook| &hook.reason),
        "HookInvocationPoint": event.hook.as_ref().map(|_| "PRE_PROVISION"),
        "HookFailureMode": event.hook.as_ref().map(|hook| &hook.mode),
    })
}

pub(super) fn operation_events(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let failed_only = request
        .params
        .get("Filters")
        .and_then(|filters| filters.get("FailedEvents"))
        .and_then(scalar)
        .is_some_and(|flag| flag == "true");
    let operation_id = request.text("OperationId");
    let change_set = request.text("ChangeSetName");
    let account = &request.identity.account;
    let stack = match request.text("StackName") {
        Some(name) => find(world, request, &name)?,
        None => world
            .cloudformation
            .list(account, request.region)
            .into_iter()
            .find(|stack| {
                stack.operations.iter().any(|operation| Some(&operation.id) == operation_id.as_ref())
                    || stack.change_sets.iter().any(|one| Some(&one.id) == change_set.as_ref())
                    || stack.operations.iter().any(|one| one.change_set_id.is_some() && one.change_set_id == change_set)
            })
            .ok_or_else(|| Fault::validation("No stack, change set or operation with this id exists"))?,
    };
    let change_set_id = change_set.map(|name| {
        stack.change_sets.iter().find(|one| one.name == name || one.id == name).map_or(name, |one| one.id.clone())
    });
    let mut shown: Vec<(jiff::Timestamp, Value)> = Vec::new();
    for operation in &stack.operations {
        if operation_id.as_ref().is_some_and(|wanted| *wanted != operation.id)
            || change_set_id.as_ref().is_some_and(|wanted| operation.change_set_id.as_ref() != Some(wanted))
        {
            continue;
        }
        if !failed_only {
            shown.push((operation.started_at, boundary(world, stack, operation)));
        }
        for (index, validation) in operation.validations.iter().enumerate() {
            if failed_only && validation.mode != "FAIL" {
                continue;
            }
            let mut value = base(world, stack, operation, &format!("validation{index}"));
            merge(
                &mut value,
                json!({
                    "EventType": "VALIDATION_ERROR",
                    "LogicalResourceId": validation.logical_id,
                    "PhysicalResourceId": "",
                    "ResourceType": validation.type_name,
                    "Timestamp": iso8601(operation.started_at),
                    "ValidationFailureMode": validation.mode,
                    "ValidationName": validation.name,
                    "ValidationStatus": "FAILED",
                    "ValidationStatusReason": validation.reason,
                    "ValidationPath": validation.path,
                }),
            );
            shown.push((operation.started_at, value));
        }
        for event in stack.events.iter().filter(|event| event.operation_id == operation.id) {
            let own = event.type_name == "AWS::CloudFormation::Stack" && event.logical_id == stack.name;
            let refused = event.hook.as_ref().filter(|hook| hook.status.ends_with("_FAILED"));
            let failed = event.status.ends_with("_FAILED") || refused.is_some_and(|hook| hook.mode == "FAIL");
            if failed_only && (!failed || own) {
                continue;
            }
            let kind = match (own, failed) {
                _ if refused.is_some() => "HOOK_INVOCATION_ERROR",
                (true, _) => "STACK_EVENT",
                (false, true) => "PROVISIONING_ERROR",
                (false, false) => "PROGRESS_EVENT",
            };
            let mut value = base(world, stack, operation, &event.id);
            merge(
                &mut value,
                json!({
                    "EventType": kind,
                    "LogicalResourceId": event.logical_id,
                    "PhysicalResourceId": event.physical_id.as_deref().unwrap_or(""),
                    "ResourceType": event.type_name,
                    "Timestamp": iso8601(event.at),
                    "ResourceStatus": event.status,
                    "ResourceStatusReason": event.reason,
                    "ResourceProperties": event.properties,
                    "ClientRequestToken": event.token,
                    "DetailedStatus": event.detailed_status,
                    "HookType": event.hook.as_ref().map(|hook| &hook.name),
                    "HookStatus": event.hook.as_ref().map(|hook| &hook.status),
                    "HookStatusReason": event.hook.as_ref().map(|hook| &hook.reason),
                    "HookFailureMode": event.hook.as_ref().map(|hook| &hook.mode),
                }),
            );
            shown.push((event.at, value));
        }
    }
    shown.sort_by_key(|entry| std::cmp::Reverse(entry.0));
    let values = shown.into_iter().map(|(_, value)| value).collect();
    let (events, next) = page(values, 100, request.text("NextToken").as_deref(), "ValidationError")?;
    Ok(json!({"OperationEvents": events, "NextToken": next}))
}

fn base(world: &World, stack: &Stack, operation: &OperationRecord, part: &str) -> Value {
    json!({
        "EventId": uuid_form(&world.stable_token(&[&stack.id, &operation.id, part], 32)),
        "StackId": stack.id,
        "OperationId": operation.id,
        "OperationType": operation.kind.as_str(),
        "OperationStatus": operation.status,
    })
}

/// The event of the operation itself.
fn boundary(world: &World, stack: &Stack, operation: &OperationRecord) -> Value {
    let mut value = base(world, stack, operation, "boundary");
    merge(
        &mut value,
        json!({
            "EventType": "STACK_EVENT",
            "LogicalResourceId": stack.name,
            "PhysicalResourceId": stack.id,
            "ResourceType": "AWS::CloudFormation::Stack",
            "Timestamp": iso8601(operation.ended_at.unwrap_or(operation.started_at)),
            "StartTime": iso8601(operation.started_at),
            "EndTime": operation.ended_at.map(iso8601),
        }),
    );
    value
}

fn merge(value: &mut Value, more: Value) {
    if let (Some(own), Value::Object(more)) = (value.as_object_mut(), more) {
        own.extend(more);
    }
}
