//! IAM: roles and their policies.

pub mod principal;
mod reads;
pub mod roles;
mod simulate;
mod writes;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::protocol::service::unknown_action;
use super::request::{Fault, Reply, Request};
use super::resource::{GLOBAL, Resource};
use super::world::World;

/// Answers an IAM call.
pub fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    match request.action {
        "GetRole" => reads::get_role(world, request),
        "ListRoles" => reads::list_roles(world, request),
        "ListRoleTags" => reads::list_role_tags(world, request),
        "GetRolePolicy" => reads::get_role_policy(world, request),
        "ListRolePolicies" => reads::list_role_policies(world, request),
        "ListAttachedRolePolicies" => reads::list_attached_role_policies(world, request),
        "GetPolicy" => reads::get_policy(world, request),
        "GetPolicyVersion" => reads::get_policy_version(world, request),
        "ListAccountAliases" => Ok(serde_json::json!({"AccountAliases": [], "IsTruncated": false})),
        "SimulatePrincipalPolicy" => simulate::simulate_principal_policy(world, request),
        "CreateRole" => writes::create_role(world, request),
        "DeleteRole" => writes::delete_role(world, request),
        "UpdateAssumeRolePolicy" => writes::update_assume_role_policy(world, request),
        "PutRolePolicy" => writes::put_role_policy(world, request),
        "DeleteRolePolicy" => writes::delete_role_policy(world, request),
        "AttachRolePolicy" => writes::attach_role_policy(world, request),
        "DetachRolePolicy" => writes::detach_role_policy(world, request),
        "TagRole" => writes::tag_role(world, request),
        _ => Err(unknown_action(request)),
    }
}

/// RFC 3986: what IAM leaves as it is in the policy documents that it returns.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A policy document as IAM returns it: JSON, percent-encoded.
fn encoded(document: &Value) -> String {
    let text = match document {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    utf8_percent_encode(&text, UNRESERVED).to_string()
}

fn find<'a>(world: &'a World, request: &Request<'_>) -> Result<&'a Resource, Fault> {
    let name = request.required("RoleName")?;
    world
        .resource(&request.identity.account, GLOBAL, roles::ROLE, &name)
        .ok_or_else(|| no_such_entity(format!("The role with name {name} cannot be found.")))
}

fn no_such_entity(message: String) -> Fault {
    Fault::new("NoSuchEntity", message).with_status(404)
}
