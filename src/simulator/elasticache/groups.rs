//! Replication groups and their nodes, as the templates declare them.
//!
//! What ElastiCache picks for itself is not modelled: zones, windows of maintenance and snapshots, default groups.

use serde_json::{Map, Value, json};

use super::super::clock::iso8601;
use super::super::identity::partition;
use super::super::records::records;
use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::MAXIMUM_RECORDS;
use super::catalogue::ENGINES;

const GROUP: &str = "AWS::ElastiCache::ReplicationGroup";

/// How many nodes of a group, and of each part of its keys, there are.
struct Size {
    parts: u64,
    nodes: u64,
    /// Whether keys are spread over several parts, or could be.
    is_cluster: bool,
}

pub(super) fn describe_groups(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let wanted = request.text("ReplicationGroupId").map(|id| id.to_lowercase());
    let groups = all(world, request).filter(|group| wanted.as_ref().is_none_or(|id| *id == group.identifier));
    let found: Vec<Value> = groups.map(|group| group_json(request, group)).collect();
    if let Some(id) = wanted.filter(|_| found.is_empty()) {
        return Err(group_not_found(&id));
    }
    records(request, "ReplicationGroups", MAXIMUM_RECORDS, found)
}

fn group_not_found(id: &str) -> Fault {
    Fault::new("ReplicationGroupNotFoundFault", format!("ReplicationGroup {id} not found.")).with_status(404)
}

/// Changes a group at once, whatever `ApplyImmediately` says.
pub(super) fn modify_group(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let id = request.required("ReplicationGroupId")?.to_lowercase();
    let now = world.now();
    let (account, region) = (&request.identity.account, request.region);
    let group = world.resource_mut(account, region, GROUP, &id).ok_or_else(|| group_not_found(&id))?;
    if let Some(properties) = group.properties.as_object_mut() {
        properties.extend(changes(request));
        group.updated_at = now;
    }
    let group = group.clone();
    Ok(json!({"ReplicationGroup": group_json(request, &group)}))
}

/// What a call changes of a group, in CloudFormation's words.
fn changes(request: &Request<'_>) -> Map<String, Value> {
    let mut changes = Map::new();
    for name in ["ReplicationGroupDescription", "EngineVersion", "CacheParameterGroupName", "CacheNodeType"]
        .into_iter()
        .chain(["NotificationTopicArn", "PreferredMaintenanceWindow", "SnapshotWindow"])
    {
        changes.extend(request.text(name).map(|value| (name.to_owned(), json!(value))));
    }
    for name in ["AutomaticFailoverEnabled", "MultiAZEnabled", "AutoMinorVersionUpgrade"] {
        changes.extend(request.flag(name).map(|value| (name.to_owned(), json!(value))));
    }
    let kept = request.integer("SnapshotRetentionLimit");
    changes.extend(kept.map(|value| ("SnapshotRetentionLimit".to_owned(), json!(value))));
    // The list has a name of its own for its items.
    let groups = request.params.get("SecurityGroupIds").and_then(|ids| ids.get("SecurityGroupId").or(Some(ids)));
    if let Some(groups @ Value::Array(_)) = groups {
        changes.insert("SecurityGroupIds".into(), groups.clone());
    }
    changes
}

pub(super) fn describe_clusters(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let wanted = request.text("CacheClusterId").map(|id| id.to_lowercase());
    let shows_nodes = request.flag("ShowCacheNodeInfo") == Some(true);
    // All that there are here belong to groups.
    let shows_members = request.flag("ShowCacheClustersNotInReplicationGroups") != Some(true);
    let nodes = all(world, request).filter(|_| shows_members).flat_map(|group| {
        let names = names(group).into_iter().flatten();
        names.map(move |name| (group, name))
    });
    let found: Vec<Value> = nodes
        .filter(|(_, name)| wanted.as_ref().is_none_or(|id| id == name))
        .map(|(group, name)| cluster_json(request, group, &name, shows_nodes))
        .collect();
    if let Some(id) = wanted.filter(|_| found.is_empty()) {
        return Err(Fault::new("CacheClusterNotFound", format!("CacheCluster not found: {id}")).with_status(404));
    }
    records(request, "CacheClusters", MAXIMUM_RECORDS, found)
}

fn all<'a>(world: &'a World, request: &Request<'_>) -> impl Iterator<Item = &'a Resource> {
    world.resources_of(&request.identity.account, request.region, GROUP)
}

fn number(group: &Resource, name: &str) -> Option<u64> {
    group.property(name).and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()))
}

fn is_on(group: &Resource, name: &str) -> bool {
    group.property(name).is_some_and(|value| *value == json!(true) || *value == json!("true"))
}

fn enabled(is_on: bool) -> &'static str {
    if is_on { "enabled" } else { "disabled" }
}

fn size(group: &Resource) -> Size {
    let parts = number(group, "NumNodeGroups").filter(|parts| *parts > 0);
    let replicas = number(group, "ReplicasPerNodeGroup");
    let is_cluster = parts.is_some_and(|parts| parts > 1) || group.text("ClusterMode") == Some("enabled");
    let nodes = replicas.map(|replicas| replicas + 1).or(number(group, "NumCacheClusters")).filter(|nodes| *nodes > 0);
    Size { parts: parts.unwrap_or(1), nodes: nodes.unwrap_or(1), is_cluster }
}

/// Names of the nodes, by the part of the keys that they have.
fn names(group: &Resource) -> Vec<Vec<String>> {
    let Size { parts, nodes, is_cluster } = size(group);
    let of_part = |part: u64| {
        let stem = if is_cluster { format!("{}-{part:04}", group.identifier) } else { group.identifier.clone() };
        (1..=nodes).map(|node| format!("{stem}-{node:03}")).collect()
    };
    (1..=parts).map(of_part).collect()
}

fn engine(group: &Resource) -> &str {
    group.text("Engine").unwrap_or("redis")
}

/// A version with all of its parts, as nodes have it.
fn version(group: &Resource) -> Option<String> {
    let declared = group.property("EngineVersion").and_then(super::super::request::scalar);
    let newest = || {
        let own = ENGINES.iter().find(|one| one.name == engine(group))?;
        own.versions.last().map(|(version, _)| (*version).to_owned())
    };
    let version = declared.or_else(newest)?;
    Some(if version.matches('.').count() < 2 { format!("{version}.0") } else { version })
}

/// An endpoint, with its port as a number.
fn endpoint(group: &Resource, name: &str) -> Value {
    let port = group.property(&format!("{name}.Port")).and_then(super::super::request::scalar);
    json!({"Address": group.text(&format!("{name}.Address")), "Port": port})
}

fn arn(request: &Request<'_>, kind: &str, name: &str) -> String {
    let (region, account) = (request.region, &request.identity.account);
    format!("arn:{}:elasticache:{region}:{account}:{kind}:{name}", partition(region))
}

fn logs(group: &Resource) -> Vec<Value> {
    let declared = group.property("LogDeliveryConfigurations").and_then(Value::as_array);
    let with_status = |one: &Value| {
        let mut one = one.clone();
        if let Some(members) = one.as_object_mut() {
            members.insert("Status".into(), json!("active"));
        }
        one
    };
    declared.into_iter().flatten().map(with_status).collect()
}

fn group_json(request: &Request<'_>, group: &Resource) -> Value {
    let is_cluster = size(group).is_cluster;
    let names = names(group);
    let parts = names.iter().enumerate().map(|(part, nodes)| {
        let members = nodes.iter().enumerate().map(|(index, name)| {
            let role = if index == 0 { "primary" } else { "replica" };
            json!({
                "CacheClusterId": name,
                "CacheNodeId": "0001",
                "CurrentRole": (!is_cluster).then_some(role),
            })
        });
        json!({
            "NodeGroupId": format!("{:04}", part + 1),
            "Status": "available",
            "PrimaryEndpoint": (!is_cluster).then(|| endpoint(group, "PrimaryEndPoint")),
            "ReaderEndpoint": (!is_cluster).then(|| endpoint(group, "ReaderEndPoint")),
            "NodeGroupMembers": members.collect::<Vec<Value>>(),
        })
    });
    json!({
        "ReplicationGroupId": group.identifier,
        "Description": group.text("ReplicationGroupDescription"),
        "Status": "available",
        "MemberClusters": names.concat(),
        "NodeGroups": parts.collect::<Vec<Value>>(),
        "AutomaticFailover": enabled(is_on(group, "AutomaticFailoverEnabled")),
        "MultiAZ": enabled(is_on(group, "MultiAZEnabled")),
        "ConfigurationEndpoint": is_cluster.then(|| endpoint(group, "ConfigurationEndPoint")),
        "SnapshotRetentionLimit": number(group, "SnapshotRetentionLimit").unwrap_or(0),
        "SnapshotWindow": group.text("SnapshotWindow"),
        "ClusterEnabled": is_cluster,
        "CacheNodeType": group.text("CacheNodeType"),
        "AuthTokenEnabled": group.property("AuthToken").is_some(),
        "TransitEncryptionEnabled": is_on(group, "TransitEncryptionEnabled"),
        "AtRestEncryptionEnabled": is_on(group, "AtRestEncryptionEnabled"),
        "KmsKeyId": group.text("KmsKeyId"),
        "ARN": arn(request, "replicationgroup", &group.identifier),
        "UserGroupIds": group.property("UserGroupIds"),
        "LogDeliveryConfigurations": logs(group),
        "ReplicationGroupCreateTime": iso8601(group.created_at),
        "DataTiering": enabled(is_on(group, "DataTieringEnabled")),
        "AutoMinorVersionUpgrade": is_on(group, "AutoMinorVersionUpgrade"),
        "NetworkType": group.text("NetworkType").unwrap_or("ipv4"),
        "IpDiscovery": group.text("IpDiscovery").unwrap_or("ipv4"),
        "TransitEncryptionMode": group.text("TransitEncryptionMode"),
        "ClusterMode": group.text("ClusterMode").unwrap_or(enabled(is_cluster)),
        "Engine": engine(group),
    })
}

fn cluster_json(request: &Request<'_>, group: &Resource, name: &str, shows_nodes: bool) -> Value {
    let groups = group.property("SecurityGroupIds").and_then(Value::as_array);
    let member = |id: &Value| json!({"SecurityGroupId": id, "Status": "active"});
    let groups: Vec<Value> = groups.into_iter().flatten().map(member).collect();
    let nodes = json!([{
        "CacheNodeId": "0001",
        "CacheNodeStatus": "available",
        "CacheNodeCreateTime": iso8601(group.created_at),
        "ParameterGroupStatus": "in-sync",
    }]);
    json!({
        "CacheClusterId": name,
        "CacheNodeType": group.text("CacheNodeType"),
        "Engine": engine(group),
        "EngineVersion": version(group),
        "CacheClusterStatus": "available",
        "NumCacheNodes": 1,
        "CacheClusterCreateTime": iso8601(group.created_at),
        "PreferredMaintenanceWindow": group.text("PreferredMaintenanceWindow"),
        "NotificationConfiguration": group.text("NotificationTopicArn")
            .map(|topic| json!({"TopicArn": topic, "TopicStatus": "active"})),
        "CacheParameterGroup": group.text("CacheParameterGroupName")
            .map(|name| json!({"CacheParameterGroupName": name, "ParameterApplyStatus": "in-sync"})),
        "CacheSubnetGroupName": group.text("CacheSubnetGroupName"),
        "CacheNodes": shows_nodes.then_some(nodes),
        "AutoMinorVersionUpgrade": is_on(group, "AutoMinorVersionUpgrade"),
        "SecurityGroups": groups,
        "ReplicationGroupId": group.identifier,
        "SnapshotRetentionLimit": number(group, "SnapshotRetentionLimit").unwrap_or(0),
        "AuthTokenEnabled": group.property("AuthToken").is_some(),
        "TransitEncryptionEnabled": is_on(group, "TransitEncryptionEnabled"),
        "AtRestEncryptionEnabled": is_on(group, "AtRestEncryptionEnabled"),
        "ARN": arn(request, "cluster", name),
        "ReplicationGroupLogDeliveryEnabled": !logs(group).is_empty(),
        "NetworkType": group.text("NetworkType").unwrap_or("ipv4"),
        "IpDiscovery": group.text("IpDiscovery").unwrap_or("ipv4"),
        "TransitEncryptionMode": group.text("TransitEncryptionMode"),
    })
}
