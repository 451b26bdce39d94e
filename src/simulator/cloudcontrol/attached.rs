//! What a read handler gives of a resource that is not its own: rules and policies that are resources of their own, targets
//! that a service registers, and the tags that CloudFormation gives to what it makes.

use serde_json::{Map, Value, json};

use super::super::ec2::security_groups;
use super::super::ecs;
use super::super::request::Request;
use super::super::resource::{GLOBAL, Resource};
use super::super::sns;
use super::super::world::World;

const TAGS: &str = "Tags";
/// How keys of tags begin that only AWS sets.
const RESERVED: &str = "aws:";

/// Adds to what a resource declares what else its read handler gives.
pub(super) fn add(world: &World, request: &Request<'_>, resource: &Resource, properties: &mut Value) {
    let Some(properties) = properties.as_object_mut() else { return };
    for (name, items) in of_others(world, request, resource) {
        if !items.is_empty() {
            let list = properties.entry(name).or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                let more: Vec<Value> = items.into_iter().filter(|item| !list.contains(item)).collect();
                list.extend(more);
            }
        }
    }
    if let Some(tags) = properties.get_mut(TAGS).and_then(Value::as_array_mut)
        && tags.iter().all(|tag| tag.get("Key").is_some())
    {
        tags.extend(resource.stack_tags().into_iter().map(|(key, value)| json!({"Key": key, "Value": value})));
    }
}

/// What a resource declares after a patch of what its read handler gives.
///
/// # Errors
/// When the patch changes tags that only AWS sets.
pub(super) fn written(
    world: &World,
    request: &Request<'_>,
    resource: &Resource,
    current: &Value,
    wanted: &Value,
) -> Result<Value, String> {
    let reserved = |value: &Value| -> Vec<Value> {
        let tags = value.get(TAGS).and_then(Value::as_array).into_iter().flatten();
        tags.filter(|tag| is_reserved(tag)).cloned().collect()
    };
    if reserved(current) != reserved(wanted) {
        return Err("aws: prefixed tag key names are not allowed for external use.".to_owned());
    }
    let mut declared = resource.properties.as_object().cloned().unwrap_or_default();
    let others: Map<String, Value> = of_others(world, request, resource)
        .into_iter()
        .map(|(name, items)| (name.to_owned(), Value::Array(items)))
        .collect();
    let empty = Map::new();
    let (current, wanted) = (current.as_object().unwrap_or(&empty), wanted.as_object().unwrap_or(&empty));
    for name in current.keys().filter(|name| !wanted.contains_key(*name)) {
        declared.shift_remove(name);
    }
    for (name, value) in wanted.iter().filter(|(name, value)| current.get(*name) != Some(value)) {
        let own = match (value, others.get(name).and_then(Value::as_array)) {
            (Value::Array(items), Some(others)) => {
                items.iter().filter(|item| !others.contains(item)).cloned().collect()
            }
            (Value::Array(items), None) if name == TAGS => {
                items.iter().filter(|tag| !is_reserved(tag)).cloned().collect()
            }
            (value, _) => value.clone(),
        };
        declared.insert(name.clone(), own);
    }
    Ok(Value::Object(declared))
}

/// Takes away what a patch has taken out of a role and was a policy of its own: IAM knows a role's inline policies by their
/// names only, and the handler of roles deletes whichever is not wanted any more.
pub(super) fn leave(world: &mut World, request: &Request<'_>, type_name: &str, current: &Value, wanted: &Value) {
    if type_name != "AWS::IAM::Role" {
        return;
    }
    let names = |value: &Value| -> Vec<Value> {
        let policies = value.get("Policies").and_then(Value::as_array).into_iter().flatten();
        policies.filter_map(|policy| policy.get("PolicyName").cloned()).collect()
    };
    let kept = names(wanted);
    let role = current.get("RoleName").cloned().unwrap_or_default();
    let account = request.identity.account.clone();
    for name in names(current).into_iter().filter(|name| !kept.contains(name)) {
        let is_it = |policy: &&Resource| {
            policy.property("RoleName") == Some(&role) && policy.property("PolicyName") == Some(&name)
        };
        let found = world.resources_of(&account, GLOBAL, "AWS::IAM::RolePolicy").find(is_it);
        if let Some(identifier) = found.map(|policy| policy.identifier.clone()) {
            world.remove(&account, GLOBAL, "AWS::IAM::RolePolicy", &identifier);
        }
    }
}

fn is_reserved(tag: &Value) -> bool {
    tag.get("Key").and_then(Value::as_str).is_some_and(|key| key.starts_with(RESERVED))
}

/// What other resources add to the lists of one.
fn of_others(world: &World, request: &Request<'_>, resource: &Resource) -> Vec<(&'static str, Vec<Value>)> {
    match resource.type_name.as_str() {
        "AWS::EC2::SecurityGroup" => security_groups::of_others(world, request, resource),
        "AWS::ElasticLoadBalancingV2::TargetGroup" => {
            let targets = ecs::targets(world, request, &resource.identifier);
            vec![("Targets", targets.into_iter().filter_map(|one| one.get("Target").cloned()).collect())]
        }
        "AWS::SNS::Topic" => vec![("Subscription", sns::of_topic(world, request, &resource.identifier))],
        "AWS::IAM::Role" => {
            let role = json!(resource.text("RoleName").unwrap_or(&resource.identifier));
            let of = |kind: &'static str| {
                world.resources_of(&request.identity.account, GLOBAL, kind).filter(|one| {
                    let roles = one.property("Roles").and_then(Value::as_array);
                    one.property("RoleName") == Some(&role) || roles.is_some_and(|roles| roles.contains(&role))
                })
            };
            let managed = of("AWS::IAM::ManagedPolicy").map(|policy| json!(policy.physical_id)).collect();
            let inline = of("AWS::IAM::RolePolicy").chain(of("AWS::IAM::Policy"));
            let inline = inline.filter_map(|policy| {
                let document = policy.property("PolicyDocument")?;
                Some(json!({"PolicyName": policy.property("PolicyName")?, "PolicyDocument": document}))
            });
            vec![("ManagedPolicyArns", managed), ("Policies", inline.collect())]
        }
        _ => Vec::new(),
    }
}
