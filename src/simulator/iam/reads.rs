//! The calls that only read.

use serde_json::{Value, json};

use super::super::clock::iso8601;
use super::super::page::{limit, page};
use super::super::request::{Fault, Reply, Request};
use super::super::resource::{GLOBAL, Resource};
use super::super::world::World;
use super::{encoded, find, no_such_entity, roles};

/// IAM's largest page.
const MAXIMUM_ITEMS: usize = 1_000;
/// IAM's page unless the caller says otherwise.
const DEFAULT_ITEMS: usize = 100;

pub(super) fn role_json(world: &World, account: &str, role: &Resource, with_tags: bool) -> Value {
    let tags: Vec<Value> = role.tags().into_iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    json!({
        "Path": role.text("Path").unwrap_or("/"),
        "RoleName": role.identifier,
        "RoleId": roles::id(world, account, role),
        "Arn": roles::arn(role),
        "CreateDate": iso8601(role.created_at),
        "AssumeRolePolicyDocument": role.property("AssumeRolePolicyDocument").map(encoded),
        "Description": role.text("Description"),
        "MaxSessionDuration": role.property("MaxSessionDuration").cloned().unwrap_or(json!(3600)),
        "PermissionsBoundary": role.text("PermissionsBoundary").map(|arn| {
            json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn})
        }),
        "Tags": if with_tags && !tags.is_empty() { Value::Array(tags) } else { Value::Null },
        "RoleLastUsed": if with_tags { json!({}) } else { Value::Null },
    })
}

pub(super) fn get_role(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let role = find(world, request)?;
    Ok(json!({"Role": role_json(world, &request.identity.account, role, true)}))
}

pub(super) fn list_roles(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let account = &request.identity.account;
    let prefix = request.text("PathPrefix").unwrap_or_else(|| "/".into());
    let mut roles: Vec<&Resource> = world
        .resources_of(account, GLOBAL, roles::ROLE)
        .filter(|role| role.text("Path").unwrap_or("/").starts_with(&prefix))
        .collect();
    roles.sort_by(|a, b| a.identifier.cmp(&b.identifier));
    let roles = roles.into_iter().map(|role| role_json(world, account, role, false)).collect();
    paged("Roles", roles, request)
}

pub(super) fn list_role_tags(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let tags =
        find(world, request)?.tags().into_iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    paged("Tags", tags, request)
}

pub(super) fn get_role_policy(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let role = find(world, request)?;
    let name = request.required("PolicyName")?;
    let (name, document) = roles::inline(world, &request.identity.account, role)
        .into_iter()
        .find(|(candidate, _)| *candidate == name)
        .ok_or_else(|| no_such_entity(format!("The role policy with name {name} cannot be found.")))?;
    Ok(json!({"RoleName": role.identifier, "PolicyName": name, "PolicyDocument": encoded(&document)}))
}

pub(super) fn list_role_policies(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let role = find(world, request)?;
    let names =
        roles::inline(world, &request.identity.account, role).into_iter().map(|(name, _)| json!(name)).collect();
    paged("PolicyNames", names, request)
}

pub(super) fn list_attached_role_policies(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let role = find(world, request)?;
    let policies = roles::attached(world, &request.identity.account, role)
        .into_iter()
        .map(|arn| json!({"PolicyName": arn.rsplit('/').next(), "PolicyArn": arn}))
        .collect();
    paged("AttachedPolicies", policies, request)
}

pub(super) fn get_policy(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let arn = request.required("PolicyArn")?;
    let account = &request.identity.account;
    let policy = managed(world, account, &arn)?;
    let attachments = world
        .resources_of(account, GLOBAL, roles::ROLE)
        .filter(|role| roles::attached(world, account, role).contains(&arn))
        .count();
    Ok(json!({"Policy": {
        "PolicyName": arn.rsplit('/').next(),
        "PolicyId": format!("ANPA{}", world.stable_token(&["policy", &arn], 17).to_ascii_uppercase()),
        "Arn": arn,
        "Path": policy.text("Path").unwrap_or("/"),
        "DefaultVersionId": VERSION,
        "AttachmentCount": attachments,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": true,
        "Description": policy.text("Description"),
        "CreateDate": iso8601(policy.created_at),
        "UpdateDate": iso8601(policy.updated_at),
    }}))
}

/// Only the version in force is kept.
const VERSION: &str = "v1";

pub(super) fn get_policy_version(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let arn = request.required("PolicyArn")?;
    let version = request.required("VersionId")?;
    let policy = managed(world, &request.identity.account, &arn)?;
    if version != VERSION {
        return Err(no_such_entity(format!("Policy {arn} version {version} does not exist or is not attachable.")));
    }
    Ok(json!({"PolicyVersion": {
        "Document": policy.property("PolicyDocument").map(encoded),
        "VersionId": VERSION,
        "IsDefaultVersion": true,
        "CreateDate": iso8601(policy.updated_at),
    }}))
}

fn managed<'a>(world: &'a World, account: &'a str, arn: &str) -> Result<&'a Resource, Fault> {
    roles::managed(world, account, arn).ok_or_else(|| no_such_entity(format!("Policy {arn} was not found.")))
}

fn paged(name: &str, items: Vec<Value>, request: &Request<'_>) -> Result<Reply, Fault> {
    let size = request.integer("MaxItems").map_or(DEFAULT_ITEMS, |_| limit(request, "MaxItems", MAXIMUM_ITEMS));
    let (items, next) = page(items, size, request.text("Marker").as_deref(), "ValidationError")?;
    Ok(json!({name: items, "IsTruncated": next.is_some(), "Marker": next}))
}
