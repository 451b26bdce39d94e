//! Clusters.

use serde_json::{Value, json};

use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::{deployments, missing, names, paged, services};

const CLUSTER: &str = "AWS::ECS::Cluster";

/// The cluster that a name or ARN means. A call that names none means `default`.
pub(super) fn find<'a>(world: &'a World, request: &Request<'_>, name: Option<&str>) -> Result<&'a Resource, Fault> {
    let name = name.unwrap_or("default");
    let name = name.rsplit('/').next().unwrap_or(name);
    world
        .resource(&request.identity.account, request.region, CLUSTER, name)
        .ok_or_else(|| Fault::new("ClusterNotFoundException", "Cluster not found."))
}

pub(super) fn arn(cluster: &Resource) -> &str {
    cluster.text("Arn").unwrap_or_default()
}

pub(super) fn list(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let clusters = world.resources_of(&request.identity.account, request.region, CLUSTER);
    paged("clusterArns", clusters.map(|cluster| json!(arn(cluster))).collect(), request)
}

pub(super) fn describe(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let mut wanted = request.texts("clusters");
    if wanted.is_empty() {
        wanted.push("default".into());
    }
    let mut clusters = Vec::new();
    let mut failures = Vec::new();
    for name in wanted {
        match find(world, request, Some(&name)) {
            Ok(cluster) => clusters.push(cluster_json(world, request, cluster)),
            Err(_) => failures.push(missing(&name)),
        }
    }
    Ok(json!({"clusters": clusters, "failures": failures}))
}

fn cluster_json(world: &World, request: &Request<'_>, cluster: &Resource) -> Value {
    let services: Vec<&Resource> = services::of_cluster(world, request, cluster).collect();
    let running: i64 = services.iter().map(|service| deployments::running_count(service, world.now())).sum();
    let property = |name: &str| cluster.property(name).map(names::api_form);
    json!({
        "clusterArn": arn(cluster),
        "clusterName": cluster.identifier,
        "status": "ACTIVE",
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": running,
        "pendingTasksCount": 0,
        "activeServicesCount": services.len(),
        "statistics": [],
        "settings": property("ClusterSettings").unwrap_or(json!([])),
        "configuration": property("Configuration"),
        "capacityProviders": property("CapacityProviders").unwrap_or(json!([])),
        "defaultCapacityProviderStrategy": property("DefaultCapacityProviderStrategy").unwrap_or(json!([])),
        "tags": cluster.tags().into_iter().map(|(key, value)| json!({"key": key, "value": value})).collect::<Vec<_>>(),
    })
}
