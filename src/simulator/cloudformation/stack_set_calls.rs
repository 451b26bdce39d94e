//! Calls on stack sets.

use serde_json::{Value, json};

use super::input::{check_name, settings, show_parameters, show_tags, template};
use super::stack_set::{self, Instance, SetOperation, StackSet};
use super::stack_set_drift;
use super::state::Settings;
use crate::simulator::clock::iso8601;
use crate::simulator::identity::partition;
use crate::simulator::page::{limit, page};
use crate::simulator::protocol::service::unknown_action;
use crate::simulator::request::{Fault, Reply, Request};
use crate::simulator::world::World;

pub(super) fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    match request.action {
        "CreateStackSet" => create(world, request),
        "UpdateStackSet" => update(world, request),
        "DescribeStackSet" => describe(world, request),
        "DeleteStackSet" => delete(world, request),
        "ListStackSets" => list(world, request),
        "CreateStackInstances" => operate(world, request, "CREATE"),
        "UpdateStackInstances" => operate(world, request, "UPDATE"),
        "DeleteStackInstances" => operate(world, request, "DELETE"),
        "ListStackInstances" => instances(world, request),
        "DescribeStackInstance" => instance(world, request),
        "DescribeStackSetOperation" => operation(world, request),
        "ListStackSetOperations" => operations(world, request),
        "ListStackSetOperationResults" => results(world, request),
        "StopStackSetOperation" => stop(world, request),
        "DetectStackSetDrift" => stack_set_drift::detect(world, request),
        "ListStackInstanceResourceDrifts" => stack_set_drift::resources(world, request),
        _ => Err(unknown_action(request)),
    }
}

pub(super) fn key(request: &Request<'_>, name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    let name = name.split(':').next().unwrap_or(name);
    format!("{}/{}/{name}", request.identity.account, request.region)
}

fn missing(name: &str) -> Fault {
    Fault::new("StackSetNotFoundException", format!("StackSet {name} not found")).with_status(404)
}

pub(super) fn find<'w>(world: &'w World, request: &Request<'_>) -> Result<&'w StackSet, Fault> {
    let name = request.required("StackSetName")?;
    world.cloudformation.stack_sets.get(&key(request, &name)).ok_or_else(|| missing(&name))
}

fn create(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("StackSetName")?;
    check_name(&name, "stackSetName")?;
    let key = key(request, &name);
    if world.cloudformation.stack_sets.contains_key(&key) {
        return Err(
            Fault::new("NameAlreadyExistsException", format!("StackSet {name} already exists")).with_status(409)
        );
    }
    let text = template(world, request)?
        .ok_or_else(|| Fault::validation("Either Template URL or Template Body must be specified."))?;
    let (settings, _) = settings(world, request, text, &Settings::default())?;
    let id = format!("{name}:{}", world.new_uuid());
    let set = StackSet {
        name,
        id: id.clone(),
        account: request.identity.account.clone(),
        region: request.region.to_owned(),
        description: request.text("Description"),
        permission_model: request.text("PermissionModel").unwrap_or_else(|| "SELF_MANAGED".to_owned()),
        administration_role: request.text("AdministrationRoleARN"),
        execution_role: request
            .text("ExecutionRoleName")
            .unwrap_or_else(|| "AWSCloudFormationStackSetExecutionRole".to_owned()),
        settings,
        organizational_units: Vec::new(),
        instances: Vec::new(),
        operations: Vec::new(),
        awaited: Vec::new(),
        drifts: Vec::new(),
    };
    world.cloudformation.stack_sets.insert(key, set);
    world.touch();
    Ok(json!({"StackSetId": id}))
}

pub(super) fn running(set: &StackSet) -> Result<(), Fault> {
    if set.has("RUNNING") || set.has("QUEUED") {
        let text = format!("Another Operation on StackSet {} is in progress", set.id);
        return Err(Fault::new("OperationInProgressException", text).with_status(409));
    }
    Ok(())
}

fn update(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let set = find(world, request)?.clone();
    running(&set)?;
    let text = match template(world, request)? {
        Some(text) => text,
        None => set.settings.template.clone(),
    };
    let (settings, _) = settings(world, request, text, &set.settings)?;
    let key = key(request, &set.name);
    if let Some(set) = world.cloudformation.stack_sets.get_mut(&key) {
        set.settings = settings;
        set.description = request.text("Description").or(set.description.take());
        for instance in &mut set.instances {
            "OUTDATED".clone_into(&mut instance.status);
        }
    }
    operate(world, request, "UPDATE")
}

/// The accounts and regions that a call names; all instances if it names none.
fn targets(set: &StackSet, request: &Request<'_>) -> Vec<(String, String)> {
    let own =
        request.params.get("DeploymentTargets").and_then(|targets| targets.get("Accounts")).and_then(Value::as_array);
    let accounts = match own {
        Some(accounts) => accounts.iter().filter_map(crate::simulator::request::scalar).collect(),
        None => request.texts("Accounts"),
    };
    let regions = request.texts("Regions");
    if accounts.is_empty() && regions.is_empty() {
        return set.instances.iter().map(|instance| (instance.account.clone(), instance.region.clone())).collect();
    }
    regions.iter().flat_map(|region| accounts.iter().map(move |account| (account.clone(), region.clone()))).collect()
}

/// The id of an operation that begins: the caller's, or one that is made up.
pub(super) fn new_operation_id(world: &mut World, request: &Request<'_>, set: &StackSet) -> Result<String, Fault> {
    let id = match request.text("OperationId") {
        Some(id) => id,
        None => world.new_uuid(),
    };
    if set.operations.iter().any(|operation| operation.id == id) {
        let text = format!("Operation {id} already exists");
        return Err(Fault::new("OperationIdAlreadyExistsException", text).with_status(409));
    }
    Ok(id)
}

fn operate(world: &mut World, request: &Request<'_>, action: &str) -> Result<Reply, Fault> {
    let set = find(world, request)?.clone();
    running(&set)?;
    let id = new_operation_id(world, request, &set)?;
    let retain = request.flag("RetainStacks").unwrap_or(false);
    let preferences = request.params.get("OperationPreferences").cloned().unwrap_or_else(|| json!({}));
    let key = key(request, &set.name);
    stack_set::queue(world, &key, &id, action, targets(&set, request), preferences, retain);
    stack_set::start(world, &key);
    Ok(json!({"OperationId": id}))
}

fn describe(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let set = find(world, request)?;
    let mut regions: Vec<&str> = set.instances.iter().map(|instance| instance.region.as_str()).collect();
    regions.sort_unstable();
    regions.dedup();
    Ok(json!({"StackSet": {
        "StackSetName": set.name,
        "StackSetId": set.id,
        "Description": set.description,
        "Status": "ACTIVE",
        "TemplateBody": set.settings.template,
        "Parameters": show_parameters(&set.settings.parameters),
        "Capabilities": set.settings.capabilities,
        "Tags": show_tags(&set.settings.tags),
        "StackSetARN": format!("arn:{}:cloudformation:{}:{}:stackset/{}", partition(&set.region), set.region, set.account, set.id),
        "AdministrationRoleARN": set.administration_role,
        "ExecutionRoleName": set.execution_role,
        "PermissionModel": set.permission_model,
        "OrganizationalUnitIds": set.organizational_units,
        "Regions": regions,
    }}))
}

fn delete(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("StackSetName")?;
    let key = key(request, &name);
    let Some(set) = world.cloudformation.stack_sets.get(&key) else { return Ok(json!({})) };
    running(set)?;
    if !set.instances.is_empty() {
        return Err(Fault::new("StackSetNotEmptyException", "StackSet is not empty").with_status(409));
    }
    world.cloudformation.stack_sets.shift_remove(&key);
    world.touch();
    Ok(json!({}))
}

pub(super) fn paged(request: &Request<'_>, items: Vec<Value>) -> Result<Reply, Fault> {
    let size = limit(request, "MaxResults", 100);
    let (items, next) = page(items, size, request.text("NextToken").as_deref(), "ValidationError")?;
    Ok(json!({"Summaries": items, "NextToken": next}))
}

fn list(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let own = world
        .cloudformation
        .stack_sets
        .values()
        .filter(|set| set.account == request.identity.account && set.region == request.region)
        .map(|set| {
            json!({
                "StackSetName": set.name, "StackSetId": set.id, "Description": set.description, "Status": "ACTIVE",
                "PermissionModel": set.permission_model, "DriftStatus": "NOT_CHECKED",
            })
        })
        .collect();
    paged(request, own)
}

fn show_instance(set: &StackSet, instance: &Instance) -> Value {
    let detailed = match instance.status.as_str() {
        "CURRENT" => "SUCCEEDED",
        "INOPERABLE" => "INOPERABLE",
        _ if instance.reason.is_some() => "FAILED",
        _ => "PENDING",
    };
    json!({
        "StackSetId": set.id,
        "Region": instance.region,
        "Account": instance.account,
        "StackId": instance.stack_id,
        "Status": instance.status,
        "StackInstanceStatus": {"DetailedStatus": detailed},
        "StatusReason": instance.reason,
        "DriftStatus": stack_set_drift::status(set, &instance.account, &instance.region),
        "LastOperationId": instance.last_operation,
    })
}

fn instances(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let set = find(world, request)?;
    let (account, region) = (request.text("StackInstanceAccount"), request.text("StackInstanceRegion"));
    let shown = set
        .instances
        .iter()
        .filter(|one| account.as_ref().is_none_or(|wanted| *wanted == one.account))
        .filter(|one| region.as_ref().is_none_or(|wanted| *wanted == one.region))
        .map(|one| show_instance(set, one))
        .collect();
    paged(request, shown)
}

fn instance(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let set = find(world, request)?;
    Ok(json!({"StackInstance": show_instance(set, find_instance(set, request)?)}))
}

/// The instance that a call must name.
pub(super) fn find_instance<'s>(set: &'s StackSet, request: &Request<'_>) -> Result<&'s Instance, Fault> {
    let (account, region) = (request.required("StackInstanceAccount")?, request.required("StackInstanceRegion")?);
    set.instances.iter().find(|one| one.account == account && one.region == region).ok_or_else(|| {
        let text = format!("Stack instance not found for account {account} in region {region}");
        Fault::new("StackInstanceNotFoundException", text).with_status(404)
    })
}

fn show_operation(set: &StackSet, operation: &SetOperation, whole: bool) -> Value {
    let failed = operation.results.iter().filter(|result| result.status == "FAILED").count();
    let mut value = json!({
        "OperationId": operation.id,
        "Action": operation.action,
        "Status": operation.status,
        "CreationTimestamp": iso8601(operation.created_at),
        "EndTimestamp": operation.ended_at.map(iso8601),
        "OperationPreferences": operation.preferences,
        "StatusDetails": {"FailedStackInstancesCount": failed},
    });
    if whole {
        value["StackSetId"] = Value::from(set.id.clone());
        value["RetainStacks"] = Value::from(operation.retain_stacks);
        value["ExecutionRoleName"] = Value::from(set.execution_role.clone());
    }
    value
}

pub(super) fn find_operation<'s>(set: &'s StackSet, request: &Request<'_>) -> Result<&'s SetOperation, Fault> {
    let id = request.required("OperationId")?;
    set.operations
        .iter()
        .find(|operation| operation.id == id)
        .ok_or_else(|| Fault::new("OperationNotFoundException", format!("Operation {id} not found")).with_status(404))
}

fn operation(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let set = find(world, request)?;
    Ok(json!({"StackSetOperation": show_operation(set, find_operation(set, request)?, true)}))
}

fn operations(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let set = find(world, request)?;
    paged(request, set.operations.iter().rev().map(|operation| show_operation(set, operation, false)).collect())
}

fn results(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let set = find(world, request)?;
    let shown = find_operation(set, request)?
        .results
        .iter()
        .map(|result| {
            json!({"Account": result.account, "Region": result.region, "Status": result.status, "StatusReason": result.reason})
        })
        .collect();
    paged(request, shown)
}

fn stop(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let set = find(world, request)?;
    let operation = find_operation(set, request)?;
    if operation.status != "RUNNING" {
        return Err(Fault::new("InvalidOperationException", format!("Operation {} is not running", operation.id)));
    }
    let (key, id) = (key(request, &set.name), operation.id.clone());
    let now = world.now();
    if let Some(set) = world.cloudformation.stack_sets.get_mut(&key) {
        for operation in set.operations.iter_mut().filter(|operation| operation.id == id) {
            operation.status = "STOPPED".to_owned();
            operation.ended_at = Some(now);
            for result in operation.results.iter_mut().filter(|result| result.status == "RUNNING") {
                result.status = "CANCELLED".to_owned();
            }
        }
    }
    world.touch();
    Ok(json!({}))
}
