"""Replication groups and their nodes, as ElastiCache tells of them."""

import json

from support import equal, error, main, simulator

GROUP = "AWS::ElastiCache::ReplicationGroup"


def finished(control, answer):
    token = answer["ProgressEvent"]["RequestToken"]
    control.get_waiter("resource_request_success").wait(RequestToken=token, WaiterConfig={"Delay": 0.01, "MaxAttempts": 500})
    return control.get_resource_request_status(RequestToken=token)["ProgressEvent"]["Identifier"]


def cache(account, **more):
    cloud = simulator(account)
    control = cloud.client("cloudcontrol")
    properties = dict(
        ReplicationGroupId="routing", ReplicationGroupDescription="routing state", Engine="valkey", EngineVersion="8.0",
        CacheNodeType="cache.t4g.small", SecurityGroupIds=["sg-1"], KmsKeyId="key-1", **more,
    )
    name = finished(control, control.create_resource(TypeName=GROUP, DesiredState=json.dumps(properties)))
    return cloud.client("elasticache"), name


def a_group_has_nodes_with_its_security_groups_and_version():
    client, name = cache("121212121201", NumCacheClusters=2, AutomaticFailoverEnabled=True)
    (group,) = client.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"]
    equal((group["MemberClusters"], group["KmsKeyId"]), (["routing-001", "routing-002"], "key-1"))
    equal((group["AutomaticFailover"], group["MultiAZ"], group["ClusterEnabled"]), ("enabled", "disabled", False))
    (part,) = group["NodeGroups"]
    equal([member["CurrentRole"] for member in part["NodeGroupMembers"]], ["primary", "replica"])
    nodes = client.describe_cache_clusters()["CacheClusters"]
    equal([node["CacheClusterId"] for node in nodes], group["MemberClusters"])
    for node in nodes:
        equal((node["ReplicationGroupId"], node["EngineVersion"]), (name, "8.0.0"))
        equal(node["SecurityGroups"], [{"SecurityGroupId": "sg-1", "Status": "active"}])
    client.modify_replication_group(ReplicationGroupId=name, SecurityGroupIds=["sg-2"], ApplyImmediately=True)
    (node,) = client.describe_cache_clusters(CacheClusterId="routing-002")["CacheClusters"]
    equal([group["SecurityGroupId"] for group in node["SecurityGroups"]], ["sg-2"])


def keys_that_are_spread_have_nodes_in_each_part():
    client, name = cache("121212121202", NumNodeGroups=2, ReplicasPerNodeGroup=1)
    (group,) = client.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"]
    equal(group["MemberClusters"], ["routing-0001-001", "routing-0001-002", "routing-0002-001", "routing-0002-002"])
    equal([len(part["NodeGroupMembers"]) for part in group["NodeGroups"]], [2, 2])
    assert group["ClusterEnabled"] and group["ConfigurationEndpoint"]["Port"] == 6379, group


def a_node_of_a_group_is_left_out_where_only_others_are_wanted():
    client, _ = cache("121212121203")
    equal(client.describe_cache_clusters(ShowCacheClustersNotInReplicationGroups=True)["CacheClusters"], [])
    (node,) = client.describe_cache_clusters(ShowCacheNodeInfo=True)["CacheClusters"]
    equal(len(node["CacheNodes"]), 1)


def what_is_not_there_is_not_found():
    client = simulator("121212121204").client("elasticache")
    equal(client.describe_replication_groups()["ReplicationGroups"], [])
    equal(error(client.describe_replication_groups, ReplicationGroupId="no"), "ReplicationGroupNotFoundFault")
    equal(error(client.describe_cache_clusters, CacheClusterId="no"), "CacheClusterNotFound")
    unknown = error(client.modify_replication_group, ReplicationGroupId="no", EngineVersion="8.1")
    equal(unknown, "ReplicationGroupNotFoundFault")


def what_is_changed_of_a_group_is_answered_at_once():
    client, name = cache("121212121205", NumCacheClusters=2)
    changed = client.modify_replication_group(
        ReplicationGroupId=name, EngineVersion="8.1", SnapshotRetentionLimit=0, AutomaticFailoverEnabled=True,
    )["ReplicationGroup"]
    equal((changed["SnapshotRetentionLimit"], changed["AutomaticFailover"]), (0, "enabled"))
    nodes = client.describe_cache_clusters()["CacheClusters"]
    equal([node["EngineVersion"] for node in nodes], ["8.1.0", "8.1.0"])


main(
    a_group_has_nodes_with_its_security_groups_and_version,
    keys_that_are_spread_have_nodes_in_each_part,
    a_node_of_a_group_is_left_out_where_only_others_are_wanted,
    what_is_not_there_is_not_found,
    what_is_changed_of_a_group_is_answered_at_once,
)
