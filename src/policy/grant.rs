//! Policy documents taken apart, so that two of them can be compared however their statements are grouped.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::parts::{one_or_many, texts};

/// One action on one resource for one principal: the smallest part of a policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// `Allow` or `Deny`.
    pub effect: String,
    /// Who: `AWS arn:aws:iam::111122223333:root`, `Service ecs-tasks.amazonaws.com`, `*`. Empty in identity policies.
    pub principal: Principal,
    /// Action; `not ..` for one of `NotAction`.
    pub action: Action,
    /// ARN or pattern; empty in trust policies. `not ..` for one of `NotResource`.
    pub resource: String,
    /// Conditions: operator, key in lower case, and values in order.
    pub condition: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// The name of a principal. The number of an account and the ARN of its root are the same.
#[derive(Debug, Clone)]
pub struct Principal(pub String);

impl Principal {
    /// What it is told apart by: the account, or else its name.
    fn key(&self) -> (Option<&str>, &str) {
        match self.account() {
            Some(account) => (Some(account), ""),
            None => (None, &self.0),
        }
    }

    /// The account that is meant as a whole.
    fn account(&self) -> Option<&str> {
        let name = self.0.strip_prefix("AWS ")?;
        let root = name.strip_prefix("arn:").and_then(|arn| arn.strip_suffix(":root")?.split_once(":iam::"));
        let account = root.map_or(name, |(_, account)| account);
        (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then_some(account)
    }
}

impl PartialEq for Principal {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Principal {}

impl PartialOrd for Principal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Principal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// The name of an action. IAM does not tell cases apart, nor does a comparison.
#[derive(Debug, Clone)]
pub struct Action(pub String);

impl PartialEq for Action {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Action {}

impl PartialOrd for Action {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Action {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.to_ascii_lowercase().cmp(&other.0.to_ascii_lowercase())
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Everything that documents grant and deny; each is an object or its JSON text.
pub fn grants<'a>(documents: impl IntoIterator<Item = &'a Value>) -> BTreeSet<Grant> {
    let mut grants = BTreeSet::new();
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
            add(statement, &mut grants);
        }
    }
    grants
}

fn add(statement: &Value, grants: &mut BTreeSet<Grant>) {
    let effect = statement.get("Effect").and_then(Value::as_str).unwrap_or_default();
    let condition = condition(statement.get("Condition"));
    let actions = listed(statement, "Action", "NotAction").into_iter().map(Action);
    let resources = listed(statement, "Resource", "NotResource");
    let principals = principals(statement);
    for action in actions {
        for resource in &resources {
            for principal in &principals {
                grants.insert(Grant {
                    effect: effect.to_owned(),
                    principal: principal.clone(),
                    action: action.clone(),
                    resource: resource.clone(),
                    condition: condition.clone(),
                });
            }
        }
    }
}

/// The texts of a member or of its negation; one empty text for neither, so that the other members still count.
fn listed(statement: &Value, member: &str, negated: &str) -> Vec<String> {
    let texts: Vec<String> = match (statement.get(member), statement.get(negated)) {
        (Some(list), _) => texts(Some(list)),
        (None, Some(list)) => texts(Some(list)).into_iter().map(|text| format!("not {text}")).collect(),
        (None, None) => Vec::new(),
    };
    if texts.is_empty() { vec![String::new()] } else { texts }
}

fn principals(statement: &Value) -> Vec<Principal> {
    let (value, not) = match (statement.get("Principal"), statement.get("NotPrincipal")) {
        (Some(value), _) => (value, ""),
        (None, Some(value)) => (value, "not "),
        (None, None) => return vec![Principal(String::new())],
    };
    let names: Vec<String> = match value {
        Value::Object(kinds) => kinds
            .iter()
            .flat_map(|(kind, names)| texts(Some(names)).into_iter().map(move |name| format!("{not}{kind} {name}")))
            .collect(),
        other => texts(Some(other)).into_iter().map(|name| format!("{not}{name}")).collect(),
    };
    names.into_iter().map(Principal).collect()
}

fn condition(value: Option<&Value>) -> BTreeMap<String, BTreeMap<String, Vec<String>>> {
    let operators = value.and_then(Value::as_object).into_iter().flatten();
    let keys = |tests: &Value| {
        let tests = tests.as_object().into_iter().flatten();
        tests
            .map(|(key, expected)| {
                let mut expected = texts(Some(expected));
                expected.sort();
                (key.to_ascii_lowercase(), expected)
            })
            .collect()
    };
    operators.map(|(operator, tests)| (operator.clone(), keys(tests))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(statements: Value) -> BTreeSet<Grant> {
        grants([&json!({"Version": "2012-10-17", "Statement": statements})])
    }

    #[test]
    fn how_statements_are_grouped_makes_no_difference() {
        let one = json!([{"Effect": "Allow", "Action": ["a:B", "a:C"], "Resource": ["x", "y"]}]);
        let four = json!([
            {"Effect": "Allow", "Action": "a:B", "Resource": ["y", "x"]},
            {"Effect": "Allow", "Action": "a:c", "Resource": "y"},
            {"Effect": "Allow", "Action": "A:C", "Resource": "x"}
        ]);
        assert_eq!(of(one), of(four));
    }

    #[test]
    fn another_condition_is_another_grant() {
        let with = |id: &str| {
            of(json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111122223333"},
                "Condition": {"StringEquals": {"sts:ExternalId": id}}}))
        };
        assert_eq!(with("a"), with("a"));
        assert_ne!(with("a"), with("b"));
    }

    #[test]
    fn what_is_negated_is_not_what_is_named() {
        let allow = |member: &str| of(json!({"Effect": "Allow", member: "a:B", "Resource": "x"}));
        assert_ne!(allow("Action"), allow("NotAction"));
    }

    #[test]
    fn an_account_is_the_same_by_its_number_and_by_its_root() {
        let trust = |who: &str| of(json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": who}}));
        assert_eq!(trust("111122223333"), trust("arn:aws:iam::111122223333:root"));
        assert_ne!(trust("111122223333"), trust("arn:aws:iam::222222222222:root"));
        assert_ne!(trust("111122223333"), trust("arn:aws:iam::111122223333:role/one"));
    }

    #[test]
    fn every_principal_of_a_statement_counts() {
        let grants = of(json!({"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"AWS": ["arn:aws:iam::111122223333:root", "222222222222"], "Service": "ec2.amazonaws.com"}}));
        assert_eq!(grants.len(), 3);
    }
}
