//! Whether policy documents allow something: statements, wildcards and conditions.
//!
//! Enough of the policy language for trust policies and identity policies: `Principal`, `Action`, `Resource` and their `Not` forms, string, ARN,
//! numeric, boolean and `Null` conditions with `IfExists` and `ForAnyValue`/`ForAllValues`, and `${key}` variables. A condition operator that is not
//! known never holds.

use std::collections::BTreeMap;

use serde_json::Value;

use super::parts::{one_or_many, texts};

/// What somebody wants to do.
#[derive(Debug, Clone)]
pub struct Access<'a> {
    /// `sts:AssumeRole`.
    pub action: &'a str,
    /// ARN of what it is done to.
    pub resource: &'a str,
    /// All names of who does it, for policies with a `Principal`; empty for identity policies.
    pub principals: &'a [String],
    /// Condition keys by lower-case name.
    pub keys: &'a BTreeMap<String, Vec<String>>,
}

/// What policies say about an [`Access`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement denies it.
    ExplicitDeny,
    /// No statement speaks of it.
    ImplicitDeny,
}

impl Decision {
    /// IAM's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::ExplicitDeny => "explicitDeny",
            Self::ImplicitDeny => "implicitDeny",
        }
    }
}

/// Evaluates policy documents together; each is an object or its JSON text.
pub fn evaluate<'a>(documents: impl IntoIterator<Item = &'a Value>, access: &Access<'_>) -> Decision {
    let mut decision = Decision::ImplicitDeny;
    for document in documents {
        let parsed;
        let document = match document {
            Value::String(text) => {
                parsed = serde_json::from_str(text).unwrap_or(Value::Null);
                &parsed
            }
            other => other,
        };
        for statement in one_or_many(document.get("Statement")) {
            if !applies(statement, access) {
                continue;
            }
            match statement.get("Effect").and_then(Value::as_str) {
                Some("Deny") => return Decision::ExplicitDeny,
                Some("Allow") => decision = Decision::Allowed,
                _ => {}
            }
        }
    }
    decision
}

fn applies(statement: &Value, access: &Access<'_>) -> bool {
    let listed = |member: &str, negated: &str, test: &dyn Fn(&str) -> bool| match (
        statement.get(member),
        statement.get(negated),
    ) {
        (Some(list), _) => texts(Some(list)).iter().any(|text| test(text)),
        (None, Some(list)) => !texts(Some(list)).iter().any(|text| test(text)),
        (None, None) => true,
    };
    let action = |pattern: &str| matches(&pattern.to_ascii_lowercase(), &access.action.to_ascii_lowercase());
    let resource = |pattern: &str| matches(&substitute(pattern, access.keys), access.resource);
    listed("Action", "NotAction", &action)
        && listed("Resource", "NotResource", &resource)
        && principal_applies(statement, access)
        && conditions_hold(statement.get("Condition"), access.keys)
}

fn principal_applies(statement: &Value, access: &Access<'_>) -> bool {
    if access.principals.is_empty() {
        return true;
    }
    let named = |principal: &Value| match principal {
        Value::String(text) => text == "*",
        Value::Object(kinds) => texts(kinds.get("AWS"))
            .iter()
            .any(|name| name == "*" || access.principals.iter().any(|own| is_named(name, own))),
        _ => false,
    };
    match (statement.get("Principal"), statement.get("NotPrincipal")) {
        (Some(principal), _) => named(principal),
        (None, Some(principal)) => !named(principal),
        (None, None) => false,
    }
}

/// Whether a principal is named: an account id alone means that account's root, in whichever partition.
fn is_named(name: &str, principal: &str) -> bool {
    let is_account = name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit());
    principal == name || (is_account && principal.ends_with(&format!(":iam::{name}:root")))
}

fn conditions_hold(conditions: Option<&Value>, keys: &BTreeMap<String, Vec<String>>) -> bool {
    let Some(Value::Object(operators)) = conditions else { return true };
    operators.iter().all(|(operator, tests)| {
        tests.as_object().is_some_and(|tests| {
            tests.iter().all(|(key, expected)| {
                let expected: Vec<String> = texts(Some(expected)).iter().map(|text| substitute(text, keys)).collect();
                condition_holds(operator, keys.get(&key.to_ascii_lowercase()), &expected)
            })
        })
    })
}

fn condition_holds(operator: &str, actual: Option<&Vec<String>>, expected: &[String]) -> bool {
    let (set, operator) = match operator.split_once(':') {
        Some((set, operator)) => (Some(set), operator),
        None => (None, operator),
    };
    let (operator, if_exists) = match operator.strip_suffix("IfExists") {
        Some(operator) => (operator, true),
        None => (operator, false),
    };
    if operator == "Null" {
        return expected.iter().any(|text| (text == "true") == actual.is_none());
    }
    let negated = operator.contains("Not");
    let Some(actual) = actual else {
        return if_exists || negated || set == Some("ForAllValues");
    };
    let one = |value: &String| {
        let any = expected.iter().any(|pattern| compare(&operator.replace("Not", ""), pattern, value));
        any != negated
    };
    match set {
        Some("ForAllValues") => actual.iter().all(one),
        _ => actual.iter().any(one),
    }
}

fn compare(operator: &str, pattern: &str, value: &str) -> bool {
    let number = |compare: fn(&f64, &f64) -> bool| match (value.parse(), pattern.parse()) {
        (Ok(value), Ok(pattern)) => compare(&value, &pattern),
        _ => false,
    };
    match operator {
        "StringEquals" => pattern == value,
        "StringEqualsIgnoreCase" | "Bool" => pattern.eq_ignore_ascii_case(value),
        // ArnEquals and ArnLike are the same in IAM.
        "StringLike" | "ArnLike" | "ArnEquals" => matches(pattern, value),
        "NumericEquals" => number(|value, pattern| value == pattern),
        "NumericLessThan" => number(|value, pattern| value < pattern),
        "NumericLessThanEquals" => number(|value, pattern| value <= pattern),
        "NumericGreaterThan" => number(|value, pattern| value > pattern),
        "NumericGreaterThanEquals" => number(|value, pattern| value >= pattern),
        _ => false,
    }
}

fn substitute(text: &str, keys: &BTreeMap<String, Vec<String>>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            out.push_str("${");
            rest = after;
            continue;
        };
        match keys.get(&name.to_ascii_lowercase()).and_then(|values| values.first()) {
            Some(value) => out.push_str(value),
            None => out.push_str(&format!("${{{name}}}")),
        }
        rest = after;
    }
    out + rest
}

/// Whether a text matches a pattern with `*` and `?`.
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut at_pattern, mut at_text) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while at_text < text.len() {
        match pattern.get(at_pattern) {
            Some('*') => {
                retry = Some((at_pattern, at_text));
                at_pattern += 1;
            }
            Some(wanted) if *wanted == '?' || text.get(at_text) == Some(wanted) => {
                at_pattern += 1;
                at_text += 1;
            }
            _ => match retry {
                Some((star, from)) => {
                    retry = Some((star, from + 1));
                    at_pattern = star + 1;
                    at_text = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at_pattern).all(|character| *character == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn decide(document: Value, principals: &[&str], keys: &[(&str, &str)]) -> Decision {
        let principals: Vec<String> = principals.iter().map(|name| (*name).to_owned()).collect();
        let keys = keys.iter().map(|(key, value)| (key.to_ascii_lowercase(), vec![(*value).to_owned()])).collect();
        let access = Access {
            action: "sts:AssumeRole",
            resource: "arn:aws:iam::222222222222:role/spoke",
            principals: &principals,
            keys: &keys,
        };
        evaluate([&document], &access)
    }

    fn trust(condition: Value) -> Value {
        json!({"Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Condition": condition
        }]})
    }

    const ROOT: &[&str] = &["arn:aws:iam::111111111111:root"];

    #[test]
    fn an_account_that_is_named_may() {
        assert_eq!(decide(trust(json!({})), ROOT, &[]), Decision::Allowed);
    }

    #[test]
    fn another_account_may_not() {
        assert_eq!(decide(trust(json!({})), &["arn:aws:iam::999999999999:root"], &[]), Decision::ImplicitDeny);
    }

    #[test]
    fn a_bare_account_id_is_its_root() {
        let document =
            json!({"Statement": {"Effect": "Allow", "Action": "sts:*", "Principal": {"AWS": "111111111111"}}});
        assert_eq!(decide(document, ROOT, &[]), Decision::Allowed);
    }

    #[test]
    fn a_missing_external_id_does_not_hold() {
        let document = trust(json!({"StringEquals": {"sts:ExternalId": "x"}}));
        assert_eq!(decide(document, ROOT, &[]), Decision::ImplicitDeny);
    }

    #[test]
    fn every_condition_must_hold() {
        let document = trust(
            json!({"StringEquals": {"sts:ExternalId": "x"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/task-*"}}),
        );
        let task = ("aws:PrincipalArn", "arn:aws:iam::111111111111:role/task-1");
        assert_eq!(decide(document.clone(), ROOT, &[("sts:ExternalId", "x"), task]), Decision::Allowed);
        assert_eq!(decide(document, ROOT, &[("sts:ExternalId", "y"), task]), Decision::ImplicitDeny);
    }

    #[test]
    fn a_denial_wins() {
        let document = json!({"Statement": [
            {"Effect": "Allow", "Action": "*", "Principal": "*"},
            {"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": "*"}
        ]});
        assert_eq!(decide(document, ROOT, &[]), Decision::ExplicitDeny);
    }

    #[test]
    fn an_operator_that_is_not_known_does_not_hold() {
        assert_eq!(
            decide(trust(json!({"Strange": {"sts:ExternalId": "x"}})), ROOT, &[("sts:ExternalId", "x")]),
            Decision::ImplicitDeny
        );
    }

    #[test]
    fn stars_match_any_run_of_characters() {
        assert!(matches("a*c?e", "abbbcde"));
        assert!(!matches("a*c", "abbb"));
    }

    #[test]
    fn variables_are_filled_in() {
        let keys = BTreeMap::from([("aws:username".to_owned(), vec!["ann".to_owned()])]);
        assert_eq!(substitute("home/${aws:username}/${x}", &keys), "home/ann/${x}");
    }
}
