//! Each kind of change, behind CloudFormation's back, is found where it was made and as what it is, with both values and the key
//! of the spec that it comes from.

use serde_json::{Value, json};

use crate::drift::{deployed, findings, inject, set};

/// What has to be found.
#[derive(Debug)]
struct Found {
    /// Address, kind and the whole path.
    what: String,
    expected: Value,
    actual: Value,
    /// The key of the spec; empty where the blueprint says it by itself.
    key: &'static str,
}

/// A change, and what has to be found.
type Row = (Value, Vec<Found>);

fn found(what: impl Into<String>, (expected, actual): (Value, Value), key: &'static str) -> Found {
    Found { what: what.into(), expected, actual, key }
}

/// A property that has another value.
fn changed(stack: &str, resource: &str, pointer: &str, (expected, actual): (Value, Value), key: &'static str) -> Row {
    let what = format!("acme-llm-{stack}/{resource} changed {}", pointer.trim_start_matches('/').replace('/', "."));
    (set(stack, resource, pointer, &actual), vec![found(what, (expected, actual.clone()), key)])
}

fn deleted(stack: &str, resource: &str, key: &'static str) -> Row {
    let change = json!({"stack": format!("acme-llm-{stack}"), "resource": resource, "delete": true});
    (change, vec![found(format!("acme-llm-{stack}/{resource} deleted "), (Value::Null, Value::Null), key)])
}

/// A resource that nobody declared, inside another one.
fn added(type_name: &str, properties: &Value, what: &str, actual: Value, key: &'static str) -> Row {
    (json!({"type": type_name, "create": properties}), vec![found(what, (Value::Null, actual), key)])
}

/// A change in another account.
fn in_account(account: &str, (mut change, mut found): Row) -> Row {
    change["account"] = json!(account);
    for one in &mut found {
        one.what = format!("{account}:{}", one.what);
    }
    (change, found)
}

/// A property of the cache, which ElastiCache changes.
fn of_the_cache(property: &str, (expected, actual): (Value, Value)) -> Row {
    let with = json!({"ReplicationGroupId": "{acme-llm-data.Cache}", "ApplyImmediately": true, property: actual});
    let what = format!("acme-llm-data/Cache changed {property}");
    let change = json!({"call": "elasticache.modify_replication_group", "with": with});
    (change, vec![found(what, (expected, actual), "")])
}

fn everybody() -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]})
}

fn of_the_network() -> Vec<Row> {
    let open = json!({"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIp": "0.0.0.0/0"});
    let mut rule = open.clone();
    rule["GroupId"] = json!("{acme-llm-network.DatabaseSecurityGroup}");
    let route = json!({
        "RouteTableId": "{acme-llm-network.PublicRouteTable}", "DestinationCidrBlock": "192.0.2.0/24",
        "GatewayId": "igw-0123456789abcdef0",
    });
    let leads = json!({"Destination": "192.0.2.0/24", "Target": "igw-0123456789abcdef0"});
    vec![
        added(
            "AWS::EC2::SecurityGroupIngress",
            &rule,
            "acme-llm-network/DatabaseSecurityGroup added SecurityGroupIngress",
            open,
            "tags",
        ),
        added("AWS::EC2::Route", &route, "acme-llm-network/PublicRouteTable added Routes", leads, "tags"),
        deleted("network", "CacheFromTaskCache", ""),
        changed("network", "Vpc", "/EnableDnsSupport", (json!(true), json!(false)), ""),
        changed("network", "PublicSubnetA", "/MapPublicIpOnLaunch", (json!(false), json!(true)), ""),
        changed(
            "access",
            "ConnectionLogGroup",
            "/RetentionInDays",
            (json!(90), json!(1)),
            "observability.log_retention_days",
        ),
    ]
}

fn of_the_foundation() -> Vec<Row> {
    const BLOCK: &str = "PublicAccessBlockConfiguration";
    const BLOCKS: [&str; 4] = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];
    let off: Value = BLOCKS.map(|name| (name, json!(false))).into_iter().collect();
    let each = BLOCKS.map(|name| {
        let what = format!("acme-llm-foundation/ConfigBucket changed {BLOCK}.{name}");
        found(what, (json!(true), json!(false)), "")
    });
    vec![
        (set("foundation", "ConfigBucket", &format!("/{BLOCK}"), &off), each.into()),
        changed(
            "foundation",
            "ConfigBucket",
            "/VersioningConfiguration/Status",
            (json!("Enabled"), json!("Suspended")),
            "",
        ),
        changed("foundation", "Key", "/EnableKeyRotation", (json!(true), json!(false)), ""),
        changed("foundation", "LitellmRepository", "/ImageTagMutability", (json!("IMMUTABLE"), json!("MUTABLE")), ""),
        deleted("foundation", "LogsBucketPolicy", ""),
    ]
}

fn of_the_data() -> Vec<Row> {
    vec![
        changed(
            "data",
            "DatabaseCluster",
            "/BackupRetentionPeriod",
            (json!(7), json!(1)),
            "database.aurora_postgres.backup_days",
        ),
        changed(
            "data",
            "DatabaseCluster",
            "/ServerlessV2ScalingConfiguration/MaxCapacity",
            (json!(4.0), json!(64)),
            "database.aurora_postgres.capacity.max_acu",
        ),
        changed("data", "DatabaseWriter", "/MonitoringInterval", (json!(60), json!(0)), ""),
        changed(
            "data",
            "CacheSubnetGroup",
            "/Description",
            (json!("Subnets of the gateway's cache"), json!("mine")),
            "",
        ),
        of_the_cache("SnapshotRetentionLimit", (json!(1), json!(0))),
        of_the_cache("CacheParameterGroupName", (json!("*"), json!("default.valkey8"))),
    ]
}

fn of_the_way_in() -> Vec<Row> {
    let forward = json!([{"Type": "forward", "TargetGroupArn": "{acme-llm-gateway.LitellmTargetGroup}"}]);
    let forwards = json!([{"Type": "forward", "TargetGroupArn": "arn:aws:elasticloadbalancing:*"}]);
    let rule = json!({
        "ListenerArn": "{acme-llm-gateway.HttpsListener}", "Priority": 900, "Actions": forward,
        "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/admin*"]}}],
    });
    let as_rule = json!({
        "Priority": 900, "Conditions": [{"Field": "path-pattern", "Values": ["/admin*"]}], "Actions": forwards});
    let listener = json!({
        "LoadBalancerArn": "{acme-llm-gateway.LoadBalancer}", "Port": 8080, "Protocol": "HTTP", "DefaultActions": forward});
    let as_listener = json!({"Port": 8080, "Protocol": "HTTP", "DefaultActions": forwards});
    let policies = (json!("ELBSecurityPolicy-TLS13-1-2-Res-2021-06"), json!("ELBSecurityPolicy-2016-08"));
    let networks = json!(["198.51.100.0/24"]);
    let other_network = (json!("203.0.113.0/24"), networks[0].clone());
    vec![
        changed("gateway", "LoadBalancer", "/IpAddressType", (json!("ipv4"), json!("dualstack")), ""),
        changed("gateway", "LitellmTargetGroup", "/HealthCheckPath", (json!("/health/liveliness"), json!("/")), ""),
        changed("gateway", "HttpsListener", "/SslPolicy", policies, ""),
        added(
            "AWS::ElasticLoadBalancingV2::ListenerRule",
            &rule,
            "acme-llm-gateway/HttpsListener added Rules",
            as_rule,
            "ingress.tls",
        ),
        added(
            "AWS::ElasticLoadBalancingV2::Listener",
            &listener,
            "acme-llm-gateway/LoadBalancer added Listeners",
            as_listener,
            "ingress.exposure",
        ),
        changed("gateway", "ChatRule", "/Priority", (json!(30), json!(77)), ""),
        (
            set("gateway", "BlockedNetworks", "/Addresses", &networks),
            vec![found("acme-llm-gateway/BlockedNetworks changed Addresses.0", other_network, "ingress.waf.block")],
        ),
        changed("gateway", "WebAcl", "/DefaultAction", (json!({"Allow": {}}), json!({"Block": {}})), ""),
        deleted("gateway", "WebAclAssociation", "ingress.waf"),
    ]
}

fn of_the_gateway() -> Vec<Row> {
    let tasks = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": "111122223333"},
            "ArnLike": {"aws:SourceArn": "arn:aws:ecs:us-east-1:111122223333:*"},
        },
    }]});
    let everything = json!("arn:aws:iam::aws:policy/AdministratorAccess");
    let topic = json!("arn:aws:sns:us-east-1:111122223333:acme-llm-gateway-AlarmTopic-*");
    let key = json!("arn:aws:kms:us-east-1:111122223333:key/*");
    vec![
        changed(
            "gateway",
            "LitellmLogGroup",
            "/RetentionInDays",
            (json!(90), json!(7)),
            "observability.log_retention_days",
        ),
        deleted("gateway", "MiddlewareLogGroup", "name"),
        changed("gateway", "TaskRole", "/AssumeRolePolicyDocument", (tasks, everybody()), ""),
        (
            set("gateway", "ExecutionRole", "/ManagedPolicyArns", &json!([everything])),
            vec![found("acme-llm-gateway/ExecutionRole added ManagedPolicyArns", (Value::Null, everything), "name")],
        ),
        changed("gateway", "ScalableTarget", "/MaxCapacity", (json!(4), json!(40)), "compute.fargate.tasks.max"),
        changed(
            "gateway",
            "ScaleOnCpu",
            "/TargetTrackingScalingPolicyConfiguration/TargetValue",
            (json!(60.0), json!(95)),
            "compute.fargate.scale_on",
        ),
        changed("gateway", "CpuAlarm", "/Threshold", (json!(90.0), json!(99)), "observability.alarms"),
        (
            set("gateway", "ErrorRateAlarm", "/AlarmActions", &json!([])),
            vec![found(
                "acme-llm-gateway/ErrorRateAlarm changed AlarmActions.0",
                (topic, Value::Null),
                "observability.alarms.notify",
            )],
        ),
        changed("gateway", "AlarmTopic", "/KmsMasterKeyId", (key, json!("alias/aws/sns")), ""),
    ]
}

fn of_the_accounts() -> Vec<Row> {
    let gateway = json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "GatewayOfThisDeployment", "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sts:AssumeRole",
        "Condition": {
            "ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/acme-llm-task"},
            "StringEquals": {"sts:ExternalId": "gwinfra-*"},
        },
    }]});
    let trust = changed("bedrock-access", "Role", "/AssumeRolePolicyDocument", (gateway, everybody()), "hub.account");
    vec![
        in_account("222222222222", trust),
        in_account("333333333333", deleted("bedrock-access", "Role", "bedrock.role_name")),
    ]
}

/// Whether a value is as wanted. A `*` in a text is anything.
fn fits(wanted: &Value, value: &Value) -> bool {
    match (wanted, value) {
        (Value::String(wanted), Value::String(value)) => match wanted.split_once('*') {
            Some((before, after)) => wanted == value || (value.starts_with(before) && value.ends_with(after)),
            None => wanted == value,
        },
        (Value::Array(wanted), Value::Array(value)) => {
            wanted.len() == value.len() && wanted.iter().zip(value).all(|(wanted, value)| fits(wanted, value))
        }
        (Value::Object(wanted), Value::Object(value)) => {
            wanted.len() == value.len()
                && wanted.iter().all(|(name, wanted)| value.get(name).is_some_and(|value| fits(wanted, value)))
        }
        (wanted, value) => wanted == value,
    }
}

/// Address, kind and path of a finding.
fn what(finding: &Value) -> String {
    let text = |name: &str| finding[name].as_str().unwrap();
    let path: Vec<&str> = finding["path"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    format!("{} {} {}", text("address"), text("kind"), path.join("."))
}

/// Whether a finding names the key first, with a line that has it or what is around it.
fn comes_from(finding: &Value, key: &str, spec: &str) -> bool {
    let Some(source) = finding["source"].get(0) else { return key.is_empty() };
    // What is written below a key has the line below it.
    let line = source["line"].as_u64().unwrap() as usize;
    let lines: Vec<&str> = spec.lines().take(line).skip(line.saturating_sub(2)).collect();
    source["path"] == key && key.split('.').any(|part| lines.concat().contains(&format!("{part}:")))
}

#[test]
fn every_change_is_found_as_what_it_is_with_both_values_and_its_key_and_nothing_else_is() {
    let Some(rehearsal) = deployed() else { return };
    let parts =
        [of_the_network(), of_the_foundation(), of_the_data(), of_the_way_in(), of_the_gateway(), of_the_accounts()];
    let rows: Vec<Row> = parts.into_iter().flatten().collect();
    assert_eq!(rows.len(), 37);
    inject(&rehearsal, &rows.iter().map(|(change, _)| change.clone()).collect());
    let spec = fs_err::read_to_string(rehearsal.path("gwinfra.yaml")).unwrap();
    let mut left = findings(&rehearsal, 2);
    let mut missed = Vec::new();
    for wanted in rows.iter().flat_map(|(_, found)| found) {
        let is_it = |one: &Value| {
            what(one) == wanted.what
                && fits(&wanted.expected, &one["expected"])
                && fits(&wanted.actual, &one["actual"])
                && comes_from(one, wanted.key, &spec)
        };
        match left.iter().position(is_it) {
            Some(at) => drop(left.remove(at)),
            None => missed.push(wanted),
        }
    }
    assert!(missed.is_empty() && left.is_empty(), "missed: {missed:#?}\nmore: {left:#?}");
}
