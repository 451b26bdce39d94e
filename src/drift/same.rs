//! When two values say the same, and which items of two lists are the same one.

use serde_json::Value;

use super::naming::tells_apart;
use crate::policy::grants;

/// Members of objects by which the objects of a list are told apart.
pub(super) const IDENTITY: [&str; 8] =
    ["Key", "Name", "Id", "PolicyName", "ContainerName", "ParameterKey", "LogicalResourceId", "Sid"];

/// Lists whose order is a part of what they say.
pub(super) const ORDERED: [&str; 3] = ["Command", "EntryPoint", "DefaultActions"];

/// The same in the words of Terraform, and of the definitions of containers.
const ORDERED_ARGUMENTS: [&str; 4] = ["command", "entryPoint", "entry_point", "default_action"];

/// The member by which the objects of two lists are told apart, if one does.
pub(super) fn identity(one: &[Value], other: &[Value]) -> Option<&'static str> {
    IDENTITY.into_iter().find(|key| {
        let name = |item: &Value| item.get(key)?.as_str().map(ToOwned::to_owned);
        tells_apart(one, name) && tells_apart(other, name)
    })
}

/// What is at the path of a difference: members of a list by their identity, or else by their position.
pub fn item_at<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, part| match value {
        Value::Array(items) => {
            let is_it = |item: &&Value| IDENTITY.iter().any(|key| is_named(item, key, part));
            items.iter().find(is_it).or_else(|| items.get(part.parse::<usize>().ok()?))
        }
        value => value.get(part),
    })
}

/// Whether an item has this name in this member.
pub(super) fn is_named(item: &Value, key: &str, name: &str) -> bool {
    item.get(key).and_then(Value::as_str) == Some(name)
}

/// What AWS need not give back: it says the same as nothing.
pub fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(is_nothing),
        Value::Object(members) => members.values().all(is_nothing),
        _ => false,
    }
}

/// Whether a value is a policy: a rule of a firewall has a `Statement`, too, and its own has no effect.
pub(super) fn is_policy(value: &Value) -> bool {
    let statements = match value.get("Statement") {
        Some(Value::Array(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    !statements.is_empty() && statements.iter().all(|statement| statement.get("Effect").is_some())
}

/// Whether two scalars are the same value.
pub(super) fn same(expected: &Value, actual: &Value) -> bool {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let (Some(expected), Some(actual)) = (text(expected), text(actual)) else { return expected == actual };
    if expected == actual {
        return true;
    }
    let number = |text: &str| text.parse::<f64>().ok();
    if let (Some(one), Some(other)) = (number(&expected), number(&actual)) {
        return (one - other).abs() < f64::EPSILON;
    }
    if let (Some(one), Some(other)) = (size(&expected), size(&actual)) {
        return (one - other).abs() < f64::EPSILON;
    }
    // A key, a role or a cluster by its name, its id or its ARN; a log group's ARN with or without its streams; a host name
    // with or without its dot.
    let bare = |text: &str| text.trim_end_matches(":*").trim_end_matches('.').to_owned();
    let (expected, actual) = (bare(&expected), bare(&actual));
    let is_arn_of = |arn: &str, name: &str| {
        let is_end = || arn.rsplit(['/', ':']).next() == Some(name) || arn.rsplit(':').next() == Some(name);
        arn.starts_with("arn:") && !name.starts_with("arn:") && is_end()
    };
    expected == actual || is_arn_of(&expected, &actual) || is_arn_of(&actual, &expected)
}

/// Whether two texts are the same value.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    same(&Value::from(one), &Value::from(other))
}

/// Whether two arguments of Terraform, or parts of them, say the same in other words: scalars as [`same`] has it, lists in another
/// order, and policies that grant the same. `name` is that of the argument or member that has them.
pub(crate) fn says_the_same(name: &str, one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(_), Value::Object(_)) if is_policy(one) && is_policy(other) => grants([one]) == grants([other]),
        (Value::Object(members), Value::Object(there)) => {
            members.len() == there.len()
                && members
                    .iter()
                    .all(|(name, value)| there.get(name).is_some_and(|other| says_the_same(name, value, other)))
        }
        (Value::Array(items), Value::Array(there)) if ORDERED_ARGUMENTS.contains(&name) => {
            items.len() == there.len() && items.iter().zip(there).all(|(one, other)| says_the_same(name, one, other))
        }
        (Value::Array(items), Value::Array(there)) => {
            let mut left: Vec<&Value> = there.iter().collect();
            items.len() == there.len()
                && items.iter().all(|item| {
                    let own = left.iter().position(|other| says_the_same(name, item, other));
                    own.map(|at| left.swap_remove(at)).is_some()
                })
        }
        _ => same(one, other),
    }
}

/// CPU or memory of a task: `1 GB` is 1024, `.5 vCPU` is 512.
fn size(text: &str) -> Option<f64> {
    let lower = text.trim().to_lowercase();
    let scaled = ["gb", "vcpu"].iter().find_map(|unit| lower.strip_suffix(unit));
    match scaled {
        Some(number) => number.trim().parse::<f64>().ok().map(|number| number * 1024.0),
        None => lower.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_items_says_nothing_but_in_a_command() {
        let (one, other) = (json!(["a", "b"]), json!(["b", "a"]));
        assert!(says_the_same("subnets", &one, &other));
        assert!(!says_the_same("command", &one, &other) && !says_the_same("subnets", &one, &json!(["b", "b"])));
    }

    #[test]
    fn a_policy_says_the_same_when_it_grants_the_same() {
        let policy = |action: Value| json!({"Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]});
        let one = policy(json!("s3:GetObject"));
        assert!(says_the_same("policy", &one, &policy(json!(["s3:GetObject"]))));
        assert!(!says_the_same("policy", &one, &policy(json!("s3:*"))));
    }

    #[test]
    fn an_alias_of_a_key_is_the_same_by_its_name_and_by_its_arn() {
        let arn = |alias: &str| json!(format!("arn:aws:kms:us-east-1:111122223333:{alias}"));
        assert!(same(&json!("alias/acme-llm"), &arn("alias/acme-llm")));
        assert!(!same(&json!("alias/acme-llm"), &arn("alias/other")));
        assert!(!same(&json!("alias/acme-llm"), &arn("key/1234abcd-12ab-34cd-56ef-1234567890ab")));
    }
}
