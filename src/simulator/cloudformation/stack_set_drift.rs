//! Drift detection of a stack set: an operation that compares each of its stacks, and what it has found.

use serde_json::{Value, json};

use super::drift::{compare, is_drifted};
use super::stack_set::{DETECT_DRIFT, Instance, InstanceDrift, SetOperation, SetResult, StackSet};
use super::stack_set_calls::{find, find_instance, find_operation, key, new_operation_id, paged, running};
use super::status::Call;
use crate::simulator::request::{Fault, Reply, Request};
use crate::simulator::world::World;

pub(super) fn detect(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let set = find(world, request)?.clone();
    running(&set)?;
    let id = new_operation_id(world, request, &set)?;
    let (results, drifts): (Vec<SetResult>, Vec<Option<InstanceDrift>>) =
        set.instances.iter().map(|instance| one(world, &id, instance)).unzip();
    let operation = SetOperation {
        id: id.clone(),
        action: DETECT_DRIFT.to_owned(),
        status: "RUNNING".to_owned(),
        preferences: request.params.get("OperationPreferences").cloned().unwrap_or_else(|| json!({})),
        created_at: world.now(),
        ended_at: None,
        retain_stacks: false,
        results,
    };
    let key = key(request, &set.name);
    if let Some(set) = world.cloudformation.stack_sets.get_mut(&key) {
        // What the newest detection has found is told of until this one ends.
        let ended = |operation: &&SetOperation| operation.action == DETECT_DRIFT && operation.status == "SUCCEEDED";
        let newest = set.operations.iter().rfind(ended).map(|operation| operation.id.clone());
        set.drifts.retain(|one| newest.as_ref() == Some(&one.operation));
        set.operations.push(operation);
        set.drifts.extend(drifts.into_iter().flatten());
    }
    world.touch();
    Ok(json!({"OperationId": id}))
}

/// Compares the stack of one account and region.
fn one(world: &World, operation: &str, instance: &Instance) -> (SetResult, Option<InstanceDrift>) {
    let stack_id = instance.stack_id.as_deref();
    let (account, region) = (instance.account.clone(), instance.region.clone());
    let result = |status: &str, reason: Option<String>| SetResult {
        account: account.clone(),
        region: region.clone(),
        stack_id: stack_id.map(ToOwned::to_owned),
        status: status.to_owned(),
        reason,
    };
    let Some(stack) = stack_id.and_then(|id| world.cloudformation.stacks.get(id)) else {
        return (result("FAILED", Some("The stack instance has no stack.".to_owned())), None);
    };
    if !stack.status.allows(Call::DetectDrift) {
        let status = stack.status.as_str();
        let reason = format!("Stack:{} is in {status} state and can not be checked for drift.", stack.id);
        return (result("FAILED", Some(reason)), None);
    }
    let resources: Vec<Value> =
        stack.resources.values().filter_map(|resource| compare(world, stack, resource)).collect();
    let drift =
        InstanceDrift { operation: operation.to_owned(), account: account.clone(), region: region.clone(), resources };
    (result("RUNNING", None), Some(drift))
}

impl InstanceDrift {
    /// `DRIFTED` or `IN_SYNC`.
    pub(super) fn status(&self) -> &'static str {
        if self.resources.iter().any(is_drifted) { "DRIFTED" } else { "IN_SYNC" }
    }
}

/// What the newest detection that has ended has said of a stack.
pub(super) fn status(set: &StackSet, account: &str, region: &str) -> &'static str {
    let mut of_it = set.drifts.iter().filter(|one| one.account == account && one.region == region);
    of_it.rfind(|drift| is_told(set, drift)).map_or("NOT_CHECKED", InstanceDrift::status)
}

/// Whether the operation that compared a stack has ended, and was not stopped before it got there.
fn is_told(set: &StackSet, drift: &InstanceDrift) -> bool {
    let is_own = |result: &&SetResult| result.account == drift.account && result.region == drift.region;
    set.operations.iter().any(|operation| {
        operation.id == drift.operation
            && operation.ended_at.is_some()
            && operation.results.iter().find(is_own).is_some_and(|result| result.status != "CANCELLED")
    })
}

pub(super) fn resources(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    const TOLD: [&str; 7] = [
        "StackId",
        "LogicalResourceId",
        "PhysicalResourceId",
        "ResourceType",
        "PropertyDifferences",
        "StackResourceDriftStatus",
        "Timestamp",
    ];
    let set = find(world, request)?;
    let instance = find_instance(set, request)?;
    let operation = find_operation(set, request)?;
    let wanted = request.texts("StackInstanceResourceDriftStatuses");
    let is_own = |one: &&InstanceDrift| {
        one.operation == operation.id && one.account == instance.account && one.region == instance.region
    };
    let found = set.drifts.iter().filter(is_own).find(|one| is_told(set, one));
    let is_wanted = |one: &&Value| {
        let status = one.get("StackResourceDriftStatus").and_then(Value::as_str).unwrap_or_default();
        wanted.is_empty() || wanted.iter().any(|wanted| wanted == status)
    };
    let summary = |one: &Value| -> Value {
        let members = TOLD.iter().filter_map(|name| Some(((*name).to_owned(), one.get(*name)?.clone())));
        Value::Object(members.collect())
    };
    let resources = found.map(|found| found.resources.as_slice()).unwrap_or_default();
    paged(request, resources.iter().filter(is_wanted).map(summary).collect())
}
