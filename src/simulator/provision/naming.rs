//! Names that a service or CloudFormation makes up, identifiers, and what `Ref` returns.

use serde_json::{Map, Value};

use super::{Failure, Origin, Place};
use crate::cfn::registry::ResourceSchema;
use crate::simulator::resource::Resource;
use crate::simulator::world::World;

/// Types whose name property does not follow from the type's own name.
const NAME_PROPERTIES: [(&str, &str); 12] = [
    ("AWS::EC2::SecurityGroup", "GroupName"),
    ("AWS::EC2::KeyPair", "KeyName"),
    ("AWS::ECS::TaskDefinition", "Family"),
    ("AWS::ElastiCache::SubnetGroup", "CacheSubnetGroupName"),
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "PolicyName"),
    ("AWS::AutoScaling::ScalingPolicy", "PolicyName"),
    ("AWS::Logs::MetricFilter", "FilterName"),
    ("AWS::Logs::SubscriptionFilter", "FilterName"),
    ("AWS::Bedrock::ApplicationInferenceProfile", "InferenceProfileName"),
    ("AWS::IAM::RolePolicy", "PolicyName"),
    ("AWS::ElastiCache::User", "UserId"),
    ("AWS::RDS::DBClusterParameterGroup", "DBClusterParameterGroupName"),
];

/// Types that may share a name: within the given property, or always.
const SHARED_NAMES: [(&str, Option<&str>); 9] = [
    ("AWS::EC2::SecurityGroup", Some("VpcId")),
    ("AWS::ECS::Service", Some("Cluster")),
    ("AWS::Logs::MetricFilter", Some("LogGroupName")),
    ("AWS::Logs::SubscriptionFilter", Some("LogGroupName")),
    ("AWS::IAM::RolePolicy", Some("RoleName")),
    ("AWS::ApplicationAutoScaling::ScalingPolicy", Some("ScalingTargetId")),
    ("AWS::ECS::TaskDefinition", None),
    ("AWS::IAM::Policy", None),
    ("AWS::WAFv2::WebACL", Some("Scope")),
];

/// Types whose names nobody makes up.
const NEVER_GENERATED: [&str; 4] =
    ["AWS::KMS::Alias", "AWS::Route53::HostedZone", "AWS::Route53::RecordSet", "AWS::CloudFormation::CustomResource"];

/// Services that take lower-case names only.
const LOWER_CASE: [&str; 4] = ["AWS::S3::", "AWS::ECR::", "AWS::RDS::", "AWS::ElastiCache::"];

/// The property that names resources of a type: `RoleName`, `Name`, `DBClusterIdentifier`. `None` if they have no names.
pub fn name_property(schema: &ResourceSchema) -> Option<&str> {
    let type_name = schema.type_name();
    let own = type_name.rsplit("::").next().unwrap_or_default();
    let exception =
        NAME_PROPERTIES.iter().find(|(name, _)| *name == type_name).map(|(_, property)| (*property).to_owned());
    let candidates = exception.into_iter().chain([
        format!("{own}Name"),
        "Name".to_owned(),
        format!("{own}Identifier"),
        format!("{own}Id"),
    ]);
    for candidate in candidates {
        if let Some((name, node)) = schema.properties().and_then(|properties| properties.get_key_value(&candidate))
            && !schema.is_read_only(name)
            && schema.resolve(node).and_then(|node| node.get("type")).and_then(Value::as_str) == Some("string")
        {
            return Some(name);
        }
    }
    None
}

/// Fills in a generated name and refuses one that is taken.
pub(super) fn complete(
    world: &World,
    schema: &ResourceSchema,
    place: Place<'_>,
    origin: &Origin,
    properties: &mut Map<String, Value>,
) -> Result<(), Failure> {
    let type_name = schema.type_name();
    let Some(property) = name_property(schema) else { return Ok(()) };
    let Some(name) = properties.get(property).and_then(Value::as_str).map(str::to_owned) else {
        if !NEVER_GENERATED.contains(&type_name) {
            properties.insert(property.to_owned(), Value::String(generate(world, schema, property, origin)));
        }
        return Ok(());
    };
    if let Some(taken) = named(world, place, type_name, property, &name, properties) {
        return Err(self::taken(taken, &name));
    }
    Ok(())
}

/// Whether another resource has the name that these properties give.
pub fn name_is_taken(world: &World, place: Place<'_>, type_name: &str, declared: &Value) -> bool {
    let registry = world.registry();
    let (Some(schema), Some(properties)) = (registry.get(type_name), declared.as_object()) else { return false };
    let Some(property) = name_property(schema) else { return false };
    let Some(name) = properties.get(property).and_then(Value::as_str) else { return false };
    named(world, place, type_name, property, name, properties).is_some()
}

fn named<'w>(
    world: &'w World,
    place: Place<'_>,
    type_name: &str,
    property: &str,
    name: &str,
    properties: &Map<String, Value>,
) -> Option<&'w Resource> {
    let scope = match SHARED_NAMES.iter().find(|(shared, _)| *shared == type_name) {
        Some((_, None)) => return None,
        Some((_, scope)) => *scope,
        None => None,
    };
    if NEVER_GENERATED.contains(&type_name) && type_name != "AWS::KMS::Alias" {
        return None;
    }
    let same = |resource: &&Resource| {
        resource.type_name == type_name
            && resource.text(property) == Some(name)
            && scope.is_none_or(|scope| resource.properties.get(scope) == properties.get(scope))
    };
    if type_name == "AWS::S3::Bucket" {
        // Bucket names are shared by all accounts and regions.
        let accounts: Vec<&str> = world.accounts().collect();
        return accounts.into_iter().find_map(|account| {
            let regions: Vec<&str> = world.regions(account).collect();
            regions.into_iter().find_map(|region| world.resources(account, region).find(same))
        });
    }
    world.resources(place.account, place.region).find(same)
}

/// The failure for a name that something has already.
pub(super) fn taken(by: &Resource, name: &str) -> Failure {
    match &by.stack {
        Some(stack) => Failure::verbatim("AlreadyExists", format!("{name} already exists in stack {}", stack.stack_id)),
        None => Failure::new(
            "AlreadyExists",
            format!("Resource of type '{}' with identifier '{name}' already exists.", by.type_name),
        ),
    }
}

fn generate(world: &World, schema: &ResourceSchema, property: &str, origin: &Origin) -> String {
    let type_name = schema.type_name();
    let suffix = base36(&world.stable_token(&["name", &origin.token, type_name], 24), 12);
    let limit = match type_name {
        "AWS::ElasticLoadBalancingV2::LoadBalancer" | "AWS::ElasticLoadBalancingV2::TargetGroup" => 32,
        "AWS::ElastiCache::ReplicationGroup" => 40,
        "AWS::S3::Bucket" | "AWS::RDS::DBCluster" | "AWS::RDS::DBInstance" => 63,
        "AWS::IAM::Role" | "AWS::Scheduler::Schedule" => 64,
        _ => schema
            .property_schema(&[property])
            .and_then(|node| node.get("maxLength"))
            .and_then(Value::as_u64)
            .and_then(|limit| usize::try_from(limit).ok())
            .map_or(128, |limit| limit.min(128)),
    };
    // Stack name and logical id share the room that the suffix leaves.
    let room = limit.saturating_sub(suffix.len() + 2).max(2);
    let logical: String = origin.logical_id.chars().take(room.div_ceil(2)).collect();
    let prefix: String = origin.prefix.chars().take(room - logical.len().min(room - 1)).collect();
    let name = [prefix.trim_end_matches('-'), &logical, &suffix]
        .iter()
        .filter(|part| !part.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join("-");
    if LOWER_CASE.iter().any(|service| type_name.starts_with(service)) { name.to_lowercase() } else { name }
}

fn base36(hexadecimal: &str, length: usize) -> String {
    hexadecimal
        .as_bytes()
        .chunks(2)
        .map(|pair| {
            let digit = u8::from_str_radix(std::str::from_utf8(pair).unwrap_or("0"), 16).unwrap_or(0) % 36;
            char::from_digit(u32::from(digit), 36).unwrap_or('0').to_ascii_uppercase()
        })
        .take(length)
        .collect()
}

/// The primary identifier, several parts joined with `|`.
pub(super) fn identifier(schema: &ResourceSchema, properties: &Value, origin: &Origin) -> String {
    let parts: Vec<String> = schema
        .primary_identifier()
        .iter()
        .map(|path| {
            path.segments()
                .iter()
                .try_fold(properties, |value, segment| value.get(segment))
                .and_then(super::super::request::scalar)
                .unwrap_or_else(|| "default".to_owned())
        })
        .collect();
    if parts.is_empty() { format!("{}-{}", origin.prefix, origin.logical_id) } else { parts.join("|") }
}

/// Types for which `Ref` returns another value than the primary identifier (the *Return values* section of each type's page).
const REFS: [(&str, &str); 12] = [
    ("AWS::ECS::Service", "ServiceArn"),
    ("AWS::EC2::EIP", "PublicIp"),
    ("AWS::EC2::VPCCidrBlock", "Id"),
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "Arn"),
    ("AWS::AutoScaling::ScheduledAction", "ScheduledActionName"),
    ("AWS::AutoScaling::LifecycleHook", "LifecycleHookName"),
    ("AWS::Events::Rule", "Name"),
    ("AWS::Logs::MetricFilter", "FilterName"),
    ("AWS::Logs::SubscriptionFilter", "FilterName"),
    ("AWS::Lambda::Permission", "Id"),
    ("AWS::IAM::RolePolicy", "PolicyName"),
    ("AWS::Budgets::BudgetsAction", "ActionId"),
];

/// What `Ref` returns.
pub(super) fn physical_id(type_name: &str, properties: &Value, identifier: &str) -> String {
    REFS.iter()
        .find(|(name, _)| *name == type_name)
        .and_then(|(_, property)| properties.get(*property))
        .and_then(Value::as_str)
        .unwrap_or(identifier)
        .to_owned()
}
