//! Web ACLs.

use serde_json::{Map, Value, json};

use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::{
    WEB_ACL, all, by_arn, change, check_token, find, invalid, lock_token, missing, named, not_there, required, shape,
};

/// What an update takes in the place of what is there. What it does not say is gone.
const MUTABLE: [&str; 12] = [
    "DefaultAction",
    "Description",
    "Rules",
    "VisibilityConfig",
    "DataProtectionConfig",
    "CustomResponseBodies",
    "CaptchaConfig",
    "ChallengeConfig",
    "TokenDomains",
    "AssociationConfig",
    "OnSourceDDoSProtectionConfig",
    "ApplicationConfig",
];

/// Statements whose rules have actions of their own.
const GROUPS: [&str; 2] = ["ManagedRuleGroupStatement", "RuleGroupReferenceStatement"];

pub(super) fn get(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let web_acl = match request.text("ARN") {
        Some(arn) => by_arn(world, request, WEB_ACL, &arn)?,
        None => find(world, request, WEB_ACL, &named(request)?)?,
    };
    Ok(json!({"WebACL": description(web_acl), "LockToken": lock_token(world, web_acl)}))
}

/// A web ACL as the API gives it.
pub(super) fn description(web_acl: &Resource) -> Value {
    let mut out = Map::new();
    for name in ["Name", "Id"] {
        out.extend(web_acl.property(name).map(|value| (name.to_owned(), value.clone())));
    }
    out.extend(web_acl.property("Arn").map(|arn| ("ARN".to_owned(), arn.clone())));
    for name in MUTABLE {
        out.extend(web_acl.property(name).map(|value| (name.to_owned(), shape::given(value))));
    }
    out.entry("Rules").or_insert_with(|| json!([]));
    out.extend(web_acl.property("LabelNamespace").map(|value| ("LabelNamespace".to_owned(), value.clone())));
    for name in ["ManagedByFirewallManager", "RetrofittedByFirewallManager"] {
        out.insert(name.to_owned(), json!(false));
    }
    Value::Object(out)
}

pub(super) fn update(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let web_acl = find(world, request, WEB_ACL, &named(request)?)?.clone();
    for name in ["DefaultAction", "VisibilityConfig"] {
        if !request.params.get(name).is_some_and(Value::is_object) {
            return Err(missing(name));
        }
    }
    let rules = request.list("Rules");
    rules.iter().try_for_each(|rule| check(world, request, rule))?;
    for name in ["Priority", "Name"] {
        let of_rule = |at: usize| rules.get(at).and_then(|rule| rule.get(name));
        if (1..rules.len()).any(|at| (0..at).any(|before| of_rule(at) == of_rule(before))) {
            let field = if name == "Name" { "RULE" } else { "RULE_PRIORITY" };
            return Err(invalid("Your rules have duplicates of what tells them apart", field, name));
        }
    }
    check_token(world, request, &web_acl)?;
    let mut properties = web_acl.properties.as_object().cloned().unwrap_or_default();
    for name in MUTABLE {
        match request.params.get(name).filter(|value| !value.is_null()) {
            Some(value) => drop(properties.insert(name.to_owned(), shape::declared(value))),
            None => drop(properties.shift_remove(name)),
        }
    }
    Ok(change(world, request, web_acl, Value::Object(properties)))
}

/// Refuses a rule that cannot be: one of a group overrides actions, another one has its own, and what it names has to be there.
fn check(world: &World, request: &Request<'_>, rule: &Value) -> Result<(), Fault> {
    let name = rule.get("Name").and_then(Value::as_str).unwrap_or_default();
    let has = |member: &str| rule.get(member).is_some_and(Value::is_object);
    let statement = rule.get("Statement").unwrap_or(&Value::Null);
    let is_group = GROUPS.iter().any(|group| statement.get(group).is_some());
    if (has("Action"), has("OverrideAction")) != (!is_group, is_group) {
        return Err(invalid("A reference in your rule statement is not valid", "RULE_ACTION", name));
    }
    match statement.pointer("/IPSetReferenceStatement/ARN").and_then(Value::as_str) {
        Some(arn) if !all(world, request, super::IP_SET).any(|set| set.text("Arn") == Some(arn)) => Err(not_there()),
        _ => Ok(()),
    }
}

/// The web ACL with the ARN that a call names.
pub(super) fn of_arn<'a>(world: &'a World, request: &Request<'_>) -> Result<&'a Resource, Fault> {
    by_arn(world, request, WEB_ACL, &required(request, "WebACLArn")?)
}
