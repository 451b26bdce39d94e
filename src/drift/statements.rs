//! Two policy documents that do not grant the same, statement by statement.

use serde_json::{Value, json};

use super::compare::Difference;
use super::same::{is_nothing, same};
use crate::policy::grants;

const STATEMENT: &str = "Statement";

/// What differs between two documents, with paths that begin at them: a member of a statement, a statement that only one of
/// them has, or nothing below the documents where only their other members tell them apart. Statements are the same one by
/// their `Sid`, else by their position among those that the other document does not have.
pub(super) fn statements(expected: &Value, actual: &Value) -> Vec<Difference> {
    let (wanted, there) = (listed(expected), listed(actual));
    let mut left: Vec<&Value> = there.into_iter().collect();
    let mut missing: Vec<(usize, &Value)> = Vec::new();
    for (index, statement) in wanted.into_iter().enumerate() {
        match left.iter().position(|other| is_same(statement, other)) {
            Some(at) => drop(left.remove(at)),
            None => missing.push((index, statement)),
        }
    }
    let mut pairs: Vec<(usize, &Value, Option<&Value>)> = Vec::new();
    for (index, statement) in missing {
        let own = sid(statement).and_then(|sid| left.iter().position(|other| self::sid(other) == Some(sid)));
        pairs.push((index, statement, own.map(|at| left.remove(at))));
    }
    for (_, statement, other) in &mut pairs {
        // One that has a name is not the one of another name.
        let next = left.iter().position(|one| sid(one).is_none() || sid(statement).is_none());
        *other = other.or_else(|| next.map(|at| left.remove(at)));
    }
    let mut found = Vec::new();
    for (index, statement, other) in pairs {
        let name = sid(statement).map_or_else(|| index.to_string(), ToOwned::to_owned);
        match other {
            Some(other) => members(&name, statement, other, &mut found),
            None => found.push(at(&[&name], Some(statement), None)),
        }
    }
    for other in left {
        let name: Vec<&str> = sid(other).into_iter().collect();
        found.push(at(&name, None, Some(other)));
    }
    found
}

/// The members of one statement that differ; the whole statement where none does by itself.
fn members(name: &str, expected: &Value, actual: &Value, found: &mut Vec<Difference>) {
    let (Some(one), Some(other)) = (expected.as_object(), actual.as_object()) else {
        return found.push(at(&[name], Some(expected), Some(actual)));
    };
    let before = found.len();
    let more = other.keys().filter(|member| !one.contains_key(*member));
    for member in one.keys().chain(more) {
        let (expected, actual) = (one.get(member), other.get(member));
        let is_same = match (expected, actual) {
            (Some(expected), Some(actual)) => says_the_same(expected, actual),
            (one, other) => one.or(other).is_none_or(is_nothing),
        };
        if !is_same && member != "Sid" {
            found.push(at(&[name, member], expected, actual));
        }
    }
    if found.len() == before {
        found.push(at(&[name], Some(expected), Some(actual)));
    }
}

fn at(path: &[&str], expected: Option<&Value>, actual: Option<&Value>) -> Difference {
    let path = std::iter::once(&STATEMENT).chain(path).map(|part| (*part).to_owned()).collect();
    Difference { path, expected: expected.cloned(), actual: actual.cloned() }
}

fn listed(document: &Value) -> Vec<&Value> {
    match document.get(STATEMENT) {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

fn sid(statement: &Value) -> Option<&str> {
    statement.get("Sid").and_then(Value::as_str).filter(|sid| !sid.is_empty())
}

/// Whether two statements grant the same.
fn is_same(one: &Value, other: &Value) -> bool {
    grants([&json!({STATEMENT: one})]) == grants([&json!({STATEMENT: other})])
}

/// Whether two members of statements say the same: one text as a list of it, and lists in any order.
fn says_the_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| says_the_same(value, other)))
        }
        (Value::Object(_), _) | (_, Value::Object(_)) => false,
        _ => {
            let texts = |value: &Value| match value {
                Value::Array(items) => items.clone(),
                one => vec![one.clone()],
            };
            let (one, other) = (texts(one), texts(other));
            one.len() == other.len() && one.iter().all(|item| other.iter().any(|other| same(item, other)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(expected: Value, actual: Value) -> Vec<(String, Option<Value>, Option<Value>)> {
        let document = |statement: Value| json!({"Version": "2012-10-17", "Statement": statement});
        let found = statements(&document(expected), &document(actual));
        found.into_iter().map(|one| (one.path.join("."), one.expected, one.actual)).collect()
    }

    fn allow(sid: Option<&str>, action: &str, resource: &str) -> Value {
        let mut statement = json!({"Effect": "Allow", "Action": action, "Resource": resource});
        if let Some(sid) = sid {
            statement["Sid"] = json!(sid);
        }
        statement
    }

    #[test]
    fn a_resource_that_was_widened_is_told_as_that_of_its_statement() {
        let found = between(
            json!([allow(Some("Read"), "s3:GetObject", "arn:a"), allow(Some("Write"), "s3:PutObject", "arn:a")]),
            json!([allow(Some("Read"), "s3:GetObject", "*"), allow(Some("Write"), "s3:PutObject", "arn:a")]),
        );
        assert_eq!(found, [("Statement.Read.Resource".to_owned(), Some(json!("arn:a")), Some(json!("*")))]);
    }

    #[test]
    fn a_statement_without_a_name_is_called_by_its_position() {
        let found = between(
            json!([allow(None, "a:A", "*"), allow(None, "b:B", "*")]),
            json!([allow(None, "a:A", "*"), allow(None, "b:*", "*")]),
        );
        assert_eq!(found, [("Statement.1.Action".to_owned(), Some(json!("b:B")), Some(json!("b:*")))]);
    }

    #[test]
    fn a_statement_that_was_added_is_told_whole() {
        let added = allow(Some("Mine"), "iam:*", "*");
        let found = between(allow(None, "a:A", "*"), json!([added, allow(None, "a:A", "*")]));
        assert_eq!(found, [("Statement.Mine".to_owned(), None, Some(added))]);
    }

    #[test]
    fn a_statement_that_was_taken_out_is_told_whole() {
        let (one, other) = (allow(Some("One"), "a:A", "*"), allow(Some("Other"), "b:B", "*"));
        let found = between(json!([one, other]), json!([one]));
        assert_eq!(found, [("Statement.Other".to_owned(), Some(other), None)]);
    }

    #[test]
    fn a_condition_that_was_taken_out_is_told_as_that() {
        let open = allow(Some("Read"), "s3:GetObject", "*");
        let mut guarded = open.clone();
        guarded["Condition"] = json!({"StringEquals": {"aws:SourceAccount": "111122223333"}});
        let condition = Some(guarded["Condition"].clone());
        assert_eq!(between(guarded, open), [("Statement.Read.Condition".to_owned(), condition, None)]);
    }

    #[test]
    fn lists_in_another_order_are_no_part_of_what_differs() {
        let found = between(
            json!({"Effect": "Allow", "Action": ["a:A", "b:B"], "Resource": ["arn:a"]}),
            json!({"Effect": "Deny", "Action": ["b:B", "a:A"], "Resource": "arn:a"}),
        );
        assert_eq!(found, [("Statement.0.Effect".to_owned(), Some(json!("Allow")), Some(json!("Deny")))]);
    }
}
