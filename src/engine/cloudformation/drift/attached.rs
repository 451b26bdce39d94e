//! What a resource has that its own part of the template does not say: tags of the stack, and what other resources of the
//! stack add to it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::stack::ReadStack;
use crate::cfn::registry::ResourceSchema;

const GROUP: &str = "AWS::EC2::SecurityGroup";
const ROLE: &str = "AWS::IAM::Role";
const TAGS: &str = "Tags";

/// Adds the tags of the stack to those that a resource declares, where CloudFormation gives them to its type: the reference
/// of stacks does not say which types these are, and a resource that has none of them is of another.
pub(super) fn add_tags(
    schema: &ResourceSchema,
    of_stack: &BTreeMap<String, String>,
    declared: &mut Value,
    actual: &Value,
) {
    let is_list = |value: Option<&Value>| value.is_none_or(Value::is_array);
    let takes = schema.properties().is_some_and(|properties| properties.contains_key(TAGS));
    if !takes || !is_list(declared.get(TAGS)) {
        return;
    }
    let has = |tags: &Value, key: &str| {
        tags.get(TAGS).and_then(Value::as_array).is_some_and(|tags| tags.iter().any(|tag| tag["Key"] == key))
    };
    let own: Vec<_> = of_stack.iter().filter(|(key, _)| !key.starts_with("aws:") && !has(declared, key)).collect();
    if !own.iter().any(|(key, _)| has(actual, key)) {
        return;
    }
    let Some(properties) = declared.as_object_mut() else { return };
    let tags = properties.entry(TAGS).or_insert_with(|| json!([]));
    if let Some(tags) = tags.as_array_mut() {
        tags.extend(own.into_iter().map(|(key, value)| json!({"Key": key, "Value": value})));
    }
}

/// Takes out what other resources add to one. Rules of groups are looked at one by one, with those of every stack; what is
/// compared here is the rest of a group, and a patch of all rules would take those of the others away.
pub(super) fn take_out(stack: &ReadStack, type_name: &str, declared: &mut Value, actual: &mut Value) {
    match type_name {
        GROUP => {
            for value in [declared, actual] {
                let Some(properties) = value.as_object_mut() else { continue };
                properties.retain(|name, _| !["SecurityGroupIngress", "SecurityGroupEgress"].contains(&name.as_str()));
            }
        }
        ROLE => {
            let role = actual.get("RoleName").cloned().unwrap_or_default();
            let attached = |kind: &str, property: &str, of_resource: &dyn Fn(&str, &Value) -> Option<Value>| {
                let of_role = |one: &Value| {
                    let roles = one.get("Roles").and_then(Value::as_array);
                    one.get("RoleName") == Some(&role) || roles.is_some_and(|roles| roles.contains(&role))
                };
                let all = stack.of_type(kind).filter_map(|(id, physical)| {
                    let own = stack.declared(id).filter(of_role)?;
                    of_resource(physical, &own)
                });
                let is_declared = |value: &Value| {
                    let own = declared.get(property).and_then(Value::as_array);
                    own.is_some_and(|own| own.iter().any(|one| one == value || one.get("PolicyName") == Some(value)))
                };
                all.filter(|value| !is_declared(value)).collect::<Vec<Value>>()
            };
            let managed = attached("AWS::IAM::ManagedPolicy", "ManagedPolicyArns", &|arn, _| Some(json!(arn)));
            let name = |_: &str, own: &Value| own.get("PolicyName").cloned();
            let inline: Vec<Value> = ["AWS::IAM::RolePolicy", "AWS::IAM::Policy"]
                .into_iter()
                .flat_map(|kind| attached(kind, "Policies", &name))
                .collect();
            let mut keep = |property: &str, is_of_others: &dyn Fn(&Value) -> bool| {
                if let Some(items) = actual.get_mut(property).and_then(Value::as_array_mut) {
                    items.retain(|item| !is_of_others(item));
                }
            };
            keep("ManagedPolicyArns", &|arn| managed.contains(arn));
            keep("Policies", &|policy| policy.get("PolicyName").is_some_and(|name| inline.contains(name)));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cfn::registry::Registry;

    /// The tags that are compared with what a network has.
    fn tags(own: Value, actual: Value) -> Value {
        let registry = Registry::builtin();
        let of_stack = BTreeMap::from([("gwinfra:stack".into(), "acme".into()), ("team".into(), "platform".into())]);
        let mut declared = json!({"Tags": own});
        add_tags(registry.get("AWS::EC2::VPC").unwrap(), &of_stack, &mut declared, &json!({"Tags": actual}));
        declared["Tags"].take()
    }

    fn tag(key: &str, value: &str) -> Value {
        json!({"Key": key, "Value": value})
    }

    #[test]
    fn tags_of_the_stack_are_declared_for_all_that_has_one_of_them() {
        let all = json!([tag("Name", "a"), tag("gwinfra:stack", "acme"), tag("team", "platform")]);
        assert_eq!(tags(json!([tag("Name", "a")]), json!([tag("team", "other")])), all);
    }

    #[test]
    fn a_type_that_gets_none_of_them_has_none_to_lose() {
        assert_eq!(tags(json!([tag("Name", "a")]), json!([tag("Name", "a")])), json!([tag("Name", "a")]));
    }

    #[test]
    fn the_tag_of_the_resource_counts_and_not_that_of_its_stack() {
        let own = json!([tag("team", "mine")]);
        let all = json!([tag("team", "mine"), tag("gwinfra:stack", "acme")]);
        assert_eq!(tags(own, json!([tag("gwinfra:stack", "acme")])), all);
    }
}
