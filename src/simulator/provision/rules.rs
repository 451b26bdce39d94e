//! Rules between resources that services enforce and users meet.

use std::collections::BTreeSet;

use ipnet::IpNet;
use serde_json::Value;

use super::{Failure, Place, listeners};
use crate::simulator::resource::Resource;
use crate::simulator::world::World;

/// Checks a new resource.
pub(super) fn check(world: &World, place: Place<'_>, type_name: &str, properties: &Value) -> Result<(), Failure> {
    references(world, place, type_name, properties)?;
    match type_name {
        "AWS::EC2::Subnet" => subnet(world, place, properties),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => load_balancer(world, place, properties),
        "AWS::RDS::DBSubnetGroup" => zones(world, place, properties, "SubnetIds").and_then(|zones| {
            if zones.len() >= 2 {
                return Ok(());
            }
            let covered: Vec<String> = zones.into_iter().collect();
            Err(Failure::new(
                "InvalidRequest",
                format!(
                    "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: {}. Add subnets to cover at least 2 AZs.",
                    covered.join(", ")
                ),
            ))
        }),
        "AWS::IAM::Role" => trust(properties),
        "AWS::ECS::Service" => service(world, place, properties),
        listeners::LISTENER => listeners::listener(world, place, properties),
        listeners::RULE => listeners::rule(world, place, properties),
        _ => Ok(()),
    }
}

/// Checks a changed resource.
pub(super) fn check_update(
    world: &World,
    place: Place<'_>,
    current: &Resource,
    properties: &Value,
) -> Result<(), Failure> {
    references(world, place, &current.type_name, properties)?;
    match current.type_name.as_str() {
        "AWS::IAM::Role" => trust(properties),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => load_balancer(world, place, properties),
        "AWS::ECS::Service" => service(world, place, properties),
        listeners::LISTENER | listeners::RULE => listeners::actions(world, place, Some(current), properties),
        _ => Ok(()),
    }
}

fn text<'v>(properties: &'v Value, name: &str) -> &'v str {
    properties.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// EC2 identifiers anywhere in the properties must name something that is there.
fn references(world: &World, place: Place<'_>, type_name: &str, properties: &Value) -> Result<(), Failure> {
    if !matches!(
        type_name.split("::").nth(1),
        Some("EC2" | "ElasticLoadBalancingV2" | "ECS" | "RDS" | "ElastiCache" | "EKS")
    ) {
        return Ok(());
    }
    let mut ids = BTreeSet::new();
    collect(properties, &mut ids);
    for id in ids {
        let (kind, type_name, code) = match id.split_once('-') {
            Some(("vpc", _)) => ("vpc", "AWS::EC2::VPC", "InvalidVpcID.NotFound"),
            Some(("subnet", _)) => ("subnet", "AWS::EC2::Subnet", "InvalidSubnetID.NotFound"),
            Some(("sg", _)) => ("security group", "AWS::EC2::SecurityGroup", "InvalidGroup.NotFound"),
            _ => continue,
        };
        let known = world.resource(place.account, place.region, type_name, &id).is_some()
            // Every VPC and EKS cluster comes with a group of its own.
            || (kind == "security group"
                && world.resources(place.account, place.region).any(|resource| {
                    resource.text("DefaultSecurityGroup") == Some(&id) || resource.text("ClusterSecurityGroupId") == Some(&id)
                }));
        if !known {
            let noun = if kind == "security group" { kind.to_owned() } else { format!("{kind} ID") };
            return Err(Failure::new(
                "NotFound",
                format!("The {noun} '{id}' does not exist (Service: Ec2, Status Code: 400, Error Code: {code})"),
            ));
        }
    }
    Ok(())
}

fn collect(value: &Value, ids: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let digits =
                text.strip_prefix("vpc-").or_else(|| text.strip_prefix("subnet-")).or_else(|| text.strip_prefix("sg-"));
            if digits.is_some_and(|digits| {
                (8..=17).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
            }) {
                ids.insert(text.clone());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, ids)),
        Value::Object(map) => map.values().for_each(|value| collect(value, ids)),
        _ => {}
    }
}

fn subnet(world: &World, place: Place<'_>, properties: &Value) -> Result<(), Failure> {
    let (cidr, vpc_id) = (text(properties, "CidrBlock"), text(properties, "VpcId"));
    let Ok(block) = cidr.parse::<IpNet>() else { return Ok(()) };
    let vpc = world.resource(place.account, place.region, "AWS::EC2::VPC", vpc_id);
    let extra = world
        .resources_of(place.account, place.region, "AWS::EC2::VPCCidrBlock")
        .filter(|resource| resource.text("VpcId") == Some(vpc_id))
        .filter_map(|resource| resource.text("CidrBlock"));
    let inside = vpc
        .and_then(|vpc| vpc.text("CidrBlock"))
        .into_iter()
        .chain(extra)
        .filter_map(|text| text.parse::<IpNet>().ok())
        .any(|net| net.contains(&block));
    if !inside || !(16..=28).contains(&block.prefix_len()) {
        return Err(Failure::new(
            "InvalidRequest",
            format!("The CIDR '{cidr}' is invalid. (Service: Ec2, Status Code: 400, Error Code: InvalidSubnet.Range)"),
        ));
    }
    let conflict = world
        .resources_of(place.account, place.region, "AWS::EC2::Subnet")
        .filter(|resource| resource.text("VpcId") == Some(vpc_id))
        .filter_map(|resource| resource.text("CidrBlock")?.parse::<IpNet>().ok())
        .any(|other| other.contains(&block) || block.contains(&other));
    if conflict {
        return Err(Failure::new(
            "InvalidRequest",
            format!(
                "The CIDR '{cidr}' conflicts with another subnet (Service: Ec2, Status Code: 400, Error Code: InvalidSubnet.Conflict)"
            ),
        ));
    }
    Ok(())
}

fn zones(world: &World, place: Place<'_>, properties: &Value, name: &str) -> Result<BTreeSet<String>, Failure> {
    let subnets = properties.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    Ok(subnets
        .iter()
        .filter_map(Value::as_str)
        .filter_map(|id| {
            let subnet = world.resource(place.account, place.region, "AWS::EC2::Subnet", id)?;
            // A subnet that names no zone gets one of its own choice, which the identifier stands for.
            Some(subnet.text("AvailabilityZone").unwrap_or(id).to_owned())
        })
        .collect())
}

fn load_balancer(world: &World, place: Place<'_>, properties: &Value) -> Result<(), Failure> {
    if !matches!(text(properties, "Type"), "" | "application") || properties.get("Subnets").is_none() {
        return Ok(());
    }
    if zones(world, place, properties, "Subnets")?.len() < 2 {
        return Err(Failure::new(
            "InvalidRequest",
            "At least two subnets in two different Availability Zones must be specified (Service: ElasticLoadBalancingV2, Status Code: 400)",
        ));
    }
    Ok(())
}

/// A role's trust policy: statements with principals that have the form of principals.
fn trust(properties: &Value) -> Result<(), Failure> {
    let malformed = |message: String| {
        Err(Failure::new(
            "InvalidRequest",
            format!("{message} (Service: Iam, Status Code: 400, Error Code: MalformedPolicyDocument)"),
        ))
    };
    let document = match properties.get("AssumeRolePolicyDocument") {
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(document) => document,
            Err(_) => return malformed("This policy contains invalid Json".to_owned()),
        },
        Some(document) => document.clone(),
        None => return Ok(()),
    };
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.clone(),
        Some(statement @ Value::Object(_)) => vec![statement.clone()],
        _ => return malformed("Missing required field Statement".to_owned()),
    };
    for statement in &statements {
        let principals = match statement.get("Principal") {
            None => return malformed("AssumeRolepolicy contained no Principal element".to_owned()),
            Some(Value::String(star)) if star == "*" => continue,
            Some(Value::Object(principals)) => principals,
            Some(_) => return malformed("Invalid principal in policy".to_owned()),
        };
        let Some(accounts) = principals.get("AWS") else { continue };
        let accounts = accounts.as_array().map_or(std::slice::from_ref(accounts), Vec::as_slice);
        for principal in accounts.iter().filter_map(Value::as_str) {
            let twelve = principal.len() == 12 && principal.bytes().all(|byte| byte.is_ascii_digit());
            let arn = principal.starts_with("arn:aws") && principal.split(':').count() >= 6;
            // The unique identifier that IAM puts in place of a principal that was deleted.
            let unique = principal.starts_with("AROA") || principal.starts_with("AIDA");
            if !(principal == "*" || twelve || arn || unique) {
                return malformed(format!("Invalid principal in policy: \"AWS\":\"{principal}\""));
            }
        }
    }
    Ok(())
}

/// A service's target groups must hang on a load balancer.
fn service(world: &World, place: Place<'_>, properties: &Value) -> Result<(), Failure> {
    let balancers = properties.get("LoadBalancers").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for group in balancers.iter().filter_map(|balancer| balancer.get("TargetGroupArn").and_then(Value::as_str)) {
        if world.resource(place.account, place.region, "AWS::ElasticLoadBalancingV2::TargetGroup", group).is_none() {
            continue;
        }
        let attached = ["AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"]
            .iter()
            .flat_map(|type_name| world.resources_of(place.account, place.region, type_name))
            .any(|listener| mentions(&listener.properties, group));
        if !attached {
            return Err(Failure::new(
                "InvalidRequest",
                format!(
                    "Invalid request provided: CreateService error: The target group with targetGroupArn {group} does not have an associated load balancer. (Service: AmazonECS; Status Code: 400; Error Code: InvalidParameterException)"
                ),
            ));
        }
    }
    Ok(())
}

/// Whether a text stands anywhere in a value.
pub(super) fn mentions(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own == text,
        Value::Array(items) => items.iter().any(|item| mentions(item, text)),
        Value::Object(map) => map.values().any(|value| mentions(value, text)),
        _ => false,
    }
}
