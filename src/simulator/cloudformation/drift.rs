//! Drift detection: what the template declared against what is there.

use serde_json::{Value, json};

use super::difference::changes;
use super::input::{find, find_mut};
use super::lookup::with_stack_tags;
use super::registry::WITHOUT_READ_HANDLER;
use super::stacks::allow;
use super::state::{Detection, Stack, StackResource};
use super::status::Call;
use crate::simulator::clock::{after, iso8601};
use crate::simulator::cloudcontrol::remove;
use crate::simulator::page::{limit, page};
use crate::simulator::provision::coerce;
use crate::simulator::request::{Fault, Reply, Request};
use crate::simulator::world::World;

/// Seconds that a detection takes.
pub(super) const DETECT_SECONDS: f64 = 20.0;

/// The result for one resource, as the API shows it; `None` for a resource that cannot be checked.
pub(super) fn compare(world: &World, stack: &Stack, resource: &StackResource) -> Option<Value> {
    if WITHOUT_READ_HANDLER.contains(&resource.type_name.as_str()) || resource.type_name.starts_with("Custom::") {
        return None;
    }
    let physical = resource.physical_id.as_ref().filter(|_| !resource.status.starts_with("DELETE"))?;
    let registry = world.registry();
    let schema = registry.get(&resource.type_name)?;
    let mut declared = coerce(schema, &with_stack_tags(world, &resource.type_name, &resource.declared, &resource.tags));
    let place = stack.place();
    let live = world.resource(place.account, place.region, &resource.type_name, resource.identifier.as_deref()?);
    let mut live = live.map(|live| live.properties.clone());
    // What a service does not return cannot be compared.
    for path in schema.write_only() {
        for side in std::iter::once(&mut declared).chain(&mut live) {
            remove(side, path.segments());
        }
    }
    let (status, actual) = match live {
        None => ("DELETED", None),
        Some(live) => (if resource.skipped { "NOT_CHECKED" } else { "IN_SYNC" }, Some(narrow(&declared, &live))),
    };
    let differences: Vec<Value> = match &actual {
        Some(actual) if status == "IN_SYNC" => changes(Some(schema), &declared, actual)
            .iter()
            .filter(|change| !is_key(&change.path))
            .map(|change| {
                let text = |value: &Option<Value>| match value {
                    Some(Value::String(text)) => text.clone(),
                    Some(value) => value.to_string(),
                    None => "null".to_owned(),
                };
                let kind = match (&change.before, &change.after) {
                    (None, _) => "ADD",
                    (_, None) => "REMOVE",
                    _ => "NOT_EQUAL",
                };
                json!({
                    "PropertyPath": format!("/{}", change.path.join("/")),
                    "ExpectedValue": text(&change.before),
                    "ActualValue": text(&change.after),
                    "DifferenceType": kind,
                })
            })
            .collect(),
        _ => Vec::new(),
    };
    let status = if differences.is_empty() { status } else { "MODIFIED" };
    Some(json!({
        "StackId": stack.id,
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": physical,
        "ResourceType": resource.type_name,
        "ExpectedProperties": declared.to_string(),
        "ActualProperties": actual.map(|actual| actual.to_string()),
        "PropertyDifferences": differences,
        "StackResourceDriftStatus": status,
        "Timestamp": iso8601(world.now()),
    }))
}

/// Whether a property is a KMS key: keys have aliases, and are compared nowhere (User Guide: *Considerations when detecting
/// drift*).
fn is_key(path: &[String]) -> bool {
    path.last().is_some_and(|name| name.eq_ignore_ascii_case("KmsKeyId"))
}

/// The part of `actual` that `declared` speaks of: other keys are defaults that a service has added.
pub(super) fn narrow(declared: &Value, actual: &Value) -> Value {
    match (declared, actual) {
        (Value::Object(declared), Value::Object(actual)) => Value::Object(
            declared
                .iter()
                .filter_map(|(key, value)| actual.get(key).map(|actual| (key.clone(), narrow(value, actual))))
                .collect(),
        ),
        (Value::Array(declared), Value::Array(actual)) if declared.len() == actual.len() => {
            Value::Array(declared.iter().zip(actual).map(|(declared, actual)| narrow(declared, actual)).collect())
        }
        (_, actual) => actual.clone(),
    }
}

pub(super) fn detect(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("StackName")?;
    let only = request.texts("LogicalResourceIds");
    let stack = find(world, request, &name)?;
    allow(stack, Call::DetectDrift, "checked for drift")?;
    if let Some(unknown) = only.iter().find(|id| !stack.resources.contains_key(*id)) {
        return Err(Fault::validation(format!("Resource {unknown} does not exist in stack {}", stack.name)));
    }
    let results: Vec<Value> = stack
        .resources
        .values()
        .filter(|resource| only.is_empty() || only.contains(&resource.logical_id))
        .filter_map(|resource| compare(world, stack, resource))
        .collect();
    let drifted = results.iter().filter(|result| is_drifted(result)).count();
    let stack_id = stack.id.clone();
    let id = world.new_uuid();
    let now = world.now();
    let detection = Detection {
        stack_id: stack_id.clone(),
        started_at: now,
        ends_at: after(now, world.clock.duration(DETECT_SECONDS)),
        status: if drifted > 0 { "DRIFTED" } else { "IN_SYNC" }.to_owned(),
        drifted,
        results,
    };
    let stack = find_mut(world, request, &stack_id)?;
    stack.drift = Some((detection.status.clone(), now));
    for result in &detection.results {
        let text = |name: &str| result.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(resource) = stack.resources.get_mut(&text("LogicalResourceId")) {
            resource.drift = Some((text("StackResourceDriftStatus"), now));
        }
    }
    world.cloudformation.detections.insert(id.clone(), detection);
    Ok(json!({"StackDriftDetectionId": id}))
}

pub(super) fn is_drifted(result: &Value) -> bool {
    matches!(result.get("StackResourceDriftStatus").and_then(Value::as_str), Some("MODIFIED" | "DELETED"))
}

pub(super) fn detect_resource(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let stack = find(world, request, &request.required("StackName")?)?;
    allow(stack, Call::DetectDrift, "checked for drift")?;
    let (stack_id, id) = (stack.id.clone(), request.required("LogicalResourceId")?);
    let resource = stack
        .resources
        .get(&id)
        .ok_or_else(|| Fault::validation(format!("Resource {id} does not exist for stack {}", stack.name)))?;
    let result = compare(world, stack, resource)
        .ok_or_else(|| Fault::validation("Drift detection is not supported for the specified ResourceType"))?;
    let now = world.now();
    let status = result.get("StackResourceDriftStatus").and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(resource) = find_mut(world, request, &stack_id)?.resources.get_mut(&id) {
        resource.drift = Some((status, now));
    }
    Ok(json!({"StackResourceDrift": result}))
}

pub(super) fn status(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let id = request.required("StackDriftDetectionId")?;
    let detection = world
        .cloudformation
        .detections
        .get(&id)
        .filter(|detection| find(world, request, &detection.stack_id).is_ok())
        .ok_or_else(|| Fault::validation(format!("Drift detection {id} does not exist")))?;
    let done = world.now() >= detection.ends_at;
    Ok(json!({
        "StackId": detection.stack_id,
        "StackDriftDetectionId": id,
        "StackDriftStatus": if done { Some(&detection.status) } else { None },
        "DetectionStatus": if done { "DETECTION_COMPLETE" } else { "DETECTION_IN_PROGRESS" },
        "DriftedStackResourceCount": if done { Some(detection.drifted) } else { None },
        "Timestamp": iso8601(detection.started_at),
    }))
}

pub(super) fn resources(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let stack = find(world, request, &request.required("StackName")?)?;
    let wanted = request.texts("StackResourceDriftStatusFilters");
    let newest = world
        .cloudformation
        .detections
        .values()
        .filter(|detection| detection.stack_id == stack.id && detection.ends_at <= world.now())
        .max_by_key(|detection| detection.started_at);
    let shown: Vec<Value> = newest
        .map(|detection| detection.results.clone())
        .unwrap_or_default()
        .into_iter()
        .filter(|result| {
            let status = result.get("StackResourceDriftStatus").and_then(Value::as_str).unwrap_or_default();
            wanted.is_empty() || wanted.iter().any(|one| one == status)
        })
        .collect();
    let size = limit(request, "MaxResults", 100);
    let (drifts, next) = page(shown, size, request.text("NextToken").as_deref(), "ValidationError")?;
    Ok(json!({"StackResourceDrifts": drifts, "NextToken": next}))
}
