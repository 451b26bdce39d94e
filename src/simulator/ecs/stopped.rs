//! Tasks that a deployment started and that failed: as many as trip the circuit breaker. ECS shows them for an hour.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::ecr::epoch;
use super::super::request::Request;
use super::super::resource::Resource;
use super::super::world::World;
use super::tasks::{Task, address, arn};
use super::{deployments, services, task_definitions};

/// How long ECS shows a task that has stopped.
const SHOWN: SignedDuration = SignedDuration::from_hours(1);
/// What the load balancer says of each reason, as its API reference has it.
const DESCRIPTIONS: [(&str, &str); 3] = [
    ("Target.Timeout", "Request timed out"),
    ("Target.ResponseCodeMismatch", "Health checks failed with these codes: [502]"),
    ("Target.FailedHealthChecks", "Health checks failed"),
];

/// The stopped tasks of a cluster's services.
pub(super) fn of_cluster<'a>(world: &'a World, request: &Request<'_>, cluster: &'a Resource) -> Vec<Task<'a>> {
    services::of_cluster(world, request, cluster)
        .flat_map(|service| of_service(world, request, cluster, service))
        .collect()
}

fn of_service<'a>(world: &World, request: &Request<'_>, cluster: &Resource, service: &'a Resource) -> Vec<Task<'a>> {
    let now = world.now();
    let failed = deployments::of(service).into_iter().filter(|deployment| {
        deployment.failure(now).is_some()
            && deployment.tasks.is_some()
            && now.duration_since(deployment.ends_at) < SHOWN
    });
    failed
        .flat_map(|deployment| {
            let count = deployments::threshold(&deployment);
            (0..count).map(move |index| (index, deployment.clone())).collect::<Vec<_>>()
        })
        .map(|(index, deployment)| {
            let token = ["stopped-task", &service.identifier, &deployment.id, &index.to_string()];
            let id = world.stable_token(&token, 32);
            Task { arn: arn(request, cluster, &id), id, service, deployment }
        })
        .collect()
}

/// A task as it is described once it has stopped; `running` is how it was described before.
pub(super) fn json(task: &Task<'_>, mut running: Value) -> Value {
    let Some(failed) = &task.deployment.tasks else { return running };
    let at = task.deployment.ends_at;
    let Some(members) = running.as_object_mut() else { return running };
    members.insert("lastStatus".to_owned(), json!("STOPPED"));
    members.insert("desiredStatus".to_owned(), json!("STOPPED"));
    members.insert("connectivity".to_owned(), json!("DISCONNECTED"));
    members.insert("healthStatus".to_owned(), json!("UNKNOWN"));
    members.insert(
        "stopCode".to_owned(),
        json!(if failed.exit_code.is_some() { "EssentialContainerExited" } else { "TaskFailedToStart" }),
    );
    members.insert("stoppedReason".to_owned(), json!(failed.stopped_reason));
    members.insert("stoppingAt".to_owned(), json!(epoch(at)));
    members.insert("stoppedAt".to_owned(), json!(epoch(at)));
    if failed.exit_code.is_none() {
        members.shift_remove("startedAt");
    }
    let containers = members.get_mut("containers").and_then(Value::as_array_mut);
    for (index, container) in containers.into_iter().flatten().enumerate() {
        let name = container.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let culprit = failed.container.as_ref().map_or(index == 0, |wanted| *wanted == name);
        container["lastStatus"] = json!("STOPPED");
        container["healthStatus"] = json!("UNKNOWN");
        match (culprit, failed.exit_code) {
            (true, code) => {
                if let Some(code) = code {
                    container["exitCode"] = json!(code);
                }
                if let Some(reason) = &failed.container_reason {
                    container["reason"] = json!(reason);
                }
            }
            // The others are stopped because of it.
            (false, Some(_)) => container["exitCode"] = json!(0),
            (false, None) => {}
        }
    }
    running
}

/// What a container has written, if a log group and stream are those of a stopped task.
pub fn lines(world: &World, request: &Request<'_>, group: &str, stream: &str) -> Option<Vec<(Timestamp, String)>> {
    let account = &request.identity.account;
    let clusters = world.resources_of(account, request.region, "AWS::ECS::Cluster");
    for task in clusters.flat_map(|cluster| of_cluster(world, request, cluster)) {
        let failed = task.deployment.tasks.as_ref()?;
        let definition = task_definitions::find_any(world, request, &task.deployment.task_definition)?;
        let containers = definition.property("ContainerDefinitions")?.as_array()?;
        for (index, container) in containers.iter().enumerate() {
            let name = container.get("Name").and_then(Value::as_str).unwrap_or_default();
            let options = container.get("LogConfiguration").and_then(|log| log.get("Options"));
            let option = |key: &str| options.and_then(|options| options.get(key)?.as_str()).unwrap_or_default();
            let own = format!("{}/{name}/{}", option("awslogs-stream-prefix"), task.id);
            if option("awslogs-group") == group && own == stream {
                let culprit = failed.container.as_deref().map_or(index == 0, |wanted| wanted == name);
                let written = if culprit { failed.log.clone() } else { Vec::new() };
                return Some(written.into_iter().map(|line| (task.deployment.ends_at, line)).collect());
            }
        }
    }
    None
}

/// The targets of a group: the tasks that run, and those of a deployment that failed with nothing to go back to.
pub fn targets(world: &World, request: &Request<'_>, group: &str) -> Vec<Value> {
    let account = &request.identity.account;
    let now = world.now();
    let mut targets = Vec::new();
    for cluster in world.resources_of(account, request.region, "AWS::ECS::Cluster") {
        for service in services::of_cluster(world, request, cluster) {
            let balancers = service.property("LoadBalancers").and_then(Value::as_array);
            let balancer = balancers
                .into_iter()
                .flatten()
                .find(|balancer| balancer.get("TargetGroupArn").and_then(Value::as_str) == Some(group));
            let Some(balancer) = balancer else { continue };
            let port = balancer.get("ContainerPort").cloned().unwrap_or(Value::Null);
            for task in super::tasks::of_service(world, request, cluster, service) {
                let target = json!({"Id": address(world, &task.id), "Port": port});
                targets.push(json!({"Target": target, "HealthCheckPort": port, "TargetHealth": {"State": "healthy"}}));
            }
            let newest = deployments::of(service).into_iter().next();
            let lost = newest.filter(|newest| newest.status(now) == "FAILED");
            let Some(reason) = lost.and_then(|newest| newest.tasks).map(|tasks| tasks.target_reason) else { continue };
            let description = DESCRIPTIONS.iter().find(|(code, _)| *code == reason).map(|(_, words)| *words);
            for index in 0..deployments::desired_count(service) {
                let id = world.stable_token(&["target", &service.identifier, &index.to_string()], 32);
                let target = json!({"Id": address(world, &id), "Port": port});
                let health = json!({"State": "unhealthy", "Reason": reason, "Description": description});
                targets.push(json!({"Target": target, "HealthCheckPort": port, "TargetHealth": health}));
            }
        }
    }
    targets
}
