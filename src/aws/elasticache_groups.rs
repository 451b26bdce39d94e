//! ElastiCache: replication groups with their nodes, as a template would write them.

use aws_sdk_elasticache::types::{AutomaticFailoverStatus, CacheCluster, MultiAzStatus, ReplicationGroup as Found};
use serde_json::{Value, json};

use super::Result;
use super::elasticache::ElastiCache;

/// A replication group, in the words of `AWS::ElastiCache::ReplicationGroup`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReplicationGroup {
    /// What the group has.
    pub properties: Value,
    /// What each of its nodes has for itself.
    pub nodes: Vec<Value>,
}

impl ElastiCache {
    /// A replication group with its nodes; `None` when it is not there.
    ///
    /// # Errors
    /// When a call fails for another reason.
    pub async fn replication_group(&self, id: &str) -> Result<Option<ReplicationGroup>> {
        let answer = self
            .caller
            .call("DescribeReplicationGroups", id, || {
                self.client.describe_replication_groups().replication_group_id(id).send()
            })
            .await;
        let found = match answer {
            Err(error) if error.is("ReplicationGroupNotFoundFault") => return Ok(None),
            other => other?.replication_groups.unwrap_or_default().into_iter().next(),
        };
        let Some(found) = found else { return Ok(None) };
        Ok(Some(ReplicationGroup { properties: properties(&found), nodes: self.nodes(id).await? }))
    }

    /// The nodes of a group. No call lists those of one, and one page has a hundred.
    async fn nodes(&self, group: &str) -> Result<Vec<Value>> {
        let (mut all, mut marker) = (Vec::new(), None);
        loop {
            let send = || self.client.describe_cache_clusters().set_marker(marker.clone()).send();
            let answer = self.caller.call("DescribeCacheClusters", group, send).await?;
            let of_group = |one: &CacheCluster| one.replication_group_id.as_deref() == Some(group);
            all.extend(answer.cache_clusters.unwrap_or_default().iter().filter(|one| of_group(one)).map(node));
            marker = answer.marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                return Ok(all);
            }
        }
    }
}

/// An object of the members that are there.
pub(super) fn object(members: Value) -> Value {
    match members {
        Value::Object(members) => Value::Object(members.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        other => other,
    }
}

fn properties(found: &Found) -> Value {
    let groups = found.node_groups.as_deref().unwrap_or_default();
    let sizes: Vec<usize> = groups.iter().map(|group| group.node_group_members.as_ref().map_or(0, Vec::len)).collect();
    // A template has one number for all of them.
    let replicas = sizes.first().filter(|first| **first > 0 && sizes.iter().all(|size| size == *first));
    let failover = found.automatic_failover.as_ref();
    object(json!({
        "KmsKeyId": found.kms_key_id,
        "NumNodeGroups": (!groups.is_empty()).then_some(groups.len()),
        "ReplicasPerNodeGroup": replicas.map(|size| size - 1),
        "NumCacheClusters": found.member_clusters.as_ref().map(Vec::len),
        "AutomaticFailoverEnabled": failover.map(|status| {
            matches!(status, AutomaticFailoverStatus::Enabled | AutomaticFailoverStatus::Enabling)
        }),
        "MultiAZEnabled": found.multi_az.as_ref().map(|status| *status == MultiAzStatus::Enabled),
    }))
}

fn node(found: &CacheCluster) -> Value {
    let is = |status: &Option<String>, wanted: &str| status.as_deref() == Some(wanted);
    let groups = found.security_groups.as_deref().unwrap_or_default();
    let groups: Vec<&String> = groups
        .iter()
        .filter(|group| !is(&group.status, "removing"))
        .filter_map(|group| group.security_group_id.as_ref())
        .collect();
    let topic = found.notification_configuration.as_ref().filter(|topic| !is(&topic.topic_status, "inactive"));
    object(json!({
        "SecurityGroupIds": groups,
        "EngineVersion": found.engine_version,
        "CacheParameterGroupName":
            found.cache_parameter_group.as_ref().and_then(|group| group.cache_parameter_group_name.as_ref()),
        "CacheSubnetGroupName": found.cache_subnet_group_name,
        "NotificationTopicArn": topic.and_then(|topic| topic.topic_arn.as_ref()),
        "PreferredMaintenanceWindow": found.preferred_maintenance_window,
    }))
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticache::types::{NodeGroup, NodeGroupMember, SecurityGroupMembership};

    use super::*;

    fn shard(nodes: usize) -> NodeGroup {
        let member = || NodeGroupMember::builder().build();
        NodeGroup::builder().set_node_group_members(Some((0..nodes).map(|_| member()).collect())).build()
    }

    #[test]
    fn the_numbers_of_nodes_are_counted() {
        let group = Found::builder().member_clusters("a").member_clusters("b").node_groups(shard(2)).build();
        let counted = json!({"NumNodeGroups": 1, "ReplicasPerNodeGroup": 1, "NumCacheClusters": 2});
        assert_eq!(properties(&group), counted);
        let uneven = Found::builder().node_groups(shard(2)).node_groups(shard(3)).build();
        assert_eq!(properties(&uneven), json!({"NumNodeGroups": 2}));
    }

    #[test]
    fn failover_that_is_being_turned_on_is_on() {
        let on = |status: &str| {
            let group = Found::builder().automatic_failover(status.into()).build();
            properties(&group)["AutomaticFailoverEnabled"].clone()
        };
        assert_eq!(
            ["enabled", "enabling", "disabling", "disabled"].map(on),
            [true, true, false, false].map(Value::from)
        );
    }

    #[test]
    fn a_security_group_that_is_being_removed_is_gone() {
        let member =
            |id: &str, status: &str| SecurityGroupMembership::builder().security_group_id(id).status(status).build();
        let cluster = CacheCluster::builder()
            .security_groups(member("sg-1", "active"))
            .security_groups(member("sg-2", "removing"))
            .security_groups(member("sg-3", "adding"))
            .build();
        assert_eq!(node(&cluster), json!({"SecurityGroupIds": ["sg-1", "sg-3"]}));
    }
}
