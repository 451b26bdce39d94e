//! Differences that come by themselves: they are told of, and are no drift.

use serde_json::Value;

use super::compare::Difference;

/// Why a difference is no drift; `None` if it may be one. `declared` are the properties of the resource.
pub fn fold(resource_type: &str, declared: &Value, difference: &Difference) -> Option<&'static str> {
    let property = difference.path.first().map(String::as_str).unwrap_or_default();
    let (expected, actual) = (difference.expected.as_ref(), difference.actual.as_ref());
    match (resource_type, property) {
        // Aurora takes minor versions by itself where it may, and ElastiCache gives all parts of a version.
        ("AWS::RDS::DBCluster" | "AWS::RDS::DBInstance", "EngineVersion") if is_newer_minor(expected, actual) => {
            Some("a minor version that RDS has taken by itself")
        }
        (
            "AWS::ElastiCache::ReplicationGroup" | "AWS::ElastiCache::ServerlessCache",
            "EngineVersion" | "MajorEngineVersion",
        ) if is_longer(expected, actual) => Some("ElastiCache gives all parts of the version"),
        ("AWS::RDS::DBCluster", "AvailabilityZones") => {
            Some("Aurora keeps its storage in three zones, whichever are named")
        }
        // AWS derives these from the number of nodes.
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
        ("AWS::ECS::Service", "DesiredCount") => Some("the number of tasks is autoscaling's business"),
        ("AWS::EC2::ClientVpnEndpoint", "VpcId" | "SecurityGroupIds") if expected.is_none() => {
            Some("set by the association with a network")
        }
        ("AWS::EC2::ClientVpnEndpoint", "SelfServicePortal") if actual.is_none() => {
            Some("the portal's URL is given back in the place of its state")
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
        let difference = Difference { path: vec![property.to_owned()], expected: Some(expected), actual: Some(actual) };
        fold(resource_type, &json!({}), &difference).is_some()
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
        let version = |actual: &str| folded("AWS::RDS::DBCluster", "EngineVersion", json!("16.6"), json!(actual));
        assert!(version("16.8") && version("16.6.1"));
        assert!(!version("17.1") && !version("16.4"));
    }

    #[test]
    fn a_version_with_more_parts_is_the_same() {
        let version =
            |actual: &str| folded("AWS::ElastiCache::ReplicationGroup", "EngineVersion", json!("8.0"), json!(actual));
        assert!(version("8.0.1"));
        assert!(!version("8.1.0"));
    }

    fn absent(resource_type: &str, property: &str, expected: Value) -> bool {
        let difference = Difference { path: vec![property.to_owned()], expected: Some(expected), actual: None };
        fold(resource_type, &json!({}), &difference).is_some()
    }

    #[test]
    fn the_number_of_tasks_is_autoscalings_business() {
        assert!(folded("AWS::ECS::Service", "DesiredCount", json!(2), json!(6)));
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
        let added = |property: &str| {
            let path = vec![property.to_owned()];
            fold(VPN, &json!({}), &Difference { path, expected: None, actual: Some(json!("sg-1")) }).is_some()
        };
        assert!(added("VpcId") && added("SecurityGroupIds"));
        assert!(!folded(VPN, "VpcId", json!("vpc-1"), json!("vpc-2")));
        assert!(absent(VPN, "SelfServicePortal", json!("enabled")));
    }

    #[test]
    fn anything_else_may_be_drift() {
        assert!(!folded("AWS::RDS::DBCluster", "DeletionProtection", json!(true), json!(false)));
    }
}
