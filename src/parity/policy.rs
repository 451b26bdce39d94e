//! IAM policies in one form: what IAM reads as the same is the same.

use serde_json::{Map, Value as Json};

use super::normal::{scalar_text, sorted};

/// Whether a value is a policy document.
pub(super) fn is_policy(value: &Json) -> bool {
    let Some(statements) = value.get("Statement") else { return false };
    // A statement of a web ACL has no effect.
    let items = statements.as_array().map_or_else(|| std::slice::from_ref(statements), Vec::as_slice);
    !items.is_empty() && items.iter().all(|item| item.get("Effect").is_some())
}

/// Its statements by `Sid`, else by their order once sorted; one value and a list of one are the same, and lists have
/// no order.
pub(super) fn normal(value: &Json) -> Json {
    let mut members: Map<String, Json> = Map::new();
    for (key, value) in value.as_object().into_iter().flatten() {
        let value = if key == "Statement" { statements(value) } else { Json::String(scalar_text(value)) };
        members.insert(key.clone(), value);
    }
    Json::Object(members)
}

fn statements(value: &Json) -> Json {
    let items = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
    let mut named = Map::new();
    let mut nameless = Vec::new();
    for item in items {
        let mut statement = statement(item);
        let members = statement.as_object_mut();
        match members.and_then(|members| members.remove("Sid")) {
            Some(Json::String(sid)) if !named.contains_key(&sid) => {
                named.insert(sid, statement);
            }
            _ => nameless.push(statement),
        }
    }
    nameless.sort_by_cached_key(Json::to_string);
    named.extend(nameless.into_iter().enumerate().map(|(at, statement)| ((at + 1).to_string(), statement)));
    Json::Object(named)
}

fn statement(value: &Json) -> Json {
    let member = |(key, value): (&String, &Json)| {
        let value = match key.as_str() {
            "Sid" | "Effect" => Json::String(scalar_text(value)),
            "Condition" => deep(value, 2),
            _ => deep(value, 1),
        };
        (key.clone(), value)
    };
    Json::Object(value.as_object().into_iter().flatten().map(member).collect())
}

/// Sets below maps of at most that depth.
fn deep(value: &Json, depth: usize) -> Json {
    match value {
        Json::Object(members) if depth > 0 => {
            Json::Object(members.iter().map(|(key, value)| (key.clone(), deep(value, depth - 1))).collect())
        }
        Json::Array(items) => sorted(items.iter().map(|item| Json::String(scalar_text(item))).collect()),
        one => Json::Array(vec![Json::String(scalar_text(one))]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(statements: Json) -> Json {
        normal(&json!({"Version": "2012-10-17", "Statement": statements}))
    }

    #[test]
    fn one_action_and_a_list_of_one_are_the_same() {
        let one = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"});
        let list = json!([{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"]}]);
        assert_eq!(policy(one), policy(list));
    }

    #[test]
    fn actions_and_statements_have_no_order() {
        let a = json!({"Effect": "Allow", "Action": ["x:A", "x:B"], "Resource": "*"});
        let b = json!({"Effect": "Deny", "Action": "x:C", "Resource": "*"});
        let other = json!({"Effect": "Allow", "Action": ["x:B", "x:A"], "Resource": "*"});
        assert_eq!(policy(json!([a, b])), policy(json!([b, other])));
    }

    #[test]
    fn one_action_more_is_another_policy() {
        let one = json!([{"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"}]);
        let more =
            json!([{"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"}]);
        assert_ne!(policy(one), policy(more));
    }

    #[test]
    fn an_effect_makes_a_difference() {
        let allow = json!([{"Effect": "Allow", "Action": "x:A", "Resource": "*"}]);
        let deny = json!([{"Effect": "Deny", "Action": "x:A", "Resource": "*"}]);
        assert_ne!(policy(allow), policy(deny));
    }

    #[test]
    fn a_flag_of_a_condition_and_its_text_are_the_same() {
        let condition = |value: Json| json!([{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": value}}}]);
        assert_eq!(policy(condition(json!(false))), policy(condition(json!("false"))));
    }
}
