//! What a service runs. Its deployments are kept by `provision` in the hidden part of the resource, newest first.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::super::resource::Resource;
use super::super::scenario::FailedTasks;

/// One deployment of a service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Deployment {
    /// `ecs-svc/` and a number.
    pub id: String,
    /// The service deployment's ARN.
    pub arn: String,
    /// The service revision's ARN.
    pub revision: String,
    /// What it deploys.
    pub task_definition: String,
    /// How many tasks it was to start.
    pub desired: i64,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends, or ended.
    pub ends_at: Timestamp,
    /// How it ends: `SUCCESSFUL`, `FAILED` or `ROLLBACK_SUCCESSFUL`.
    outcome: String,
    /// Why it fails.
    reason: Option<String>,
    /// How its tasks fail.
    #[serde(default)]
    pub tasks: Option<FailedTasks>,
}

/// How long ECS lists a service deployment (Developer Guide: *Viewing Amazon ECS service deployments*).
const LISTED_HOURS: i64 = 90 * 24;

impl Deployment {
    /// Whether ECS still lists it.
    pub(super) fn is_listed(&self, now: Timestamp) -> bool {
        now.duration_since(self.created_at) < jiff::SignedDuration::from_hours(LISTED_HOURS)
    }

    /// The status of the service deployment.
    pub(super) fn status(&self, now: Timestamp) -> &str {
        if now < self.ends_at { "IN_PROGRESS" } else { &self.outcome }
    }

    /// The service's reason, when the circuit breaker ended the deployment.
    pub(super) fn failure(&self, now: Timestamp) -> Option<&str> {
        (!matches!(self.status(now), "IN_PROGRESS" | "SUCCESSFUL"))
            .then(|| self.reason.as_deref().unwrap_or("tasks failed to start"))
    }
}

/// A service's deployments, newest first.
pub(super) fn of(service: &Resource) -> Vec<Deployment> {
    let listed = service.runtime.get("deployments").cloned().unwrap_or_default();
    serde_json::from_value(listed).unwrap_or_default()
}

/// The deployment whose tasks run at the moment: the newest that ended well.
pub(super) fn running(service: &Resource, now: Timestamp) -> Option<Deployment> {
    of(service).into_iter().find(|deployment| deployment.status(now) == "SUCCESSFUL")
}

/// How many tasks the service is to run; 1 unless it says otherwise.
pub(super) fn desired_count(service: &Resource) -> i64 {
    service.property("DesiredCount").and_then(Value::as_i64).unwrap_or(1)
}

/// How many tasks run: all once a deployment has ended well.
pub(super) fn running_count(service: &Resource, now: Timestamp) -> i64 {
    if running(service, now).is_some() { desired_count(service) } else { 0 }
}

/// How many failed tasks trip the circuit breaker: half of the desired count, between 3 and 200.
pub(super) fn threshold(deployment: &Deployment) -> u64 {
    u64::try_from(deployment.desired).unwrap_or_default().div_ceil(2).clamp(3, 200)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn deployment(definition: &str, outcome: &str, ends_at: i64) -> Value {
        json!({
            "id": "ecs-svc/1", "arn": "d", "revision": "r", "task_definition": definition, "desired": 4,
            "created_at": "1970-01-01T00:00:00Z", "ends_at": Timestamp::from_second(ends_at).unwrap(),
            "outcome": outcome, "reason": null
        })
    }

    fn service(deployments: Value) -> Resource {
        let mut service = Resource::new("AWS::ECS::Service", "s", json!({"DesiredCount": 4}), Timestamp::UNIX_EPOCH);
        service.runtime = json!({"deployments": deployments});
        service
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn nothing_runs_before_the_first_deployment_ends() {
        let service = service(json!([deployment("a", "SUCCESSFUL", 10)]));
        assert_eq!((running_count(&service, at(9)), running_count(&service, at(10))), (0, 4));
    }

    #[test]
    fn the_old_tasks_run_while_the_new_ones_start() {
        let service = service(json!([deployment("b", "SUCCESSFUL", 20), deployment("a", "SUCCESSFUL", 10)]));
        assert_eq!(running(&service, at(15)).unwrap().task_definition, "a");
    }

    #[test]
    fn after_a_rollback_the_old_tasks_run() {
        let service = service(json!([deployment("b", "ROLLBACK_SUCCESSFUL", 20), deployment("a", "SUCCESSFUL", 10)]));
        assert_eq!(running(&service, at(30)).unwrap().task_definition, "a");
    }

    #[test]
    fn a_deployment_is_listed_for_ninety_days() {
        let deployment = of(&service(json!([deployment("a", "SUCCESSFUL", 1)]))).remove(0);
        assert!(deployment.is_listed(at(90 * 86_400 - 1)) && !deployment.is_listed(at(90 * 86_400)));
    }

    #[test]
    fn the_breaker_waits_for_three_failures_at_least() {
        assert_eq!(threshold(&of(&service(json!([deployment("a", "FAILED", 1)])))[0]), 3);
    }
}
