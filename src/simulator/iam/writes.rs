//! The calls that change roles, also behind a stack's back.

use serde_json::{Map, Value, json};

use super::super::identity::partition;
use super::super::request::{Fault, Reply, Request};
use super::super::resource::{GLOBAL, Resource};
use super::super::world::World;
use super::{find, no_such_entity, reads, roles};

pub(super) fn create_role(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("RoleName")?;
    let account = request.identity.account.clone();
    if world.resource(&account, GLOBAL, roles::ROLE, &name).is_some() {
        let message = format!("Role with name {name} already exists.");
        return Err(Fault::new("EntityAlreadyExists", message).with_status(409));
    }
    let trust = document(&request.required("AssumeRolePolicyDocument")?)?;
    let path = request.text("Path").unwrap_or_else(|| "/".into());
    let mut properties = Map::new();
    properties.insert("RoleName".into(), json!(name));
    properties.insert("Path".into(), json!(path));
    properties.insert("AssumeRolePolicyDocument".into(), trust);
    for member in ["Description", "PermissionsBoundary"] {
        if let Some(text) = request.text(member) {
            properties.insert(member.into(), json!(text));
        }
    }
    properties.insert("MaxSessionDuration".into(), json!(request.integer("MaxSessionDuration").unwrap_or(3600)));
    let tags: Vec<Value> =
        request.tags("Tags").into_iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    if !tags.is_empty() {
        properties.insert("Tags".into(), Value::Array(tags));
    }
    let partition = partition(request.region);
    properties.insert("Arn".into(), json!(format!("arn:{partition}:iam::{account}:role{path}{name}")));
    let id = format!("AROA{}", world.new_token(17).to_ascii_uppercase());
    properties.insert("RoleId".into(), json!(id));
    let now = world.now();
    world.put(&account, GLOBAL, Resource::new(roles::ROLE, &name, Value::Object(properties), now));
    let role = find(world, request)?;
    Ok(json!({"Role": reads::role_json(world, &account, role, true)}))
}

pub(super) fn delete_role(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let account = request.identity.account.clone();
    let role = find(world, request)?;
    let conflict = |message: &str| Err(Fault::new("DeleteConflict", message).with_status(409));
    if !roles::attached(world, &account, role).is_empty() {
        return conflict("Cannot delete entity, must detach all policies first.");
    }
    if !roles::inline(world, &account, role).is_empty() {
        return conflict("Cannot delete entity, must delete policies first.");
    }
    let name = role.identifier.clone();
    world.remove(&account, GLOBAL, roles::ROLE, &name);
    Ok(Value::Null)
}

pub(super) fn update_assume_role_policy(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let trust = document(&request.required("PolicyDocument")?)?;
    change(world, request, |role| set(role, "AssumeRolePolicyDocument", trust))
}

pub(super) fn put_role_policy(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("PolicyName")?;
    let document = document(&request.required("PolicyDocument")?)?;
    find(world, request)?;
    if let Some((type_name, identifier)) = separate_policy(world, request, &name) {
        if let Some(policy) = world.resource_mut(&request.identity.account, GLOBAL, &type_name, &identifier) {
            set(policy, "PolicyDocument", document);
        }
        return Ok(Value::Null);
    }
    change(world, request, |role| {
        let mut policies = list(role, "Policies");
        policies.retain(|policy| policy.get("PolicyName") != Some(&json!(name)));
        policies.push(json!({"PolicyName": name, "PolicyDocument": document}));
        set(role, "Policies", Value::Array(policies));
    })
}

pub(super) fn delete_role_policy(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("PolicyName")?;
    let role = find(world, request)?;
    if !roles::inline(world, &request.identity.account, role).iter().any(|(known, _)| *known == name) {
        return Err(no_such_entity(format!("The role policy with name {name} cannot be found.")));
    }
    if let Some((type_name, identifier)) = separate_policy(world, request, &name) {
        world.remove(&request.identity.account, GLOBAL, &type_name, &identifier);
        return Ok(Value::Null);
    }
    change(world, request, |role| {
        let mut policies = list(role, "Policies");
        policies.retain(|policy| policy.get("PolicyName") != Some(&json!(name)));
        set(role, "Policies", Value::Array(policies));
    })
}

pub(super) fn attach_role_policy(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let arn = request.required("PolicyArn")?;
    change(world, request, |role| {
        let mut arns = list(role, "ManagedPolicyArns");
        if !arns.contains(&json!(arn)) {
            arns.push(json!(arn));
        }
        set(role, "ManagedPolicyArns", Value::Array(arns));
    })
}

pub(super) fn detach_role_policy(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let arn = request.required("PolicyArn")?;
    if !list(find(world, request)?, "ManagedPolicyArns").contains(&json!(arn)) {
        return Err(no_such_entity(format!("Policy {arn} was not found.")));
    }
    change(world, request, |role| {
        let mut arns = list(role, "ManagedPolicyArns");
        arns.retain(|known| *known != json!(arn));
        set(role, "ManagedPolicyArns", Value::Array(arns));
    })
}

pub(super) fn tag_role(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let new = request.tags("Tags");
    change(world, request, |role| {
        let mut tags = role.tags();
        tags.retain(|(key, _)| !new.iter().any(|(name, _)| name == key));
        tags.extend(new.clone());
        let tags = tags.into_iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
        set(role, "Tags", Value::Array(tags));
    })
}

/// A role's inline policy that is a resource of its own, as its type and identifier.
fn separate_policy(world: &World, request: &Request<'_>, name: &str) -> Option<(String, String)> {
    let role = request.text("RoleName")?;
    world.resources(&request.identity.account, GLOBAL).find_map(|policy| {
        let names_role = match policy.type_name.as_str() {
            "AWS::IAM::Policy" => list(policy, "Roles").contains(&json!(role)),
            "AWS::IAM::RolePolicy" => policy.text("RoleName") == Some(&role),
            _ => false,
        };
        (names_role && policy.text("PolicyName") == Some(name))
            .then(|| (policy.type_name.clone(), policy.identifier.clone()))
    })
}

fn change(world: &mut World, request: &Request<'_>, edit: impl FnOnce(&mut Resource)) -> Result<Reply, Fault> {
    let name = find(world, request)?.identifier.clone();
    let now = world.now();
    if let Some(role) = world.resource_mut(&request.identity.account, GLOBAL, roles::ROLE, &name) {
        edit(role);
        role.updated_at = now;
    }
    Ok(Value::Null)
}

fn list(resource: &Resource, property: &str) -> Vec<Value> {
    resource.property(property).and_then(Value::as_array).cloned().unwrap_or_default()
}

fn set(resource: &mut Resource, property: &str, value: Value) {
    if let Some(properties) = resource.properties.as_object_mut() {
        properties.insert(property.to_owned(), value);
    }
}

fn document(text: &str) -> Result<Value, Fault> {
    match serde_json::from_str::<Value>(text) {
        Ok(document) if document.get("Statement").is_some() => Ok(document),
        Ok(_) => Err(Fault::new("MalformedPolicyDocument", "Syntax errors in policy.")),
        Err(_) => Err(Fault::new("MalformedPolicyDocument", "This policy contains invalid Json")),
    }
}
