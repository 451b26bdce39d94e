//! Services and their deployments.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::cloudcontrol;
use super::super::ecr::epoch;
use super::super::provision::{self, Place};
use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::{World, uuid_form};
use super::deployments::Deployment;
use super::{clusters, deployments, missing, names, paged, paged_by};

pub(super) const SERVICE: &str = "AWS::ECS::Service";

/// The services of a cluster.
pub(super) fn of_cluster<'a>(
    world: &'a World,
    request: &Request<'_>,
    cluster: &'a Resource,
) -> impl Iterator<Item = &'a Resource> {
    let (account, region) = (request.identity.account.clone(), request.region.to_owned());
    let all: Vec<&Resource> = world.resources_of(&account, &region, SERVICE).collect();
    all.into_iter().filter(move |service| {
        let of = service.text("Cluster").unwrap_or("default");
        of == cluster.identifier || of == clusters::arn(cluster)
    })
}

pub(super) fn arn(service: &Resource) -> &str {
    service.text("ServiceArn").unwrap_or(&service.physical_id)
}

pub(super) fn name(service: &Resource) -> &str {
    service
        .text("ServiceName")
        .or_else(|| service.text("Name"))
        .unwrap_or_else(|| arn(service).rsplit('/').next().unwrap_or_default())
}

fn find<'a>(world: &'a World, request: &Request<'_>, cluster: &'a Resource, wanted: &str) -> Option<&'a Resource> {
    of_cluster(world, request, cluster).find(|service| arn(service) == wanted || name(service) == wanted)
}

pub(super) fn list(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let cluster = clusters::find(world, request, request.text("cluster").as_deref())?;
    paged("serviceArns", of_cluster(world, request, cluster).map(|service| json!(arn(service))).collect(), request)
}

pub(super) fn describe(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let cluster = clusters::find(world, request, request.text("cluster").as_deref())?;
    let mut services = Vec::new();
    let mut failures = Vec::new();
    for wanted in request.texts("services") {
        match find(world, request, cluster, &wanted) {
            Some(service) => services.push(service_json(world, cluster, service)),
            None => failures.push(missing(&wanted)),
        }
    }
    Ok(json!({"services": services, "failures": failures}))
}

fn service_json(world: &World, cluster: &Resource, service: &Resource) -> Value {
    let now = world.now();
    let property = |name: &str| service.property(name).map(names::api_form);
    let running = deployments::running_count(service, now);
    let primary = primary(service, now);
    json!({
        "serviceArn": arn(service),
        "serviceName": name(service),
        "clusterArn": clusters::arn(cluster),
        "status": "ACTIVE",
        "desiredCount": deployments::desired_count(service),
        "runningCount": running,
        "pendingCount": 0,
        "launchType": property("LaunchType"),
        "capacityProviderStrategy": property("CapacityProviderStrategy"),
        "platformVersion": property("PlatformVersion").unwrap_or(json!("LATEST")),
        "platformFamily": "Linux",
        "taskDefinition": primary
            .map(|primary| primary.task_definition)
            .or_else(|| service.text("TaskDefinition").map(str::to_owned)),
        "deploymentConfiguration": property("DeploymentConfiguration").unwrap_or(json!({
            "deploymentCircuitBreaker": {"enable": false, "rollback": false},
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
        })),
        "deploymentController": property("DeploymentController").unwrap_or(json!({"type": "ECS"})),
        "deployments": rollouts(service, now),
        "loadBalancers": property("LoadBalancers").unwrap_or(json!([])),
        "serviceRegistries": property("ServiceRegistries").unwrap_or(json!([])),
        "networkConfiguration": property("NetworkConfiguration"),
        "healthCheckGracePeriodSeconds": property("HealthCheckGracePeriodSeconds").unwrap_or(json!(0)),
        "schedulingStrategy": property("SchedulingStrategy").unwrap_or(json!("REPLICA")),
        "enableECSManagedTags": property("EnableECSManagedTags").unwrap_or(json!(false)),
        "enableExecuteCommand": property("EnableExecuteCommand").unwrap_or(json!(false)),
        "propagateTags": property("PropagateTags").unwrap_or(json!("NONE")),
        "placementConstraints": [],
        "placementStrategy": [],
        "createdAt": epoch(service.created_at),
        "events": events(world, service, now),
        "tags": service.tags().into_iter().map(|(key, value)| json!({"key": key, "value": value})).collect::<Vec<_>>(),
    })
}

/// The deployment that ECS calls `PRIMARY`: the newest, or the one that a failed one went back to.
fn primary(service: &Resource, now: Timestamp) -> Option<Deployment> {
    let newest = deployments::of(service).into_iter().next()?;
    match newest.status(now) {
        "ROLLBACK_SUCCESSFUL" => deployments::running(service, now).or(Some(newest)),
        _ => Some(newest),
    }
}

/// The deployments as DescribeServices lists them: the primary one and, while it is under way, the one before.
fn rollouts(service: &Resource, now: Timestamp) -> Vec<Value> {
    let Some(newest) = deployments::of(service).into_iter().next() else { return Vec::new() };
    let running = deployments::running(service, now);
    let desired = deployments::desired_count(service);
    let entry = |deployment: &Deployment, status: &str, running: i64, failed: u64, state: &str, reason: String| {
        json!({
            "id": deployment.id,
            "status": status,
            "taskDefinition": deployment.task_definition,
            "desiredCount": desired,
            "pendingCount": if state == "IN_PROGRESS" { desired } else { 0 },
            "runningCount": running,
            "failedTasks": failed,
            "createdAt": epoch(deployment.created_at),
            "updatedAt": epoch(deployment.ends_at.min(now)),
            "launchType": service.property("LaunchType"),
            "capacityProviderStrategy": service.property("CapacityProviderStrategy").map(names::api_form),
            "platformVersion": "1.4.0",
            "platformFamily": "Linux",
            "networkConfiguration": service.property("NetworkConfiguration").map(names::api_form),
            "rolloutState": state,
            "rolloutStateReason": reason,
        })
    };
    let completed = |deployment: &Deployment| format!("ECS deployment {} completed.", deployment.id);
    match (newest.status(now), running) {
        ("IN_PROGRESS", previous) => {
            let reason = format!("ECS deployment {} in progress.", newest.id);
            let mut listed = vec![entry(&newest, "PRIMARY", 0, 0, "IN_PROGRESS", reason)];
            listed.extend(
                previous.map(|previous| entry(&previous, "ACTIVE", desired, 0, "COMPLETED", completed(&previous))),
            );
            listed
        }
        ("SUCCESSFUL", _) => vec![entry(&newest, "PRIMARY", desired, 0, "COMPLETED", completed(&newest))],
        ("ROLLBACK_SUCCESSFUL", Some(previous)) => {
            let reason = format!("ECS deployment circuit breaker: rolling back to deploymentId {}.", previous.id);
            vec![entry(&previous, "PRIMARY", desired, 0, "COMPLETED", reason)]
        }
        _ => {
            let reason = "ECS deployment circuit breaker: tasks failed to start.".to_owned();
            vec![entry(&newest, "PRIMARY", 0, deployments::threshold(&newest), "FAILED", reason)]
        }
    }
}

/// The service's events, newest first, as ECS words them.
fn events(world: &World, service: &Resource, now: Timestamp) -> Vec<Value> {
    let name = name(service);
    let mut listed: Vec<(Timestamp, String)> = Vec::new();
    let all = deployments::of(service);
    for (index, deployment) in all.iter().enumerate().rev() {
        let id = &deployment.id;
        let count = deployment.desired;
        listed.push((deployment.created_at, format!("(service {name}) has started {count} tasks.")));
        match deployment.failure(now) {
            Some(reason) => {
                if let Some(words) = deployment.tasks.as_ref().and_then(|tasks| tasks.service_event.as_ref()) {
                    listed.push((deployment.ends_at, format!("(service {name}) {words}")));
                }
                let previous = all.iter().skip(index + 1).find(|previous| previous.status(now) == "SUCCESSFUL");
                listed.push((
                    deployment.ends_at,
                    format!("(service {name}) is unable to consistently start tasks successfully: {reason}"),
                ));
                listed.push((
                    deployment.ends_at,
                    format!("(service {name}) (deployment {id}) deployment failed: tasks failed to start."),
                ));
                if let Some(previous) = previous {
                    let back = &previous.id;
                    listed.push((deployment.ends_at, format!("(service {name}) rolling back to deployment {back}.")));
                    listed.push((
                        deployment.ends_at,
                        format!("(service {name}) (deployment {back}) deployment completed."),
                    ));
                    listed.push((deployment.ends_at, format!("(service {name}) has reached a steady state.")));
                }
            }
            None if now >= deployment.ends_at => {
                listed.push((deployment.ends_at, format!("(service {name}) (deployment {id}) deployment completed.")));
                listed.push((deployment.ends_at, format!("(service {name}) has reached a steady state.")));
            }
            None => {}
        }
    }
    let total = listed.len();
    listed.reverse();
    listed.truncate(MAXIMUM_EVENTS);
    listed
        .into_iter()
        .enumerate()
        .map(|(index, (moment, message))| {
            let number = (total - index).to_string();
            let digits = world.stable_token(&["event", &service.identifier, &number], 32);
            json!({"id": uuid_form(&digits), "createdAt": epoch(moment), "message": message})
        })
        .collect()
}

/// How many events ECS keeps of a service.
const MAXIMUM_EVENTS: usize = 100;

/// Sets what the call names, as if someone had changed it behind the stack's back.
pub(super) fn update(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let wanted = request.text("service").unwrap_or_default();
    let cluster = clusters::find(world, request, request.text("cluster").as_deref())?.clone();
    let identifier = find(world, request, &cluster, &wanted)
        .map(|service| service.identifier.clone())
        .ok_or_else(|| Fault::new("ServiceNotFoundException", "Service not found."))?;
    let task_definition = match request.text("taskDefinition") {
        None => None,
        Some(name) => Some(
            super::task_definitions::find(world, request, &name)
                .map(|definition| definition.text("TaskDefinitionArn").unwrap_or(&definition.identifier).to_owned())
                .ok_or_else(|| Fault::new("ClientException", "TaskDefinition not found."))?,
        ),
    };
    let account = &request.identity.account;
    let not_found = || Fault::new("ServiceNotFoundException", "Service not found.");
    let service = world.resource(account, request.region, SERVICE, &identifier).ok_or_else(not_found)?;
    let before = cloudcontrol::writable(world, service);
    let mut wanted = before.clone();
    if let Some(properties) = wanted.as_object_mut() {
        for (property, member) in UPDATABLE {
            if let Some(value) = request.params.get(member) {
                properties.insert(property.to_owned(), value.clone());
            }
        }
        if let Some(arn) = task_definition {
            properties.insert("TaskDefinition".into(), json!(arn));
        }
    }
    let place = Place { account, region: request.region };
    let service = provision::update(world, place, SERVICE, &identifier, &before, &wanted, request.request_id)
        .map_err(|failure| Fault::new("InvalidParameterException", failure.message))?;
    Ok(json!({"service": service_json(world, &cluster, &service)}))
}

/// The properties that UpdateService sets as they are, and its names for them.
const UPDATABLE: [(&str, &str); 4] = [
    ("DesiredCount", "desiredCount"),
    ("EnableExecuteCommand", "enableExecuteCommand"),
    ("HealthCheckGracePeriodSeconds", "healthCheckGracePeriodSeconds"),
    ("PlatformVersion", "platformVersion"),
];

/// How many deployments are listed to a request that does not say how many.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html>
const DEPLOYMENTS_AT_ONCE: usize = 20;

pub(super) fn list_deployments(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let now = world.now();
    let cluster = clusters::find(world, request, request.text("cluster").as_deref())?;
    let wanted = request.text("service").unwrap_or_default();
    let service = find(world, request, cluster, &wanted)
        .ok_or_else(|| Fault::new("ServiceNotFoundException", "Service not found."))?;
    let statuses = request.texts("status");
    let listed = deployments::of(service)
        .iter()
        .filter(|one| one.is_listed(now))
        .filter(|one| statuses.is_empty() || statuses.iter().any(|status| status == one.status(now)))
        .map(|one| {
            let ended = now >= one.ends_at;
            json!({
                "serviceDeploymentArn": one.arn,
                "serviceArn": arn(service),
                "clusterArn": clusters::arn(cluster),
                "createdAt": epoch(one.created_at),
                "startedAt": epoch(one.created_at),
                "finishedAt": ended.then(|| epoch(one.ends_at)),
                "targetServiceRevisionArn": one.revision,
                "status": one.status(now),
            })
        })
        .collect();
    paged_by(DEPLOYMENTS_AT_ONCE, "serviceDeployments", listed, request)
}

pub(super) fn describe_deployments(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let account = &request.identity.account;
    let mut described = Vec::new();
    let mut failures = Vec::new();
    for wanted in request.texts("serviceDeploymentArns") {
        let found = world.resources_of(account, request.region, SERVICE).find_map(|service| {
            let all = deployments::of(service);
            let index = all.iter().position(|one| one.arn == wanted)?;
            Some((service, all, index))
        });
        match found {
            Some((service, all, index)) => described.push(deployment_json(world, request, service, &all[index..])),
            None => failures.push(missing(&wanted)),
        }
    }
    Ok(json!({"serviceDeployments": described, "failures": failures}))
}

/// One service deployment; `deployments` begins with it and goes on with the older ones.
fn deployment_json(world: &World, request: &Request<'_>, service: &Resource, deployments: &[Deployment]) -> Value {
    let Some((one, older)) = deployments.split_first() else { return Value::Null };
    let now = world.now();
    let status = one.status(now);
    let ended = now >= one.ends_at;
    let failure = one.failure(now);
    let previous = older.iter().find(|previous| previous.status(now) == "SUCCESSFUL");
    let revision = |arn: &str, running: i64| json!({"arn": arn, "requestedTaskCount": one.desired, "runningTaskCount": running, "pendingTaskCount": 0});
    let done = status == "SUCCESSFUL";
    let cluster = service.text("Cluster").unwrap_or("default");
    let cluster = clusters::find(world, request, Some(cluster)).map_or(cluster, clusters::arn);
    let breaker = service.property("DeploymentConfiguration.DeploymentCircuitBreaker.Enable") == Some(&json!(true));
    let rolled_back = "Service deployment rolled back because the circuit breaker threshold was exceeded.";
    json!({
        "serviceDeploymentArn": one.arn,
        "serviceArn": arn(service),
        "clusterArn": cluster,
        "createdAt": epoch(one.created_at),
        "startedAt": epoch(one.created_at),
        "finishedAt": ended.then(|| epoch(one.ends_at)),
        "updatedAt": epoch(one.ends_at.min(now)),
        "sourceServiceRevisions": previous
            .map(|previous| revision(&previous.revision, if done { 0 } else { one.desired }))
            .into_iter()
            .collect::<Vec<_>>(),
        "targetServiceRevision": revision(&one.revision, if done { one.desired } else { 0 }),
        "status": status,
        "statusReason": failure.map(|_| rolled_back),
        "deploymentConfiguration": service.property("DeploymentConfiguration").map(names::api_form),
        "rollback": failure.and(previous).map(|previous| {
            json!({"reason": rolled_back, "startedAt": epoch(one.ends_at), "serviceRevisionArn": previous.revision})
        }),
        "deploymentCircuitBreaker": {
            "status": match (failure, breaker) {
                (Some(_), _) => "TRIGGERED",
                (None, false) => "DISABLED",
                (None, true) if ended => "MONITORING_COMPLETE",
                (None, true) => "MONITORING",
            },
            "failureCount": failure.map_or(0, |_| super::deployments::threshold(one)),
            "threshold": super::deployments::threshold(one),
        },
    })
}
