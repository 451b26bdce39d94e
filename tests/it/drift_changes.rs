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
    /// The key of the spec.
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
    (change, vec![found(what, (expected, actual), "cache.redis")])
}

/// A role whose one statement of trust had a principal and a condition, and has everybody and none.
fn trusting_everybody(
    stack: &str,
    resource: &str,
    statement: &str,
    (principal, condition): (Value, Value),
    key: &'static str,
) -> Row {
    let change = set(stack, resource, "/AssumeRolePolicyDocument", &everybody());
    let now = everybody()["Statement"][0]["Principal"].clone();
    let of = |member: &str| {
        format!("acme-llm-{stack}/{resource} changed AssumeRolePolicyDocument.Statement.{statement}.{member}")
    };
    let sides = [("Principal", (principal, now)), ("Condition", (condition, Value::Null))];
    (change, sides.map(|(member, sides)| found(of(member), sides, key)).into())
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
            "database.aurora_postgres",
        ),
        added("AWS::EC2::Route", &route, "acme-llm-network/PublicRouteTable added Routes", leads, "network.vpc"),
        deleted("network", "CacheFromTaskCache", "cache.redis"),
        changed("network", "Vpc", "/EnableDnsSupport", (json!(true), json!(false)), "network.vpc"),
        changed("network", "PublicSubnetA", "/MapPublicIpOnLaunch", (json!(false), json!(true)), "network.vpc"),
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
        found(what, (json!(true), json!(false)), "gateway.litellm")
    });
    vec![
        (set("foundation", "ConfigBucket", &format!("/{BLOCK}"), &off), each.into()),
        changed(
            "foundation",
            "ConfigBucket",
            "/VersioningConfiguration/Status",
            (json!("Enabled"), json!("Suspended")),
            "gateway.litellm",
        ),
        changed("foundation", "Key", "/EnableKeyRotation", (json!(true), json!(false)), "hub"),
        changed(
            "foundation",
            "LitellmRepository",
            "/ImageTagMutability",
            (json!("IMMUTABLE"), json!("MUTABLE")),
            "gateway.litellm.image",
        ),
        deleted("foundation", "LogsBucketPolicy", "observability.log_retention_days"),
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
        changed("data", "DatabaseWriter", "/MonitoringInterval", (json!(60), json!(0)), "database.aurora_postgres"),
        changed(
            "data",
            "CacheSubnetGroup",
            "/Description",
            (json!("Subnets of the gateway's cache"), json!("mine")),
            "cache.redis",
        ),
        of_the_cache("SnapshotRetentionLimit", (json!(1), json!(0))),
        of_the_cache("CacheParameterGroupName", (json!("*"), json!("default.valkey8"))),
    ]
}

/// Who may do what in the cache, which ElastiCache changes.
fn of_the_caches_users() -> Vec<Row> {
    let access = json!("on ~* &* +@all");
    let with = json!({"UserId": "{acme-llm-data.CacheUser}", "AccessString": access});
    let own = json!("on ~* &* +@all -@dangerous +info");
    let user = json!({
        "UserId": "intruder", "UserName": "intruder", "Engine": "valkey", "AccessString": access,
        "AuthenticationMode": {"Type": "iam"},
    });
    let joins = json!({"UserGroupId": "{acme-llm-data.CacheUsers}", "UserIdsToAdd": ["intruder"]});
    vec![
        (
            json!({"call": "elasticache.modify_user", "with": with}),
            vec![found("acme-llm-data/CacheUser changed AccessString", (own, access), "cache.redis")],
        ),
        (json!({"type": "AWS::ElastiCache::User", "create": user}), Vec::new()),
        (
            json!({"call": "elasticache.modify_user_group", "with": joins}),
            vec![found("acme-llm-data/CacheUsers added UserIds", (Value::Null, json!("intruder")), "cache.redis")],
        ),
    ]
}

/// Rules of the firewall: one that only counts, one that is gone, one that lets in, and managed rules that only count where the
/// template says so of others, and where it says nothing.
fn of_the_firewall() -> Vec<Row> {
    const ADDRESS: &str = "acme-llm-gateway/WebAcl";
    const KEY: &str = "ingress.waf";
    const GROUP: &str = "Statement/ManagedRuleGroupStatement/RuleActionOverrides";
    let counted = |name: &str| json!({"Name": name, "ActionToUse": {"Count": {}}});
    let visible = json!({"SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": "let-in"});
    let let_in = json!({
        "Name": "let-in", "Priority": 90, "Action": {"Allow": {}}, "VisibilityConfig": visible,
        "Statement": {"GeoMatchStatement": {"CountryCodes": ["NZ"]}},
    });
    let (one, all) = (counted("PROPFIND_METHOD"), json!([counted("AWSManagedIPReputationList")]));
    let add = |path: String, value: &Value| json!({"op": "add", "path": path, "value": value});
    let count = json!({"Count": {}});
    let patch = json!([
        add("/Rules/1/Action".to_owned(), &count),
        add(format!("/Rules/2/{GROUP}"), &all),
        add(format!("/Rules/3/{GROUP}/-"), &one),
        {"op": "remove", "path": "/Rules/4"},
        add("/Rules/-".to_owned(), &let_in),
    ]);
    let group = GROUP.replace('/', ".");
    let of = |what: &str, sides: (Value, Value)| found(format!("{ADDRESS} {what}"), sides, KEY);
    vec![(
        json!({"stack": "acme-llm-gateway", "resource": "WebAcl", "patch": patch}),
        vec![
            of("changed Rules.rate-limit.Action", (json!({"Block": {}}), count)),
            of(&format!("added Rules.ip-reputation.{group}"), (Value::Null, all)),
            of(&format!("added Rules.known-bad-inputs.{group}.PROPFIND_METHOD"), (Value::Null, one)),
            of("changed Rules.common", (json!("*"), Value::Null)),
            of("added Rules.let-in", (Value::Null, let_in)),
        ],
    )]
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
        changed("gateway", "LoadBalancer", "/IpAddressType", (json!("ipv4"), json!("dualstack")), "ingress"),
        changed(
            "gateway",
            "LitellmTargetGroup",
            "/HealthCheckPath",
            (json!("/health/liveliness"), json!("/")),
            "gateway.litellm",
        ),
        changed("gateway", "HttpsListener", "/SslPolicy", policies, "ingress.tls"),
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
            "ingress",
        ),
        changed("gateway", "ChatRule", "/Priority", (json!(30), json!(77)), "gateway.middleware"),
        (
            set("gateway", "BlockedNetworks", "/Addresses", &networks),
            vec![found("acme-llm-gateway/BlockedNetworks changed Addresses.0", other_network, "ingress.waf.block")],
        ),
        changed("gateway", "WebAcl", "/DefaultAction", (json!({"Allow": {}}), json!({"Block": {}})), "ingress.waf"),
        deleted("gateway", "WebAclAssociation", "ingress.waf"),
    ]
}

fn of_the_gateway() -> Vec<Row> {
    let tasks = json!({"Service": "ecs-tasks.amazonaws.com"});
    let condition = json!({
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": "arn:aws:ecs:us-east-1:111122223333:*"},
    });
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
        deleted("gateway", "MiddlewareLogGroup", "observability.log_retention_days"),
        trusting_everybody("gateway", "TaskRole", "0", (tasks, condition), "compute.fargate"),
        (
            set("gateway", "ExecutionRole", "/ManagedPolicyArns", &json!([everything])),
            vec![found(
                "acme-llm-gateway/ExecutionRole added ManagedPolicyArns",
                (Value::Null, everything),
                "compute.fargate",
            )],
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
        changed(
            "gateway",
            "AlarmTopic",
            "/KmsMasterKeyId",
            (key, json!("alias/aws/sns")),
            "observability.alarms.notify",
        ),
    ]
}

fn of_the_accounts() -> Vec<Row> {
    let gateway = json!({"AWS": "arn:aws:iam::111122223333:root"});
    let condition = json!({
        "ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/acme-llm-task"},
        "StringEquals": {"sts:ExternalId": "gwinfra-*"},
    });
    let trust =
        trusting_everybody("bedrock-access", "Role", "GatewayOfThisDeployment", (gateway, condition), "hub.account");
    vec![
        in_account("222222222222", trust),
        in_account("333333333333", deleted("bedrock-access", "Role", "bedrock.accounts.1")),
    ]
}

/// Whether a value is as wanted. A `*` in a text is anything, and a `*` alone is any value.
fn fits(wanted: &Value, value: &Value) -> bool {
    match (wanted, value) {
        (Value::String(wanted), _) if wanted == "*" => !value.is_null(),
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
    let Some(source) = finding["source"].get(0) else { return false };
    let line = source["line"].as_u64().unwrap() as usize;
    // What is written below a key has the line below it.
    let lines: Vec<&str> = spec.lines().take(line).skip(line.saturating_sub(2)).collect();
    let is_there = match key.rsplit_once('.') {
        Some((_, index)) if index.parse::<usize>().is_ok() => lines.last().unwrap().trim_start().starts_with("- "),
        // Nothing is around what is left to its defaults but the spec.
        _ if !spec.contains(&format!("\n{}:", key.split('.').next().unwrap())) => line == 1,
        _ => key.split('.').any(|part| lines.concat().contains(&format!("{part}:"))),
    };
    source["path"] == key && is_there
}

#[test]
fn every_change_is_found_as_what_it_is_with_both_values_and_its_key_and_nothing_else_is() {
    let Some(rehearsal) = deployed() else { return };
    let parts = [
        of_the_network(),
        of_the_foundation(),
        of_the_data(),
        of_the_caches_users(),
        of_the_way_in(),
        of_the_firewall(),
        of_the_gateway(),
        of_the_accounts(),
    ];
    let rows: Vec<Row> = parts.into_iter().flatten().collect();
    assert_eq!(rows.len(), 41);
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
