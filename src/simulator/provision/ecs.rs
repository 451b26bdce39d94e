//! Deployments of ECS services, kept in the hidden part of the resource.
//!
//! `runtime.deployments` is a list, newest first, of `{id, arn, revision, task_definition, desired, created_at, ends_at, outcome, reason, tasks}`.
//! `tasks` says how the tasks of one that failed did so.
//! Before `ends_at` a deployment is under way; after it, `outcome` holds: `SUCCESSFUL`, `FAILED` or `ROLLBACK_SUCCESSFUL`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Place, Work, durations};
use crate::simulator::clock::{after, iso8601};
use crate::simulator::identity::partition;
use crate::simulator::resource::Resource;
use crate::simulator::scenario::FailedTasks;
use crate::simulator::world::World;

/// How a deployment ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// The new tasks are healthy.
    Successful,
    /// The circuit breaker stopped it, and there was nothing to go back to.
    Failed,
    /// The circuit breaker went back to the last deployment that had worked.
    RollbackSuccessful,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Successful => "SUCCESSFUL",
            Self::Failed => "FAILED",
            Self::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
        }
    }
}

/// Begins a deployment when the service is new, or no longer has the task definition that it had `before`. One that the
/// circuit breaker took back to what had worked has that again: asked for it, ECS deploys nothing.
pub(super) fn deploy(world: &World, place: Place<'_>, before: Option<&str>, resource: &mut Resource, token: &str) {
    let task_definition = resource.text("TaskDefinition").unwrap_or_default().to_owned();
    let mut deployments = resource.runtime.get("deployments").and_then(Value::as_array).cloned().unwrap_or_default();
    if !deployments.is_empty() && before == Some(&task_definition) {
        return;
    }
    let work = if deployments.is_empty() { Work::Create } else { Work::Update };
    let now = world.now();
    let ends = after(now, world.clock.duration(durations::seconds("AWS::ECS::Service", work)));
    let service =
        resource.text("ServiceArn").and_then(|arn| arn.split_once("service/")).map_or("default", |(_, tail)| tail);
    let stem = format!("arn:{}:ecs:{}:{}", partition(place.region), place.region, place.account);
    let digits = world.stable_token(&["deployment", token, &task_definition], 40);
    let number: String = digits.bytes().map(|byte| char::from(b'0' + byte % 10)).take(19).collect();
    let desired = resource
        .property("DesiredCount")
        .and_then(|value| crate::simulator::request::scalar(value)?.parse::<i64>().ok());
    let arn = format!("{stem}:service-deployment/{service}/{}", digits.get(..20).unwrap_or_default());
    let revision = format!("{stem}:service-revision/{service}/{number}");
    deployments.insert(
        0,
        json!({
            "id": format!("ecs-svc/{number}"), "arn": arn, "revision": revision, "task_definition": task_definition,
            "desired": desired.unwrap_or(1), "created_at": iso8601(now), "ends_at": iso8601(ends),
            "outcome": Outcome::Successful.as_str(), "reason": Value::Null,
        }),
    );
    deployments.truncate(100);
    if !resource.runtime.is_object() {
        resource.runtime = json!({});
    }
    resource.runtime["deployments"] = Value::Array(deployments);
}

/// Says how the tasks of the newest deployment of a service failed.
pub fn fail_tasks(world: &mut World, place: Place<'_>, identifier: &str, tasks: &FailedTasks) {
    let resource = world.resource_mut(place.account, place.region, "AWS::ECS::Service", identifier);
    let deployments = resource.and_then(|resource| resource.runtime.get_mut("deployments")?.as_array_mut());
    if let Some(newest) = deployments.and_then(|deployments| deployments.first_mut()) {
        newest["tasks"] = serde_json::to_value(tasks).unwrap_or_default();
    }
}

/// Sets how the newest deployment of a service ends. A rollback also returns the service to the task definition that had worked.
pub fn settle_service(world: &mut World, place: Place<'_>, identifier: &str, outcome: Outcome, reason: &str) {
    let Some(resource) = world.resource_mut(place.account, place.region, "AWS::ECS::Service", identifier) else {
        return;
    };
    let Some(deployments) = resource.runtime.get_mut("deployments").and_then(Value::as_array_mut) else { return };
    let worked = deployments
        .iter()
        .skip(1)
        .find(|one| one.get("outcome").and_then(Value::as_str) == Some(Outcome::Successful.as_str()))
        .and_then(|one| one.get("task_definition").cloned());
    let outcome = if outcome == Outcome::RollbackSuccessful && worked.is_none() { Outcome::Failed } else { outcome };
    if let Some(newest) = deployments.first_mut() {
        newest["outcome"] = Value::from(outcome.as_str());
        newest["reason"] = Value::from(reason);
    }
    if outcome == Outcome::RollbackSuccessful
        && let Some(worked) = worked
    {
        resource.properties["TaskDefinition"] = worked;
    }
}

/// State of deregistered task definitions, by ARN.
const DEREGISTERED: &str = "ecs-deregistered";

/// Keeps a task definition that is deleted: ECS goes on describing it as `INACTIVE`.
pub(super) fn deregister(world: &mut World, place: Place<'_>, definition: &Resource) {
    let arn = definition.text("TaskDefinitionArn").unwrap_or(&definition.identifier).to_owned();
    let kept = world.service_mut(place.account, place.region, DEREGISTERED);
    if !kept.is_object() {
        *kept = json!({});
    }
    kept[arn] = serde_json::to_value(definition).unwrap_or_default();
}

/// A task definition that was deregistered, by its ARN or by `FAMILY:REVISION`.
pub fn deregistered(world: &World, place: Place<'_>, name: &str) -> Option<Resource> {
    let wanted = name.rsplit('/').next().unwrap_or(name);
    let kept = world.service(place.account, place.region, DEREGISTERED).as_object()?;
    let (_, found) = kept.iter().find(|(arn, _)| arn.rsplit('/').next() == Some(wanted))?;
    serde_json::from_value(found.clone()).ok()
}
