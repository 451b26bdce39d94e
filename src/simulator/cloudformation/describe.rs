//! Reads of stacks and their resources.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::input::{find, show_parameters, show_tags};
use super::state::{Stack, StackResource};
use super::status::StackStatus;
use crate::simulator::clock::{after, iso8601};
use crate::simulator::page::page;
use crate::simulator::request::{Fault, Reply, Request};
use crate::simulator::template::Body;
use crate::simulator::world::World;

pub(super) fn stacks(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let account = &request.identity.account;
    let shown: Vec<Value> = match request.text("StackName") {
        Some(name) => {
            let mut value = show(find(world, request, &name)?);
            let id = value.get("StackId").and_then(Value::as_str).unwrap_or_default().to_owned();
            if let Some((status, left)) = world.cloudformation.stale.get_mut(&id) {
                value["StackStatus"] = Value::from(status.as_str());
                *left -= 1;
                if *left == 0 {
                    world.cloudformation.stale.remove(&id);
                }
                world.touch();
            }
            vec![value]
        }
        None => {
            let listed = world.cloudformation.list(account, request.region);
            listed.into_iter().filter(|stack| stack.status != StackStatus::DeleteComplete).map(show).collect()
        }
    };
    let (stacks, next) = page(shown, 100, request.text("NextToken").as_deref(), "ValidationError")?;
    Ok(json!({"Stacks": stacks, "NextToken": next}))
}

fn last_operations(stack: &Stack) -> Value {
    let newest = stack.operations.iter().rev().take(5);
    newest.map(|operation| json!({"OperationType": operation.kind.as_str(), "OperationId": operation.id})).collect()
}

fn show(stack: &Stack) -> Value {
    let outputs: Vec<Value> = stack
        .outputs
        .iter()
        .map(|output| {
            json!({
                "OutputKey": output.key, "OutputValue": output.value, "Description": output.description, "ExportName": output.export,
            })
        })
        .collect();
    let drift = match &stack.drift {
        Some((status, at)) => json!({"StackDriftStatus": status, "LastCheckTimestamp": iso8601(*at)}),
        None => json!({"StackDriftStatus": "NOT_CHECKED"}),
    };
    json!({
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": stack.change_set_id,
        "Description": stack.settings.description,
        "Parameters": show_parameters(&stack.settings.parameters),
        "CreationTime": iso8601(stack.created_at),
        "DeletionTime": stack.deleted_at.map(iso8601),
        "LastUpdatedTime": stack.updated_at.map(iso8601),
        "RollbackConfiguration": {},
        "StackStatus": stack.status.as_str(),
        "StackStatusReason": stack.status_reason,
        "DisableRollback": stack.disable_rollback,
        "NotificationARNs": stack.settings.notification_arns,
        "TimeoutInMinutes": stack.timeout_in_minutes,
        "Capabilities": stack.settings.capabilities,
        "Outputs": outputs,
        "RoleARN": stack.settings.role_arn,
        "Tags": show_tags(&stack.settings.tags),
        "EnableTerminationProtection": stack.termination_protection,
        "DriftInformation": drift,
        "RetainExceptOnCreate": stack.retain_except_on_create,
        "LastOperations": last_operations(stack),
    })
}

/// How long the summary of a deleted stack is kept.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStacks.html>
const KEPT_AFTER_DELETION: SignedDuration = SignedDuration::from_hours(90 * 24);

pub(super) fn list(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let wanted = request.texts("StackStatusFilter");
    let is_kept = |stack: &&Stack| stack.deleted_at.is_none_or(|at| world.now() < after(at, KEPT_AFTER_DELETION));
    let shown: Vec<Value> = world
        .cloudformation
        .list(&request.identity.account, request.region)
        .into_iter()
        .filter(is_kept)
        .filter(|stack| wanted.is_empty() || wanted.iter().any(|status| status == stack.status.as_str()))
        .map(|stack| {
            json!({
                "StackId": stack.id,
                "StackName": stack.name,
                "TemplateDescription": stack.settings.description,
                "CreationTime": iso8601(stack.created_at),
                "LastUpdatedTime": stack.updated_at.map(iso8601),
                "DeletionTime": stack.deleted_at.map(iso8601),
                "StackStatus": stack.status.as_str(),
                "StackStatusReason": stack.status_reason,
                "DriftInformation": {"StackDriftStatus": stack.drift.as_ref().map_or("NOT_CHECKED", |(status, _)| status)},
                "LastOperations": last_operations(stack),
            })
        })
        .collect();
    let (summaries, next) = page(shown, 100, request.text("NextToken").as_deref(), "ValidationError")?;
    Ok(json!({"StackSummaries": summaries, "NextToken": next}))
}

fn drift_of(resource: &StackResource) -> Value {
    match &resource.drift {
        Some((status, at)) => json!({"StackResourceDriftStatus": status, "LastCheckTimestamp": iso8601(*at)}),
        None => json!({"StackResourceDriftStatus": "NOT_CHECKED"}),
    }
}

pub(super) fn resources(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let stack = match (request.text("StackName"), request.text("PhysicalResourceId")) {
        (Some(name), _) => find(world, request, &name)?,
        (None, Some(physical)) => world
            .cloudformation
            .list(&request.identity.account, request.region)
            .into_iter()
            .find(|stack| stack.resources.values().any(|resource| resource.physical_id.as_ref() == Some(&physical)))
            .ok_or_else(|| Fault::validation(format!("Stack for {physical} does not exist")))?,
        (None, None) => return Err(Fault::validation("Either StackName or PhysicalResourceId must be specified")),
    };
    let only = request.text("LogicalResourceId");
    let shown: Vec<Value> = stack
        .resources
        .values()
        .filter(|resource| only.as_ref().is_none_or(|only| resource.logical_id == *only))
        // The call shows at most the first hundred.
        .take(100)
        .map(|resource| {
            json!({
                "StackName": stack.name,
                "StackId": stack.id,
                "LogicalResourceId": resource.logical_id,
                "PhysicalResourceId": resource.physical_id,
                "ResourceType": resource.type_name,
                "Timestamp": iso8601(resource.at),
                "ResourceStatus": resource.status,
                "ResourceStatusReason": resource.reason,
                "DriftInformation": drift_of(resource),
            })
        })
        .collect();
    Ok(json!({"StackResources": shown}))
}

pub(super) fn resource(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let stack = find(world, request, &request.required("StackName")?)?;
    let id = request.required("LogicalResourceId")?;
    let resource = stack
        .resources
        .get(&id)
        .ok_or_else(|| Fault::validation(format!("Resource {id} does not exist for stack {}", stack.name)))?;
    Ok(json!({"StackResourceDetail": {
        "StackName": stack.name,
        "StackId": stack.id,
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.type_name,
        "LastUpdatedTimestamp": iso8601(resource.at),
        "ResourceStatus": resource.status,
        "ResourceStatusReason": resource.reason,
        "Metadata": resource.metadata.as_ref().unwrap_or(&json!({})).to_string(),
        "DriftInformation": drift_of(resource),
    }}))
}

pub(super) fn list_resources(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let stack = find(world, request, &request.required("StackName")?)?;
    let shown: Vec<Value> = stack
        .resources
        .values()
        .map(|resource| {
            json!({
                "LogicalResourceId": resource.logical_id,
                "PhysicalResourceId": resource.physical_id,
                "ResourceType": resource.type_name,
                "LastUpdatedTimestamp": iso8601(resource.at),
                "ResourceStatus": resource.status,
                "ResourceStatusReason": resource.reason,
                "DriftInformation": drift_of(resource),
            })
        })
        .collect();
    let (summaries, next) = page(shown, 100, request.text("NextToken").as_deref(), "ValidationError")?;
    Ok(json!({"StackResourceSummaries": summaries, "NextToken": next}))
}

pub(super) fn exports(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let mut shown: Vec<(String, Value)> = Vec::new();
    for stack in world.cloudformation.list(&request.identity.account, request.region) {
        for output in &stack.outputs {
            if let Some(name) = &output.export {
                shown.push((name.clone(), json!({"ExportingStackId": stack.id, "Name": name, "Value": output.value})));
            }
        }
    }
    shown.sort_by(|a, b| a.0.cmp(&b.0));
    let values = shown.into_iter().map(|(_, value)| value).collect();
    let (exports, next) = page(values, 100, request.text("NextToken").as_deref(), "ValidationError")?;
    Ok(json!({"Exports": exports, "NextToken": next}))
}

/// The names of the stacks that import an export.
pub(super) fn importers(world: &World, request: &Request<'_>, export: &str) -> Vec<String> {
    world
        .cloudformation
        .list(&request.identity.account, request.region)
        .into_iter()
        .filter(|stack| stack.status != StackStatus::DeleteComplete)
        .filter(|stack| {
            Body::parse(&stack.settings.template).is_ok_and(|body| {
                let inputs = super::lookup::Inputs::new(stack, &stack.settings);
                let live = super::lookup::Live { world, stack };
                imports_of(body.root(), &inputs.evaluator(&body, &live)).iter().any(|name| name == export)
            })
        })
        .map(|stack| stack.name.clone())
        .collect()
}

fn imports_of(value: &Value, evaluator: &crate::simulator::template::Evaluator<'_>) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(|item| imports_of(item, evaluator)).collect(),
        Value::Object(map) => map
            .iter()
            .flat_map(|(key, inner)| {
                if key == "Fn::ImportValue" {
                    evaluator.value(inner).ok().and_then(|name| name.as_str().map(str::to_owned)).into_iter().collect()
                } else {
                    imports_of(inner, evaluator)
                }
            })
            .collect(),
        _ => Vec::new(),
    }
}

pub(super) fn imports(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("ExportName")?;
    let importers = importers(world, request, &name);
    if importers.is_empty() {
        return Err(Fault::validation(format!("Export '{name}' is not imported by any stack.")));
    }
    Ok(json!({"Imports": importers}))
}
