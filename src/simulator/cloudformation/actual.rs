//! A stack as its resources are, which a drift-aware change set compares with (User Guide: *Using drift-aware change sets*).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::drift::{compare, narrow};
use super::input::constraint;
use super::state::{Stack, StackResource};
use crate::simulator::request::Fault;
use crate::simulator::world::World;

/// The deployment mode of a change set that compares with what is there.
pub(super) const REVERT_DRIFT: &str = "REVERT_DRIFT";

/// Properties that AWS changes by itself: a drift-aware change set leaves them as they are.
const MANAGED: [(&str, &str); 3] = [
    ("AWS::ECS::Service", "DesiredCount"),
    ("AWS::RDS::DBCluster", "EngineVersion"),
    ("AWS::RDS::DBInstance", "EngineVersion"),
];

/// Refuses a deployment mode that there is none, or that the kind of change set does not take.
pub(super) fn check_mode(mode: Option<&str>, kind: &str) -> Result<(), Fault> {
    match mode {
        None => Ok(()),
        Some(REVERT_DRIFT) if kind == "UPDATE" => Ok(()),
        Some(REVERT_DRIFT) => {
            Err(Fault::validation("DeploymentMode REVERT_DRIFT can only be used with change sets of type UPDATE."))
        }
        Some(other) => Err(constraint(other, "deploymentMode", "Member must satisfy enum value set: [REVERT_DRIFT]")),
    }
}

/// The resources of a stack that are not as it has left them: as they are, with their drift status.
pub(super) fn drifted(world: &World, stack: &Stack) -> BTreeMap<String, (StackResource, String)> {
    let drifted = stack.resources.values().filter_map(|resource| {
        let result = compare(world, stack, resource)?;
        let status = result.get("StackResourceDriftStatus")?.as_str()?.to_owned();
        let actual = match status.as_str() {
            "DELETED" => StackResource { physical_id: None, identifier: None, ..resource.clone() },
            "MODIFIED" => modified(world, stack, resource, &result)?,
            _ => return None,
        };
        Some((resource.logical_id.clone(), (actual, status)))
    });
    drifted.collect()
}

/// A resource with what it has now, where that is not what it should have.
fn modified(world: &World, stack: &Stack, resource: &StackResource, result: &Value) -> Option<StackResource> {
    let place = stack.place();
    let live = world.resource(place.account, place.region, &resource.type_name, resource.identifier.as_deref()?)?;
    let properties: BTreeSet<&str> = result
        .get("PropertyDifferences")?
        .as_array()?
        .iter()
        .filter_map(|difference| difference.get("PropertyPath")?.as_str()?.split('/').nth(1))
        .filter(|property| !MANAGED.contains(&(resource.type_name.as_str(), *property)))
        .collect();
    let mut actual = resource.clone();
    let declared = actual.declared.as_object_mut()?;
    for property in properties {
        match (declared.get(property), live.properties.get(property)) {
            (Some(own), Some(there)) => drop(declared.insert(property.to_owned(), narrow(own, there))),
            (Some(_), None) => drop(declared.shift_remove(property)),
            // What the stack's tags have brought is not the template's.
            (None, _) => {}
        }
    }
    (actual.declared != resource.declared).then_some(actual)
}

/// A stack in which resources are as they are.
pub(super) fn with_actual(stack: &Stack, drifted: &BTreeMap<String, (StackResource, String)>) -> Stack {
    let mut stack = stack.clone();
    set_actual(&mut stack, drifted);
    stack
}

/// Lets a stack take its resources for what they are: a rollback then brings them back to that.
pub(super) fn set_actual(stack: &mut Stack, drifted: &BTreeMap<String, (StackResource, String)>) {
    for (id, (actual, _)) in drifted {
        if let Some(resource) = stack.resources.get_mut(id) {
            resource.clone_from(actual);
        }
    }
}

/// Says in each change how its resource has drifted, and where the values come from.
pub(super) fn tell(changes: &mut [Value], drifted: &BTreeMap<String, (StackResource, String)>) {
    for change in changes.iter_mut().filter_map(|change| change.get_mut("ResourceChange")?.as_object_mut()) {
        let id = change.get("LogicalResourceId").and_then(Value::as_str).unwrap_or_default();
        let status = drifted.get(id).map_or("IN_SYNC", |(_, status)| status);
        let from = if status == "MODIFIED" { "ACTUAL_STATE" } else { "PREVIOUS_DEPLOYMENT_STATE" };
        for detail in change.get_mut("Details").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(target) = detail.get_mut("Target").and_then(Value::as_object_mut) {
                target.insert("BeforeValueFrom".to_owned(), json!(from));
                target.insert("AfterValueFrom".to_owned(), json!("TEMPLATE"));
            }
        }
        change.insert("ResourceDriftStatus".to_owned(), json!(status));
    }
}
