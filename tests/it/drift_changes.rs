//! Each kind of change, behind CloudFormation's back, is found where it was made and as what it is.

use serde_json::{Value, json};

use crate::drift::{deployed, findings, inject, set};

/// Changes, and for each what has to be found: address, kind, the beginning of its property.
fn changes() -> Vec<(Value, &'static str, &'static str, &'static str)> {
    let allow_all = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]});
    let open = json!({
        "GroupId": "{acme-llm-network.DatabaseSecurityGroup}", "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432,
        "CidrIp": "0.0.0.0/0",
    });
    let rule = json!({
        "ListenerArn": "{acme-llm-gateway.HttpsListener}", "Priority": 900,
        "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/admin*"]}}],
        "Actions": [{"Type": "forward", "TargetGroupArn": "{acme-llm-gateway.LitellmTargetGroup}"}],
    });
    let route = json!({
        "RouteTableId": "{acme-llm-network.PublicRouteTable}", "DestinationCidrBlock": "192.0.2.0/24",
        "GatewayId": "igw-0123456789abcdef0",
    });
    let spoke = |mut change: Value| {
        change["account"] = json!("222222222222");
        change
    };
    let delete = |stack: &str, resource: &str| json!({"stack": format!("acme-llm-{stack}"), "resource": resource, "delete": true});
    let s3 = json!({
        "BlockPublicAcls": false, "BlockPublicPolicy": false, "IgnorePublicAcls": false, "RestrictPublicBuckets": false,
    });
    vec![
        (
            set("gateway", "LitellmLogGroup", "/RetentionInDays", &json!(7)),
            "acme-llm-gateway/LitellmLogGroup",
            "changed",
            "RetentionInDays",
        ),
        (delete("gateway", "MiddlewareLogGroup"), "acme-llm-gateway/MiddlewareLogGroup", "deleted", ""),
        (
            json!({"type": "AWS::EC2::SecurityGroupIngress", "create": open}),
            "acme-llm-network/DatabaseSecurityGroup",
            "added",
            "SecurityGroupIngress",
        ),
        (json!({"type": "AWS::EC2::Route", "create": route}), "acme-llm-network/PublicRouteTable", "added", "Routes"),
        (delete("network", "CacheFromTaskCache"), "acme-llm-network/CacheFromTaskCache", "deleted", ""),
        (
            set("network", "Vpc", "/EnableDnsSupport", &json!(false)),
            "acme-llm-network/Vpc",
            "changed",
            "EnableDnsSupport",
        ),
        (
            set("network", "PublicSubnetA", "/MapPublicIpOnLaunch", &json!(true)),
            "acme-llm-network/PublicSubnetA",
            "changed",
            "MapPublicIpOnLaunch",
        ),
        (
            set("foundation", "Key", "/EnableKeyRotation", &json!(false)),
            "acme-llm-foundation/Key",
            "changed",
            "EnableKeyRotation",
        ),
        (
            set("foundation", "ConfigBucket", "/PublicAccessBlockConfiguration", &s3),
            "acme-llm-foundation/ConfigBucket",
            "changed",
            "PublicAccessBlockConfiguration",
        ),
        (
            set("foundation", "ConfigBucket", "/VersioningConfiguration/Status", &json!("Suspended")),
            "acme-llm-foundation/ConfigBucket",
            "changed",
            "VersioningConfiguration.Status",
        ),
        (delete("foundation", "LogsBucketPolicy"), "acme-llm-foundation/LogsBucketPolicy", "deleted", ""),
        (
            set("foundation", "LitellmRepository", "/ImageTagMutability", &json!("MUTABLE")),
            "acme-llm-foundation/LitellmRepository",
            "changed",
            "ImageTagMutability",
        ),
        (
            set("data", "DatabaseCluster", "/BackupRetentionPeriod", &json!(1)),
            "acme-llm-data/DatabaseCluster",
            "changed",
            "BackupRetentionPeriod",
        ),
        (
            set("data", "DatabaseCluster", "/ServerlessV2ScalingConfiguration/MaxCapacity", &json!(64)),
            "acme-llm-data/DatabaseCluster",
            "changed",
            "ServerlessV2ScalingConfiguration.MaxCapacity",
        ),
        (
            set("data", "DatabaseWriter", "/MonitoringInterval", &json!(0)),
            "acme-llm-data/DatabaseWriter",
            "changed",
            "MonitoringInterval",
        ),
        (
            set("data", "CacheSubnetGroup", "/Description", &json!("mine")),
            "acme-llm-data/CacheSubnetGroup",
            "changed",
            "Description",
        ),
        (
            set("data", "Cache", "/SnapshotRetentionLimit", &json!(0)),
            "acme-llm-data/Cache",
            "changed",
            "SnapshotRetentionLimit",
        ),
        (
            set("gateway", "LoadBalancer", "/IpAddressType", &json!("dualstack")),
            "acme-llm-gateway/LoadBalancer",
            "changed",
            "IpAddressType",
        ),
        (
            set("gateway", "LitellmTargetGroup", "/HealthCheckPath", &json!("/")),
            "acme-llm-gateway/LitellmTargetGroup",
            "changed",
            "HealthCheckPath",
        ),
        (
            set("gateway", "HttpsListener", "/SslPolicy", &json!("ELBSecurityPolicy-2016-08")),
            "acme-llm-gateway/HttpsListener",
            "changed",
            "SslPolicy",
        ),
        (
            json!({"type": "AWS::ElasticLoadBalancingV2::ListenerRule", "create": rule}),
            "acme-llm-gateway/HttpsListener",
            "added",
            "Rules",
        ),
        (set("gateway", "ChatRule", "/Priority", &json!(77)), "acme-llm-gateway/ChatRule", "changed", "Priority"),
        (
            set("gateway", "BlockedNetworks", "/Addresses", &json!(["198.51.100.0/24"])),
            "acme-llm-gateway/BlockedNetworks",
            "changed",
            "Addresses",
        ),
        (
            set("gateway", "WebAcl", "/DefaultAction", &json!({"Block": {}})),
            "acme-llm-gateway/WebAcl",
            "changed",
            "DefaultAction",
        ),
        (delete("gateway", "WebAclAssociation"), "acme-llm-gateway/WebAclAssociation", "deleted", ""),
        (
            set("gateway", "TaskRole", "/AssumeRolePolicyDocument", &allow_all),
            "acme-llm-gateway/TaskRole",
            "changed",
            "AssumeRolePolicyDocument",
        ),
        (
            set(
                "gateway",
                "ExecutionRole",
                "/ManagedPolicyArns",
                &json!(["arn:aws:iam::aws:policy/AdministratorAccess"]),
            ),
            "acme-llm-gateway/ExecutionRole",
            "added",
            "ManagedPolicyArns",
        ),
        (
            set("gateway", "ScalableTarget", "/MaxCapacity", &json!(40)),
            "acme-llm-gateway/ScalableTarget",
            "changed",
            "MaxCapacity",
        ),
        (
            set("gateway", "ScaleOnCpu", "/TargetTrackingScalingPolicyConfiguration/TargetValue", &json!(95)),
            "acme-llm-gateway/ScaleOnCpu",
            "changed",
            "TargetTrackingScalingPolicyConfiguration.TargetValue",
        ),
        (set("gateway", "CpuAlarm", "/Threshold", &json!(99)), "acme-llm-gateway/CpuAlarm", "changed", "Threshold"),
        (
            set("gateway", "ErrorRateAlarm", "/AlarmActions", &json!([])),
            "acme-llm-gateway/ErrorRateAlarm",
            "changed",
            "AlarmActions",
        ),
        (
            set("gateway", "AlarmTopic", "/KmsMasterKeyId", &json!("alias/aws/sns")),
            "acme-llm-gateway/AlarmTopic",
            "changed",
            "KmsMasterKeyId",
        ),
        (
            set("access", "ConnectionLogGroup", "/RetentionInDays", &json!(1)),
            "acme-llm-access/ConnectionLogGroup",
            "changed",
            "RetentionInDays",
        ),
        (
            spoke(set("bedrock-access", "Role", "/AssumeRolePolicyDocument", &allow_all)),
            "222222222222:acme-llm-bedrock-access/Role",
            "changed",
            "AssumeRolePolicyDocument",
        ),
        (
            json!({"account": "333333333333", "stack": "acme-llm-bedrock-access", "resource": "Role", "delete": true}),
            "333333333333:acme-llm-bedrock-access/Role",
            "deleted",
            "",
        ),
    ]
}

#[test]
fn every_change_is_found_with_its_address_and_property_and_nothing_else_is() {
    let Some(rehearsal) = deployed() else { return };
    let changes = changes();
    inject(&rehearsal, &changes.iter().map(|(change, ..)| change.clone()).collect());
    let found = findings(&rehearsal, 2);
    let is = |finding: &Value, address: &str, kind: &str, property: &str| {
        let path: Vec<&str> = finding["path"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        finding["address"] == address && finding["kind"] == kind && path.join(".").starts_with(property)
    };
    let missed: Vec<_> = changes
        .iter()
        .filter(|(_, address, kind, property)| !found.iter().any(|finding| is(finding, address, kind, property)))
        .map(|(_, address, kind, property)| format!("{address} {kind} {property}"))
        .collect();
    let more: Vec<_> = found
        .iter()
        .filter(|finding| !changes.iter().any(|(_, address, kind, property)| is(finding, address, kind, property)))
        .map(|finding| format!("{} {} {}", finding["address"], finding["kind"], finding["path"]))
        .collect();
    assert!(missed.is_empty() && more.is_empty(), "missed: {missed:#?}\nmore: {more:#?}");
}
