//! May this principal assume that role: the role's trust policy, and the caller's own policies.

use std::collections::BTreeMap;

use super::super::iam::{principal, roles};
use super::super::identity::Identity;
use super::super::request::Fault;
use super::super::resource::GLOBAL;
use super::super::world::World;
use super::ONE_HOUR;
use crate::policy::{Access, Decision, evaluate};

/// A role that may be assumed.
pub(super) struct AssumableRole {
    pub account: String,
    pub partition: String,
    pub name: String,
    pub id: String,
    pub maximum_seconds: i64,
}

/// Finds the role and evaluates the policies. Whether a role is missing or its policy says no is not told apart, as on AWS.
pub(super) fn check(
    world: &World,
    caller: &Identity,
    role_arn: &str,
    external_id: Option<&str>,
) -> Result<AssumableRole, Fault> {
    let parts: Vec<&str> = role_arn.splitn(6, ':').collect();
    let [arn, partition, "iam", "", account, resource] = parts.as_slice() else {
        return Err(Fault::validation(format!("{role_arn} is invalid")));
    };
    let Some(path) = resource.strip_prefix("role/").filter(|_| *arn == "arn" && account.len() == 12) else {
        return Err(Fault::validation(format!("{role_arn} is invalid")));
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    let denied = || {
        Fault::new(
            "AccessDenied",
            format!("User: {} is not authorized to perform: sts:AssumeRole on resource: {role_arn}", caller.arn),
        )
        .with_status(403)
    };
    let role = world
        .resource(account, GLOBAL, "AWS::IAM::Role", name)
        .filter(|role| roles::arn(role) == role_arn)
        .ok_or_else(denied)?;

    let mut keys = principal::condition_keys(caller);
    if let Some(external_id) = external_id {
        keys.insert("sts:externalid".into(), vec![external_id.into()]);
    }
    let names = principal::names(caller);
    // A role that the spec only names has no policy to evaluate: whoever wrote its ARN there says that it can be assumed.
    if let Some(policy) = role.properties.get("AssumeRolePolicyDocument") {
        let access = Access { action: "sts:AssumeRole", resource: role_arn, principals: &names, keys: &keys };
        if evaluate([policy], &access) != Decision::Allowed {
            return Err(denied());
        }
    }
    let direct: Vec<String> = names.iter().filter(|name| !name.ends_with(":root")).cloned().collect();
    let access = Access { action: "sts:AssumeRole", resource: role_arn, principals: &direct, keys: &keys };
    let named = caller.account == *account
        && role
            .properties
            .get("AssumeRolePolicyDocument")
            .is_some_and(|policy| evaluate([policy], &access) == Decision::Allowed);
    // Within an account, a trust policy that names the caller itself needs no second permission.
    if !named && !caller_may(world, caller, role_arn, &keys) {
        return Err(denied());
    }
    Ok(AssumableRole {
        account: (*account).to_owned(),
        partition: (*partition).to_owned(),
        name: name.to_owned(),
        id: roles::id(world, account, role),
        maximum_seconds: role.property("MaxSessionDuration").and_then(|value| value.as_i64()).unwrap_or(ONE_HOUR),
    })
}

/// The caller's side: a role whose policies are known must allow it; an administrator and an assumed-to-exist role may.
fn caller_may(world: &World, caller: &Identity, role_arn: &str, keys: &BTreeMap<String, Vec<String>>) -> bool {
    let Some(own) = caller.session.as_ref().and_then(|session| session.role_arn.as_deref()) else { return true };
    let Some(own) = roles::by_arn(world, own).filter(|role| !role.assumed) else { return true };
    let policies = roles::policies(world, &caller.account, own);
    let access = Access { action: "sts:AssumeRole", resource: role_arn, principals: &[], keys };
    evaluate(&policies, &access) == Decision::Allowed
}
