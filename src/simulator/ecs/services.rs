//! Services and their deployments.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::super::clock::after;
use super::super::ecr::epoch;
use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::{clusters, deployments, missing, names, paged};

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
    let property = |name: &str| service.property(name).map(names::api_form);
    let desired = deployments::desired_count(service);
    let running = deployments::running_definition(service);
    let tripped = deployments::tripped(service);
    let number = running.as_deref().map(|running| deployments::deployment_number(world, service, running));
    let mut listed = Vec::new();
    if let (Some(running), Some(number)) = (&running, &number) {
        listed.push(json!({
            "id": format!("ecs-svc/{number}"),
            "status": "PRIMARY",
            "taskDefinition": running,
            "desiredCount": desired,
            "pendingCount": 0,
            "runningCount": desired,
            "failedTasks": 0,
            "createdAt": epoch(service.updated_at),
            "updatedAt": epoch(service.updated_at),
            "launchType": property("LaunchType"),
            "capacityProviderStrategy": property("CapacityProviderStrategy"),
            "platformVersion": "1.4.0",
            "platformFamily": "Linux",
            "networkConfiguration": property("NetworkConfiguration"),
            "rolloutState": "COMPLETED",
            "rolloutStateReason": match tripped {
                Some(_) => format!("ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/{number}."),
                None => format!("ECS deployment ecs-svc/{number} completed."),
            },
        }));
    } else if let Some(tripped) = &tripped {
        let number = deployments::deployment_number(world, service, &tripped.task_definition);
        listed.push(json!({
            "id": format!("ecs-svc/{number}"),
            "status": "PRIMARY",
            "taskDefinition": tripped.task_definition,
            "desiredCount": service.property("DesiredCount").cloned().unwrap_or(json!(1)),
            "pendingCount": 0,
            "runningCount": 0,
            "failedTasks": tripped.failed_tasks,
            "createdAt": epoch(service.updated_at),
            "updatedAt": epoch(service.updated_at),
            "rolloutState": "FAILED",
            "rolloutStateReason": "ECS deployment circuit breaker: tasks failed to start.",
        }));
    }
    json!({
        "serviceArn": arn(service),
        "serviceName": name(service),
        "clusterArn": clusters::arn(cluster),
        "status": "ACTIVE",
        "desiredCount": service.property("DesiredCount").cloned().unwrap_or(json!(1)),
        "runningCount": desired,
        "pendingCount": 0,
        "launchType": property("LaunchType"),
        "capacityProviderStrategy": property("CapacityProviderStrategy"),
        "platformVersion": property("PlatformVersion").unwrap_or(json!("LATEST")),
        "platformFamily": "Linux",
        "taskDefinition": running.or_else(|| service.text("TaskDefinition").map(str::to_owned)),
        "deploymentConfiguration": property("DeploymentConfiguration").unwrap_or(json!({
            "deploymentCircuitBreaker": {"enable": false, "rollback": false},
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
        })),
        "deploymentController": property("DeploymentController").unwrap_or(json!({"type": "ECS"})),
        "deployments": listed,
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
        "createdBy": format!("arn:aws:iam::{}:user/administrator", arn(service).split(':').nth(4).unwrap_or_default()),
        "events": events(world, service),
        "tags": service.tags().into_iter().map(|(key, value)| json!({"key": key, "value": value})).collect::<Vec<_>>(),
    })
}

/// The service's events, newest first, as ECS words them.
fn events(world: &World, service: &Resource) -> Vec<Value> {
    let name = name(service);
    let declared = service.text("TaskDefinition").unwrap_or_default();
    let declared = format!("ecs-svc/{}", deployments::deployment_number(world, service, declared));
    let mut messages = Vec::new();
    match deployments::tripped(service) {
        Some(tripped) => {
            messages.push(format!("(service {name}) was unable to place or start tasks: {}", tripped.reason));
            messages
                .push(format!("(service {name}) (deployment {declared}) deployment failed: tasks failed to start."));
            if let Some(previous) = &tripped.previous {
                let number = deployments::deployment_number(world, service, previous);
                messages.push(format!("(service {name}) rolling back to deployment ecs-svc/{number}."));
                messages.push(format!("(service {name}) (deployment ecs-svc/{number}) deployment completed."));
                messages.push(format!("(service {name}) has reached a steady state."));
            }
        }
        None => {
            messages.push(format!("(service {name}) has started {} tasks.", deployments::desired_count(service)));
            messages.push(format!("(service {name}) (deployment {declared}) deployment completed."));
            messages.push(format!("(service {name}) has reached a steady state."));
        }
    }
    let listed = messages.into_iter().enumerate().map(|(index, message)| {
        let index = i64::try_from(index).unwrap_or_default();
        let moment = after(service.updated_at, SignedDuration::from_millis(index));
        let digits = world.stable_token(&["event", &service.identifier, &message, &moment.to_string()], 32);
        json!({
            "id": super::super::world::uuid_form(&digits),
            "createdAt": epoch(moment),
            "message": message,
        })
    });
    let mut listed: Vec<Value> = listed.collect();
    listed.reverse();
    listed
}

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
    let now = world.now();
    let account = &request.identity.account;
    if let Some(service) = world.resource_mut(account, request.region, SERVICE, &identifier) {
        if let Some(properties) = service.properties.as_object_mut() {
            for (property, member) in UPDATABLE {
                if let Some(value) = request.params.get(member) {
                    properties.insert(property.to_owned(), value.clone());
                }
            }
            if let Some(arn) = task_definition {
                properties.insert("TaskDefinition".into(), json!(arn));
            }
        }
        service.updated_at = now;
    }
    match world.resource(account, request.region, SERVICE, &identifier) {
        Some(service) => Ok(json!({"service": service_json(world, &cluster, service)})),
        None => Err(Fault::new("ServiceNotFoundException", "Service not found.")),
    }
}

/// The properties that UpdateService sets as they are, and its names for them.
const UPDATABLE: [(&str, &str); 4] = [
    ("DesiredCount", "desiredCount"),
    ("EnableExecuteCommand", "enableExecuteCommand"),
    ("HealthCheckGracePeriodSeconds", "healthCheckGracePeriodSeconds"),
    ("PlatformVersion", "platformVersion"),
];

fn deployment_arn(world: &World, service: &Resource, definition: &str) -> String {
    let id = world
        .stable_token(&["service-deployment", &service.identifier, definition, &service.updated_at.to_string()], 21);
    format!("{}/{id}", arn(service).replacen(":service/", ":service-deployment/", 1))
}

fn revision_arn(world: &World, service: &Resource, definition: &str) -> String {
    let number = deployments::deployment_number(world, service, definition);
    format!("{}/{number}", arn(service).replacen(":service/", ":service-revision/", 1))
}

fn deployment_status(service: &Resource) -> &'static str {
    match deployments::tripped(service) {
        None => "SUCCESSFUL",
        Some(tripped) if tripped.previous.is_some() => "ROLLBACK_SUCCESSFUL",
        Some(_) => "ROLLBACK_FAILED",
    }
}

pub(super) fn list_deployments(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let cluster = clusters::find(world, request, request.text("cluster").as_deref())?;
    let wanted = request.text("service").unwrap_or_default();
    let service = find(world, request, cluster, &wanted)
        .ok_or_else(|| Fault::new("ServiceNotFoundException", "Service not found."))?;
    let definition = service.text("TaskDefinition").unwrap_or_default();
    let status = deployment_status(service);
    let statuses = request.texts("status");
    let listed = if statuses.is_empty() || statuses.iter().any(|wanted| wanted == status) {
        vec![json!({
            "serviceDeploymentArn": deployment_arn(world, service, definition),
            "serviceArn": arn(service),
            "clusterArn": clusters::arn(cluster),
            "createdAt": epoch(service.updated_at),
            "startedAt": epoch(service.updated_at),
            "finishedAt": epoch(service.updated_at),
            "targetServiceRevisionArn": revision_arn(world, service, definition),
            "status": status,
        })]
    } else {
        Vec::new()
    };
    paged("serviceDeployments", listed, request)
}

pub(super) fn describe_deployments(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let account = &request.identity.account;
    let mut described = Vec::new();
    let mut failures = Vec::new();
    for wanted in request.texts("serviceDeploymentArns") {
        let service = world.resources_of(account, request.region, SERVICE).find(|service| {
            deployment_arn(world, service, service.text("TaskDefinition").unwrap_or_default()) == wanted
        });
        match service {
            Some(service) => described.push(deployment_json(world, request, service)),
            None => failures.push(missing(&wanted)),
        }
    }
    Ok(json!({"serviceDeployments": described, "failures": failures}))
}

fn deployment_json(world: &World, request: &Request<'_>, service: &Resource) -> Value {
    let definition = service.text("TaskDefinition").unwrap_or_default();
    let tripped = deployments::tripped(service);
    let declared = service.property("DesiredCount").cloned().unwrap_or(json!(1));
    let counts =
        |count: &Value| json!({"requestedTaskCount": declared, "runningTaskCount": count, "pendingTaskCount": 0});
    let mut target = counts(&if tripped.is_some() { json!(0) } else { json!(deployments::desired_count(service)) });
    target["arn"] = json!(revision_arn(world, service, definition));
    let source: Vec<Value> = tripped
        .iter()
        .filter_map(|tripped| tripped.previous.as_deref())
        .map(|previous| {
            let mut source = counts(&declared);
            source["arn"] = json!(revision_arn(world, service, previous));
            source
        })
        .collect();
    let cluster = service.text("Cluster").unwrap_or("default");
    let cluster = clusters::find(world, request, Some(cluster)).map_or(cluster, clusters::arn);
    let breaker = service.property("DeploymentConfiguration.DeploymentCircuitBreaker.Enable") == Some(&json!(true));
    json!({
        "serviceDeploymentArn": deployment_arn(world, service, definition),
        "serviceArn": arn(service),
        "clusterArn": cluster,
        "createdAt": epoch(service.updated_at),
        "startedAt": epoch(service.updated_at),
        "finishedAt": epoch(service.updated_at),
        "updatedAt": epoch(service.updated_at),
        "sourceServiceRevisions": source,
        "targetServiceRevision": target,
        "status": deployment_status(service),
        "statusReason": tripped.as_ref().map(|_| "Service deployment rolled back because the circuit breaker threshold was exceeded."),
        "deploymentConfiguration": service.property("DeploymentConfiguration").map(names::api_form),
        "rollback": tripped.as_ref().map(|tripped| json!({
            "reason": "Service deployment rolled back because the circuit breaker threshold was exceeded.",
            "startedAt": epoch(service.updated_at),
            "serviceRevisionArn": tripped.previous.as_deref().map(|previous| revision_arn(world, service, previous)),
        })),
        "deploymentCircuitBreaker": {
            "status": match (&tripped, breaker) {
                (Some(_), _) => "TRIGGERED",
                (None, true) => "MONITORING_COMPLETE",
                (None, false) => "DISABLED",
            },
            "failureCount": tripped.as_ref().map_or(0, |tripped| tripped.failed_tasks),
            "threshold": deployments::threshold(service),
        },
    })
}
