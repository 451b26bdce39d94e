//! Differences that come by themselves: they are told of, and are no drift.

use serde_json::Value;

use super::compare::Difference;
use super::same::is_nothing;

/// Why a difference is no drift; `None` if it may be one. `declared` are the properties of the resource. Types and properties
/// have the names of either engine.
pub fn fold(resource_type: &str, declared: &Value, difference: &Difference) -> Option<&'static str> {
    let property = difference.path.first().map(String::as_str).unwrap_or_default();
    let (expected, actual) = (difference.expected.as_ref(), difference.actual.as_ref());
    match (resource_type, property) {
        // Aurora takes minor versions by itself where it may, and ElastiCache gives all parts of a version.
        ("AWS::RDS::DBCluster" | "AWS::RDS::DBInstance", "EngineVersion")
        | ("aws_rds_cluster" | "aws_rds_cluster_instance" | "aws_db_instance", "engine_version")
            if is_newer_minor(expected, actual) =>
        {
            Some("a minor version that RDS has taken by itself")
        }
        (
            "AWS::ElastiCache::ReplicationGroup" | "AWS::ElastiCache::ServerlessCache",
            "EngineVersion" | "MajorEngineVersion",
        )
        | (
            "aws_elasticache_replication_group" | "aws_elasticache_serverless_cache",
            "engine_version" | "major_engine_version",
        ) if is_longer(expected, actual) => Some("ElastiCache gives all parts of the version"),
        ("AWS::ElastiCache::ReplicationGroup", "EngineVersion")
        | ("aws_elasticache_replication_group", "engine_version")
            if takes_minor_versions(declared) && is_newer_minor(expected, actual) =>
        {
            Some("a minor version that ElastiCache has taken by itself")
        }
        ("AWS::RDS::DBCluster", "AvailabilityZones") | ("aws_rds_cluster", "availability_zones") => {
            Some("Aurora keeps its storage in three zones, whichever are named")
        }
        // AWS derives these from the number of nodes. Terraform's provider reads them.
        ("AWS::ElastiCache::ReplicationGroup", "ClusterMode" | "AutomaticFailoverEnabled" | "NumCacheClusters")
            if difference.actual.is_none() =>
        {
            Some("derived from the node groups, and not given back")
        }
        ("AWS::ApplicationAutoScaling::ScalableTarget", name @ ("MinCapacity" | "MaxCapacity"))
            if is_scheduled(declared, name, actual) =>
        {
            Some("a schedule has moved the range")
        }
        ("AWS::ECS::Service", "DesiredCount") | ("aws_ecs_service", "desired_count") => {
            Some("the number of tasks is autoscaling's business")
        }
        ("AWS::EC2::ClientVpnEndpoint", "VpcId" | "SecurityGroupIds")
        | ("aws_ec2_client_vpn_endpoint", "vpc_id" | "security_group_ids")
            if expected.is_none_or(is_nothing) =>
        {
            Some("set by the association with a network")
        }
        ("AWS::EC2::ClientVpnEndpoint", "SelfServicePortal") if actual.is_none() => {
            Some("the portal's URL is given back in the place of its state")
        }
        ("AWS::EC2::ClientVpnEndpoint", "SelfServicePortal")
            if expected.is_none() && actual.is_some_and(|state| state == "enabled") =>
        {
            Some("EC2 turns the portal on where nothing is said")
        }
        _ => None,
    }
}

/// Whether one of a target's schedules sets an end of its range to this value.
fn is_scheduled(declared: &Value, name: &str, actual: Option<&Value>) -> bool {
    let schedules = declared.get("ScheduledActions").and_then(Value::as_array).into_iter().flatten();
    let number = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
    let mut ends = schedules.filter_map(|one| number(one.get("ScalableTargetAction")?.get(name)?));
    actual.and_then(number).is_some_and(|actual| ends.any(|end| end == actual))
}

/// Whether a cache was told to take minor versions as they come.
fn takes_minor_versions(declared: &Value) -> bool {
    let told = ["AutoMinorVersionUpgrade", "auto_minor_version_upgrade"];
    told.iter().filter_map(|name| declared.get(name)).any(|value| value.as_bool() == Some(true) || value == "true")
}

fn parts(value: Option<&Value>) -> Option<Vec<u32>> {
    value?.as_str()?.split('.').map(|part| part.parse().ok()).collect()
}

/// The same major version, and not an older minor one.
fn is_newer_minor(expected: Option<&Value>, actual: Option<&Value>) -> bool {
    match (parts(expected), parts(actual)) {
        (Some(expected), Some(actual)) => expected.first() == actual.first() && actual > expected,
        _ => false,
    }
}

/// The same version with more parts.
fn is_longer(expected: Option<&Value>, actual: Option<&Value>) -> bool {
    match (parts(expected), parts(actual)) {
        (Some(expected), Some(actual)) => actual.starts_with(&expected),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn folded(resource_type: &str, property: &str, expected: Value, actual: Value) -> bool {
        folded_beside(&json!({}), resource_type, property, (expected, actual))
    }

    fn folded_beside(declared: &Value, resource_type: &str, property: &str, (was, now): (Value, Value)) -> bool {
        let difference = Difference { path: vec![property.to_owned()], expected: Some(was), actual: Some(now) };
        fold(resource_type, declared, &difference).is_some()
    }

    #[test]
    fn the_range_that_a_schedule_has_moved_is_no_drift_and_any_other_is() {
        const TARGET: &str = "AWS::ApplicationAutoScaling::ScalableTarget";
        let night =
            json!({"ScheduledActionName": "night", "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 2}});
        let declared = json!({"MinCapacity": 2, "MaxCapacity": 10, "ScheduledActions": [night]});
        let moved = |name: &str, actual: i64| {
            let (expected, actual) = (declared.get(name).cloned(), Some(json!(actual)));
            fold(TARGET, &declared, &Difference { path: vec![name.to_owned()], expected, actual }).is_some()
        };
        assert!(moved("MinCapacity", 1) && moved("MaxCapacity", 2));
        assert!(!moved("MinCapacity", 0) && !moved("MaxCapacity", 40) && !moved("MaxCapacity", 1));
    }

    #[test]
    fn a_newer_minor_version_is_no_drift_and_another_major_one_is() {
        for (resource_type, property) in [
            ("AWS::RDS::DBCluster", "EngineVersion"),
            ("AWS::RDS::DBInstance", "EngineVersion"),
            ("aws_rds_cluster", "engine_version"),
            ("aws_rds_cluster_instance", "engine_version"),
            ("aws_db_instance", "engine_version"),
        ] {
            let version = |actual: &str| folded(resource_type, property, json!("16.6"), json!(actual));
            assert!(version("16.8") && version("16.6.1"), "{resource_type}");
            assert!(!version("17.1") && !version("16.4"), "{resource_type}");
        }
    }

    /// A replication group in both engines' words: type, version, and whether minor versions are taken as they come.
    const CACHES: [(&str, &str, &str); 2] = [
        ("AWS::ElastiCache::ReplicationGroup", "EngineVersion", "AutoMinorVersionUpgrade"),
        ("aws_elasticache_replication_group", "engine_version", "auto_minor_version_upgrade"),
    ];

    #[test]
    fn a_version_with_more_parts_is_the_same() {
        for (resource_type, property, _) in CACHES {
            let version = |actual: &str| folded(resource_type, property, json!("8.0"), json!(actual));
            assert!(version("8.0.1"), "{resource_type}");
            assert!(!version("8.1.0"), "{resource_type}");
        }
        for (resource_type, property) in [
            ("AWS::ElastiCache::ServerlessCache", "MajorEngineVersion"),
            ("aws_elasticache_serverless_cache", "major_engine_version"),
        ] {
            assert!(folded(resource_type, property, json!("8"), json!("8.0")), "{resource_type}");
            assert!(!folded(resource_type, property, json!("8"), json!("9")), "{resource_type}");
        }
    }

    #[test]
    fn a_cache_that_takes_minor_versions_has_no_drift_when_it_has_taken_one() {
        for (resource_type, property, takes) in CACHES {
            let version = |told: Value, actual: &str| {
                folded_beside(&json!({takes: told}), resource_type, property, (json!("8.0"), json!(actual)))
            };
            assert!(version(json!(true), "8.1") && version(json!("true"), "8.1.0"), "{resource_type}");
            assert!(!version(json!(false), "8.1"), "{resource_type}");
            assert!(!version(json!(true), "9.0") && !version(json!(true), "7.2"), "{resource_type}");
        }
    }

    #[test]
    fn the_zones_of_auroras_storage_are_no_drift() {
        let (named, kept) = (json!(["a", "b"]), json!(["a", "b", "c"]));
        assert!(folded("AWS::RDS::DBCluster", "AvailabilityZones", named.clone(), kept.clone()));
        assert!(folded("aws_rds_cluster", "availability_zones", named, kept));
    }

    fn absent(resource_type: &str, property: &str, expected: Value) -> bool {
        let difference = Difference { path: vec![property.to_owned()], expected: Some(expected), actual: None };
        fold(resource_type, &json!({}), &difference).is_some()
    }

    #[test]
    fn the_number_of_tasks_is_autoscalings_business() {
        assert!(folded("AWS::ECS::Service", "DesiredCount", json!(2), json!(6)));
        assert!(folded("aws_ecs_service", "desired_count", json!(2), json!(6)));
    }

    #[test]
    fn what_elasticache_derives_from_the_nodes_is_not_given_back() {
        for property in ["ClusterMode", "AutomaticFailoverEnabled", "NumCacheClusters"] {
            assert!(absent("AWS::ElastiCache::ReplicationGroup", property, json!(2)), "{property}");
        }
        assert!(!absent("AWS::ElastiCache::ReplicationGroup", "SnapshotRetentionLimit", json!(7)));
        assert!(!folded("AWS::ElastiCache::ReplicationGroup", "NumCacheClusters", json!(2), json!(1)));
    }

    #[test]
    fn what_an_association_sets_at_a_vpn_endpoint_is_no_drift() {
        const VPN: &str = "AWS::EC2::ClientVpnEndpoint";
        for (resource_type, vpc, groups) in
            [(VPN, "VpcId", "SecurityGroupIds"), ("aws_ec2_client_vpn_endpoint", "vpc_id", "security_group_ids")]
        {
            let added = |property: &str| {
                let path = vec![property.to_owned()];
                let set = Difference { path, expected: None, actual: Some(json!("sg-1")) };
                fold(resource_type, &json!({}), &set).is_some()
            };
            assert!(added(vpc) && added(groups), "{resource_type}");
            assert!(folded(resource_type, groups, json!([]), json!(["sg-1"])), "{resource_type}");
            assert!(!folded(resource_type, vpc, json!("vpc-1"), json!("vpc-2")), "{resource_type}");
        }
        assert!(absent(VPN, "SelfServicePortal", json!("enabled")));
    }

    #[test]
    fn a_portal_that_nobody_has_turned_off_is_on() {
        let portal = |expected: Option<&str>, actual: &str| {
            let (path, expected) = (vec!["SelfServicePortal".to_owned()], expected.map(|state| json!(state)));
            let difference = Difference { path, expected, actual: Some(json!(actual)) };
            fold("AWS::EC2::ClientVpnEndpoint", &json!({}), &difference).is_some()
        };
        assert!(portal(None, "enabled"));
        assert!(!portal(Some("disabled"), "enabled") && !portal(None, "disabled"));
    }

    #[test]
    fn anything_else_may_be_drift() {
        assert!(!folded("AWS::RDS::DBCluster", "DeletionProtection", json!(true), json!(false)));
        assert!(!folded("aws_rds_cluster", "deletion_protection", json!(true), json!(false)));
    }
}
