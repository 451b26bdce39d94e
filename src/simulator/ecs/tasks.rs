//! The tasks that services run: as many as they are to run, all of them running. Those that failed are in `stopped`.

use serde_json::{Value, json};

use super::super::ecr::epoch;
use super::super::ecr::images::running_digest;
use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::deployments::Deployment;
use super::{clusters, deployments, missing, paged, services, stopped, task_definitions};

/// One task.
pub(super) struct Task<'a> {
    pub arn: String,
    pub id: String,
    pub service: &'a Resource,
    pub deployment: Deployment,
}

/// The ARN of a task.
pub(super) fn arn(request: &Request<'_>, cluster: &Resource, id: &str) -> String {
    let partition = super::super::identity::partition(request.region);
    format!("arn:{partition}:ecs:{}:{}:task/{}/{id}", request.region, request.identity.account, cluster.identifier)
}

pub(super) fn of_service<'a>(
    world: &World,
    request: &Request<'_>,
    cluster: &Resource,
    service: &'a Resource,
) -> Vec<Task<'a>> {
    let Some(deployment) = deployments::running(service, world.now()) else { return Vec::new() };
    (0..deployments::desired_count(service))
        .map(|index| {
            let id = world.stable_token(&["task", &service.identifier, &deployment.id, &index.to_string()], 32);
            Task { arn: arn(request, cluster, &id), id, service, deployment: deployment.clone() }
        })
        .collect()
}

fn of_cluster<'a>(world: &'a World, request: &Request<'_>, cluster: &'a Resource) -> Vec<Task<'a>> {
    services::of_cluster(world, request, cluster)
        .flat_map(|service| of_service(world, request, cluster, service))
        .collect()
}

pub(super) fn list(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let cluster = clusters::find(world, request, request.text("cluster").as_deref())?;
    let stopped = request.text("desiredStatus").as_deref() == Some("STOPPED");
    let service_name = request.text("serviceName");
    if let Some(wanted) = &service_name
        && !services::of_cluster(world, request, cluster)
            .any(|service| services::name(service) == wanted || services::arn(service) == wanted)
    {
        return Err(Fault::new("ServiceNotFoundException", "Service not found."));
    }
    let family = request.text("family");
    let tasks =
        if stopped { stopped::of_cluster(world, request, cluster) } else { of_cluster(world, request, cluster) };
    let arns = tasks
        .into_iter()
        .filter(|task| {
            service_name
                .as_ref()
                .is_none_or(|wanted| services::name(task.service) == wanted || services::arn(task.service) == wanted)
        })
        .filter(|task| {
            family.as_ref().is_none_or(|wanted| task_definitions::family(&task.deployment.task_definition).0 == wanted)
        })
        .map(|task| json!(task.arn))
        .collect();
    paged("taskArns", arns, request)
}

pub(super) fn describe(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let cluster = clusters::find(world, request, request.text("cluster").as_deref())?;
    let all = of_cluster(world, request, cluster);
    let ended = stopped::of_cluster(world, request, cluster);
    let mut tasks = Vec::new();
    let mut failures = Vec::new();
    for wanted in request.texts("tasks") {
        let is_wanted = |task: &&Task<'_>| task.arn == wanted || task.id == wanted;
        if let Some(task) = all.iter().find(is_wanted) {
            tasks.push(task_json(world, request, cluster, task));
        } else if let Some(task) = ended.iter().find(is_wanted) {
            tasks.push(stopped::json(task, task_json(world, request, cluster, task)));
        } else {
            failures.push(missing(&wanted));
        }
    }
    Ok(json!({"tasks": tasks, "failures": failures}))
}

fn task_json(world: &World, request: &Request<'_>, cluster: &Resource, task: &Task<'_>) -> Value {
    let definition = task_definitions::find_any(world, request, &task.deployment.task_definition);
    let property = |name: &str| definition.as_ref().and_then(|definition| definition.property(name));
    let service = task.service;
    let subnets = service.property("NetworkConfiguration.AwsvpcConfiguration.Subnets").and_then(Value::as_array);
    let address = address(world, &task.id);
    let interface = world.stable_token(&["eni", &task.id], 17);
    let containers: Vec<Value> = property("ContainerDefinitions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|container| {
            let image = container.get("Image").and_then(Value::as_str).unwrap_or_default();
            let name = container.get("Name").and_then(Value::as_str).unwrap_or_default();
            let id = world.stable_token(&["container", &task.id, name], 32);
            let healthy = if container.get("HealthCheck").is_some() { "HEALTHY" } else { "UNKNOWN" };
            json!({
                "containerArn": format!("{}/{id}", task.arn.replacen(":task/", ":container/", 1)),
                "taskArn": task.arn,
                "name": name,
                "image": image,
                "imageDigest": running_digest(world, image),
                "runtimeId": format!("{}-{}", task.id, world.stable_token(&["runtime", &id], 10)),
                "lastStatus": "RUNNING",
                "networkBindings": [],
                "networkInterfaces": [{"attachmentId": interface, "privateIpv4Address": address}],
                "healthStatus": healthy,
                "cpu": "0",
            })
        })
        .collect();
    let healthy = containers.iter().any(|container| container["healthStatus"] == "HEALTHY");
    let text = |name: &str| property(name).and_then(super::super::request::scalar);
    json!({
        "taskArn": task.arn,
        "clusterArn": clusters::arn(cluster),
        "taskDefinitionArn": task.deployment.task_definition,
        "group": format!("service:{}", services::name(service)),
        "startedBy": task.deployment.id,
        "lastStatus": "RUNNING",
        "desiredStatus": "RUNNING",
        "connectivity": "CONNECTED",
        "healthStatus": if healthy { "HEALTHY" } else { "UNKNOWN" },
        "launchType": service.text("LaunchType").unwrap_or("FARGATE"),
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "cpu": text("Cpu"),
        "memory": text("Memory"),
        "enableExecuteCommand": service.property("EnableExecuteCommand").cloned().unwrap_or(json!(false)),
        "attachments": [{
            "id": super::super::world::uuid_form(&world.stable_token(&["attachment", &task.id], 32)),
            "type": "ElasticNetworkInterface",
            "status": "ATTACHED",
            "details": [
                {"name": "subnetId", "value": subnets.and_then(|subnets| subnets.first())},
                {"name": "networkInterfaceId", "value": format!("eni-{interface}")},
                {"name": "privateIPv4Address", "value": address},
            ],
        }],
        "containers": containers,
        "createdAt": epoch(task.deployment.created_at),
        "startedAt": epoch(task.deployment.created_at),
        "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": []},
        "tags": [],
    })
}

/// An address that stays with the task. It lies in 10.0.0.0/8, not necessarily in the task's subnet.
pub(super) fn address(world: &World, task: &str) -> String {
    let digits = world.stable_token(&["address", task], 6);
    let octet = |from: usize| u8::from_str_radix(digits.get(from..from + 2).unwrap_or("0"), 16).unwrap_or_default();
    format!("10.{}.{}.{}", octet(0), octet(2), octet(4))
}
