//! What the Cloud Control API cannot read of a cache, although it can write it: ElastiCache tells which security groups, version,
//! parameters and key it has.

use futures::StreamExt;
use serde_json::Value;

use super::given::{Answers, Told};
use super::stack::ReadStack;
use crate::aws::Session;
use crate::aws::elasticache_groups::ReplicationGroup;

/// The type of a cache of nodes. What a serverless one declares, the Cloud Control API reads.
pub(super) const TYPE: &str = "AWS::ElastiCache::ReplicationGroup";

/// What is read here.
pub(super) const COVERED: [&str; 12] = [
    "KmsKeyId",
    "NumNodeGroups",
    "ReplicasPerNodeGroup",
    "NumCacheClusters",
    "AutomaticFailoverEnabled",
    "MultiAZEnabled",
    "SecurityGroupIds",
    "EngineVersion",
    "CacheParameterGroupName",
    "CacheSubnetGroupName",
    "NotificationTopicArn",
    "PreferredMaintenanceWindow",
];

/// What of it each node has for itself.
const OF_NODES: [&str; 6] = [
    "SecurityGroupIds",
    "EngineVersion",
    "CacheParameterGroupName",
    "CacheSubnetGroupName",
    "NotificationTopicArn",
    "PreferredMaintenanceWindow",
];

/// The most caches that are asked about at the same time.
const AT_ONCE: usize = 2;

/// Reads the caches of a stack.
pub(super) async fn read(session: &Session, stack: &ReadStack) -> Answers {
    let asked = futures::stream::iter(stack.of_type(TYPE)).map(|(logical_id, id)| async move {
        let answer = session.elasticache().replication_group(id).await;
        (logical_id.to_owned(), answer.map(|group| group.map(Told::Cache)))
    });
    asked.buffered(AT_ONCE).collect().await
}

/// Adds to what the Cloud Control API has given what ElastiCache gives. Gives the names of what counts now.
pub(super) fn merge(group: &ReplicationGroup, declared: &Value, actual: &mut Value) -> Vec<&'static str> {
    let Some(actual) = actual.as_object_mut() else { return Vec::new() };
    let mut given = Vec::new();
    for name in COVERED {
        let of_nodes = OF_NODES.contains(&name);
        if of_nodes && group.nodes.is_empty() {
            continue;
        }
        given.push(name);
        let wanted = declared.get(name);
        let value = if of_nodes { of_nodes_not_as(wanted, name, &group.nodes) } else { group.properties.get(name) };
        // ElastiCache gives all parts of a version.
        let value = value
            .map(|value| wanted.filter(|wanted| name == "EngineVersion" && is_part(wanted, value)).unwrap_or(value));
        if let Some(value) = value {
            let _ = actual.entry(name).or_insert_with(|| value.clone());
        }
    }
    given
}

/// The value of the first node that has another one than is declared. Nodes of a group are alike, unless somebody has changed one.
fn of_nodes_not_as<'a>(wanted: Option<&Value>, name: &str, nodes: &'a [Value]) -> Option<&'a Value> {
    let is_as = |node: &&Value| match (node.get(name), wanted) {
        (Some(Value::Array(there)), Some(Value::Array(wanted))) => {
            there.len() == wanted.len() && there.iter().all(|one| wanted.contains(one))
        }
        (there, wanted) => there == wanted,
    };
    let another = nodes.iter().find(|node| !is_as(node));
    another.or(nodes.first())?.get(name)
}

/// Whether a version is another one, or begins with all of its parts.
fn is_part(version: &Value, longer: &Value) -> bool {
    let (Some(version), Some(longer)) = (version.as_str(), longer.as_str()) else { return false };
    longer.strip_prefix(version).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn group(nodes: &[Value]) -> ReplicationGroup {
        ReplicationGroup { properties: json!({"KmsKeyId": "key", "NumCacheClusters": 2}), nodes: nodes.to_vec() }
    }

    fn node(groups: &[&str]) -> Value {
        json!({"SecurityGroupIds": groups, "EngineVersion": "8.0.1"})
    }

    fn merged(nodes: &[Value], declared: &Value) -> (Value, Vec<&'static str>) {
        let mut actual = json!({"NumCacheClusters": 3});
        let given = merge(&group(nodes), declared, &mut actual);
        (actual, given)
    }

    #[test]
    fn what_the_cloud_control_api_has_given_stays() {
        let (actual, given) = merged(&[node(&["sg-1"])], &json!({}));
        assert_eq!((&actual["NumCacheClusters"], &actual["KmsKeyId"]), (&json!(3), &json!("key")));
        assert_eq!(given, COVERED);
    }

    #[test]
    fn one_node_that_is_otherwise_is_enough() {
        let declared = json!({"SecurityGroupIds": ["sg-2", "sg-1"]});
        let (actual, _) = merged(&[node(&["sg-1", "sg-2"]), node(&["sg-3"])], &declared);
        assert_eq!(actual["SecurityGroupIds"], json!(["sg-3"]));
        let (actual, _) = merged(&[node(&["sg-1", "sg-2"]), node(&["sg-2", "sg-1"])], &declared);
        assert_eq!(actual["SecurityGroupIds"], json!(["sg-1", "sg-2"]));
    }

    #[test]
    fn a_version_is_given_in_as_many_parts_as_the_template_has() {
        let version =
            |declared: &str| merged(&[node(&[])], &json!({"EngineVersion": declared})).0["EngineVersion"].clone();
        assert_eq!(version("8.0"), json!("8.0"));
        assert_eq!(["8.1", "8", "7.2"].map(|one| version(one) == json!(one)), [false, true, false]);
    }

    #[test]
    fn without_nodes_nothing_is_known_of_what_they_have() {
        let (actual, given) = merged(&[], &json!({"SecurityGroupIds": ["sg-1"]}));
        assert_eq!(actual.get("SecurityGroupIds"), None);
        assert!(!given.contains(&"SecurityGroupIds") && given.contains(&"KmsKeyId"));
    }
}
