//! Elastic Load Balancing: application load balancers, listeners, rules and target groups.

use serde_json::{Value, json};

use super::clock::iso8601;
use super::ecs;
use super::page::{limit, page};
use super::protocol::service::unknown_action;
use super::request::{Fault, Reply, Request};
use super::resource::Resource;
use super::world::World;

const LOAD_BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
const TARGET_GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";
/// The largest page of the service's listings.
const MAXIMUM_RESULTS: usize = 400;

/// Answers an Elastic Load Balancing call.
pub fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    match request.action {
        "DescribeLoadBalancers" => describe_load_balancers(world, request),
        "DescribeLoadBalancerAttributes" => describe_attributes(world, request),
        "DescribeListeners" => describe_listeners(world, request),
        "DescribeRules" => describe_rules(world, request),
        "DescribeTargetGroups" => describe_target_groups(world, request),
        "DescribeTargetHealth" => describe_target_health(world, request),
        _ => Err(unknown_action(request)),
    }
}

fn all<'a>(world: &'a World, request: &Request<'_>, type_name: &'a str) -> Vec<&'a Resource> {
    let (account, region) = (&request.identity.account, request.region);
    world.resources_of(account, region, type_name).collect()
}

fn list<'a>(resource: &'a Resource, property: &str) -> &'a [Value] {
    resource.property(property).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn not_found(code: &str, what: &str, names: &[String]) -> Fault {
    Fault::new(code, format!("{what} '[{}]' not found", names.join(", ")))
}

/// The resources that a call names by ARN or by name; all of them if it names none.
fn chosen<'a>(
    resources: Vec<&'a Resource>,
    request: &Request<'_>,
    arns: &str,
    name_property: &str,
    missing: impl Fn(&[String]) -> Fault,
) -> Result<Vec<&'a Resource>, Fault> {
    let (arns, names) = (request.texts(arns), request.texts("Names"));
    if arns.is_empty() && names.is_empty() {
        return Ok(resources);
    }
    let wanted: Vec<&Resource> = resources
        .into_iter()
        .filter(|one| {
            arns.contains(&one.identifier)
                || one.text(name_property).is_some_and(|name| names.iter().any(|n| n == name))
        })
        .collect();
    if wanted.len() < arns.len() + names.len() {
        return Err(missing(if arns.is_empty() { &names } else { &arns }));
    }
    Ok(wanted)
}

fn paged(name: &str, items: Vec<Value>, request: &Request<'_>) -> Result<Reply, Fault> {
    let size = limit(request, "PageSize", MAXIMUM_RESULTS);
    let (items, next) = page(items, size, request.text("Marker").as_deref(), "ValidationError")?;
    Ok(json!({name: items, "NextMarker": next}))
}

fn describe_load_balancers(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let missing = |names: &[String]| not_found("LoadBalancerNotFound", "Load balancers", names);
    let balancers =
        chosen(all(world, request, LOAD_BALANCER), request, "LoadBalancerArns", "LoadBalancerName", missing)?;
    let items = balancers
        .into_iter()
        .map(|balancer| {
            let subnets: Vec<&Resource> = list(balancer, "Subnets")
                .iter()
                .filter_map(Value::as_str)
                .filter_map(|id| world.resource(&request.identity.account, request.region, "AWS::EC2::Subnet", id))
                .collect();
            let zones: Vec<Value> = subnets
                .iter()
                .map(|subnet| json!({"ZoneName": subnet.text("AvailabilityZone"), "SubnetId": subnet.identifier}))
                .collect();
            json!({
                "LoadBalancerArn": balancer.identifier,
                "DNSName": balancer.text("DNSName"),
                "CanonicalHostedZoneId": balancer.text("CanonicalHostedZoneID"),
                "CreatedTime": iso8601(balancer.created_at),
                "LoadBalancerName": balancer.text("LoadBalancerName"),
                "Scheme": balancer.text("Scheme").unwrap_or("internet-facing"),
                "VpcId": subnets.first().and_then(|subnet| subnet.text("VpcId")),
                "State": {"Code": "active"},
                "Type": balancer.text("Type").unwrap_or("application"),
                "AvailabilityZones": zones,
                "SecurityGroups": list(balancer, "SecurityGroups"),
                "IpAddressType": balancer.text("IpAddressType").unwrap_or("ipv4"),
            })
        })
        .collect();
    paged("LoadBalancers", items, request)
}

fn describe_attributes(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let arn = request.text("LoadBalancerArn").unwrap_or_default();
    let balancer = world
        .resource(&request.identity.account, request.region, LOAD_BALANCER, &arn)
        .ok_or_else(|| not_found("LoadBalancerNotFound", "Load balancers", std::slice::from_ref(&arn)))?;
    Ok(json!({"Attributes": list(balancer, "LoadBalancerAttributes")}))
}

fn describe_listeners(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let balancer = request.text("LoadBalancerArn");
    let arns = request.texts("ListenerArns");
    let items: Vec<Value> = all(world, request, LISTENER)
        .into_iter()
        .filter(|listener| balancer.as_deref().is_none_or(|arn| listener.text("LoadBalancerArn") == Some(arn)))
        .filter(|listener| arns.is_empty() || arns.contains(&listener.identifier))
        .map(|listener| {
            json!({
                "ListenerArn": listener.identifier,
                "LoadBalancerArn": listener.text("LoadBalancerArn"),
                "Port": listener.property("Port"),
                "Protocol": listener.property("Protocol"),
                "Certificates": list(listener, "Certificates"),
                "SslPolicy": listener.property("SslPolicy"),
                "DefaultActions": list(listener, "DefaultActions"),
            })
        })
        .collect();
    if items.is_empty() && !arns.is_empty() {
        return Err(not_found("ListenerNotFound", "Listeners", &arns));
    }
    paged("Listeners", items, request)
}

fn describe_rules(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let listener = request.text("ListenerArn");
    let arns = request.texts("RuleArns");
    let mut items: Vec<Value> = all(world, request, "AWS::ElasticLoadBalancingV2::ListenerRule")
        .into_iter()
        .filter(|rule| listener.as_deref().is_none_or(|arn| rule.text("ListenerArn") == Some(arn)))
        .filter(|rule| arns.is_empty() || arns.contains(&rule.identifier))
        .map(|rule| {
            json!({
                "RuleArn": rule.identifier,
                "Priority": rule.property("Priority"),
                "Conditions": list(rule, "Conditions"),
                "Actions": list(rule, "Actions"),
                "IsDefault": false,
            })
        })
        .collect();
    items.sort_by_key(|rule| rule["Priority"].as_i64().unwrap_or(i64::MAX));
    // What no rule takes goes to the listener's default action.
    if let Some(listener) =
        listener.and_then(|arn| world.resource(&request.identity.account, request.region, LISTENER, &arn))
    {
        let id = world.stable_token(&["default-rule", &listener.identifier], 16);
        items.push(json!({
            "RuleArn": format!("{}/{id}", listener.identifier.replacen(":listener/", ":listener-rule/", 1)),
            "Priority": "default",
            "Conditions": [],
            "Actions": list(listener, "DefaultActions"),
            "IsDefault": true,
        }));
    }
    paged("Rules", items, request)
}

fn describe_target_groups(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let missing = |names: &[String]| not_found("TargetGroupNotFound", "One or more target groups", names);
    let groups = chosen(all(world, request, TARGET_GROUP), request, "TargetGroupArns", "TargetGroupName", missing)?;
    let items = groups
        .into_iter()
        .map(|group| {
            let property = |name: &str, default: Value| group.property(name).cloned().unwrap_or(default);
            json!({
                "TargetGroupArn": group.identifier,
                "TargetGroupName": group.text("TargetGroupName").or_else(|| group.text("Name")),
                "Protocol": property("Protocol", Value::Null),
                "Port": property("Port", Value::Null),
                "VpcId": group.text("VpcId"),
                "HealthCheckProtocol": property("HealthCheckProtocol", json!("HTTP")),
                "HealthCheckPort": property("HealthCheckPort", json!("traffic-port")),
                "HealthCheckEnabled": property("HealthCheckEnabled", json!(true)),
                "HealthCheckIntervalSeconds": property("HealthCheckIntervalSeconds", json!(30)),
                "HealthCheckTimeoutSeconds": property("HealthCheckTimeoutSeconds", json!(5)),
                "HealthyThresholdCount": property("HealthyThresholdCount", json!(5)),
                "UnhealthyThresholdCount": property("UnhealthyThresholdCount", json!(2)),
                "HealthCheckPath": property("HealthCheckPath", json!("/")),
                "Matcher": property("Matcher", json!({"HttpCode": "200"})),
                "TargetType": property("TargetType", json!("instance")),
                "ProtocolVersion": property("ProtocolVersion", json!("HTTP1")),
                "IpAddressType": property("IpAddressType", json!("ipv4")),
            })
        })
        .collect();
    paged("TargetGroups", items, request)
}

fn describe_target_health(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let arn = request.required("TargetGroupArn")?;
    if world.resource(&request.identity.account, request.region, TARGET_GROUP, &arn).is_none() {
        return Err(not_found("TargetGroupNotFound", "One or more target groups", &[arn]));
    }
    Ok(json!({"TargetHealthDescriptions": ecs::targets(world, request, &arn)}))
}
