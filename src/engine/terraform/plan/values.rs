//! The values on both sides of a change: what is secret is masked, what is not known yet says so.

use serde_json::{Map, Value};

/// Stands for a value that is known only after the apply.
const UNKNOWN: &str = "(known after apply)";
/// Stands for a value that Terraform calls sensitive.
const SENSITIVE: &str = "(sensitive)";

/// A value with what is sensitive masked and what is not known yet named, by the marks that Terraform's plan has beside
/// it.
pub(in crate::engine::terraform) fn shown(value: &Value, unknown: &Value, sensitive: &Value) -> Value {
    if sensitive == &Value::Bool(true) {
        return if value.is_null() && unknown != &Value::Bool(true) { Value::Null } else { SENSITIVE.into() };
    }
    if unknown == &Value::Bool(true) {
        return UNKNOWN.into();
    }
    match value {
        Value::Object(object) => {
            let mut keys: Vec<&String> = object.keys().collect();
            keys.extend(unknown.as_object().into_iter().flat_map(Map::keys).filter(|key| !object.contains_key(*key)));
            let part = |key: &String| {
                let value = object.get(key).unwrap_or(&Value::Null);
                shown(value, of_key(unknown, key), of_key(sensitive, key))
            };
            Value::Object(keys.into_iter().map(|key| (key.clone(), part(key))).collect())
        }
        Value::Array(list) => {
            let part = |(index, value)| shown(value, of_index(unknown, index), of_index(sensitive, index));
            Value::Array(list.iter().enumerate().map(part).collect())
        }
        other => other.clone(),
    }
}

/// A value before a change with its lists of named objects in the order of the value after it: the provider keeps
/// containers' variables in an order of its own, and an order says nothing where everything has a name.
pub(in crate::engine::terraform) fn aligned(before: Value, after: &Value) -> Value {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let part = |(key, value): (String, Value)| {
                let value = aligned(value, new.get(&key).unwrap_or(&Value::Null));
                (key, value)
            };
            Value::Object(old.into_iter().map(part).collect())
        }
        (Value::Array(mut rest), Value::Array(new)) if has_names(&rest) && has_names(new) => {
            let mut list = Vec::with_capacity(rest.len());
            for after in new {
                if let Some(at) = rest.iter().position(|old| old["name"] == after["name"]) {
                    list.push(aligned(rest.remove(at), after));
                }
            }
            list.append(&mut rest);
            Value::Array(list)
        }
        (before, _) => before,
    }
}

fn has_names(list: &[Value]) -> bool {
    list.iter().all(|item| item.get("name").is_some_and(Value::is_string))
}

/// The mark of a key.
pub(in crate::engine::terraform) fn of_key<'a>(marks: &'a Value, key: &str) -> &'a Value {
    marks.get(key).unwrap_or(&Value::Null)
}

fn of_index(marks: &Value, index: usize) -> &Value {
    marks.get(index).unwrap_or(&Value::Null)
}

/// Whether a mark, or one inside it, is set.
pub(in crate::engine::terraform) fn is_marked(mark: &Value) -> bool {
    match mark {
        Value::Bool(set) => *set,
        Value::Array(list) => list.iter().any(is_marked),
        Value::Object(object) => object.values().any(is_marked),
        _ => false,
    }
}

/// Whether Terraform's own defaults make two values the same: an absent value, an empty text and an empty list are.
pub(in crate::engine::terraform) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    }
}

/// Paths inside two values where they differ, as deep as both have the same shape.
pub(in crate::engine::terraform) fn differences(
    before: &Value,
    after: &Value,
    path: &mut Vec<String>,
    found: &mut Vec<Vec<String>>,
) {
    if before == after || (is_nothing(before) && is_nothing(after)) {
        return;
    }
    match (before, after) {
        (Value::Object(old), Value::Object(new)) if !path.is_empty() => {
            let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                path.push(key.clone());
                differences(of_key(before, key), of_key(after, key), path, found);
                path.pop();
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() && old.iter().all(Value::is_object) => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                path.push(index.to_string());
                differences(old, new, path, found);
                path.pop();
            }
        }
        _ => found.push(path.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::opened::opened;

    #[test]
    fn a_sensitive_value_is_masked_however_deep_it_is() {
        let value = json!({"name": "a", "settings": [{"password": "canary"}]});
        let text = shown(&value, &json!({}), &json!({"settings": [{"password": true}]})).to_string();
        assert!(!text.contains("canary") && text.contains("(sensitive)"), "{text}");
    }

    #[test]
    fn what_is_known_only_later_says_so() {
        assert_eq!(shown(&json!({"a": 1}), &json!({"id": true}), &json!({}))["id"], "(known after apply)");
    }

    #[test]
    fn differences_go_as_deep_as_both_sides_look_alike() {
        let mut found = Vec::new();
        let (before, after) = (json!({"a": "1", "b": "2"}), json!({"a": "1", "b": "3"}));
        differences(&before, &after, &mut vec!["tags".to_owned()], &mut found);
        assert_eq!(found, [["tags", "b"]]);
    }

    #[test]
    fn a_text_in_json_is_looked_into() {
        let mut found = Vec::new();
        let of = |memory: u32| opened(&json!(format!("[{{\"name\": \"a\", \"memory\": {memory}}}]")));
        differences(&of(1), &of(2), &mut vec!["container_definitions".to_owned()], &mut found);
        assert_eq!(found, [["container_definitions", "0", "memory"]]);
        assert_eq!(opened(&json!("{{resolve:ssm:a}}")), json!("{{resolve:ssm:a}}"));
    }

    #[test]
    fn the_order_of_named_things_is_no_difference() {
        let before = json!([{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]);
        let after = json!([{"name": "b", "value": "3"}, {"name": "a", "value": "1"}]);
        let mut found = Vec::new();
        differences(&aligned(before, &after), &after, &mut vec!["environment".to_owned()], &mut found);
        assert_eq!(found, [["environment", "0", "value"]]);
    }

    #[test]
    fn an_empty_map_is_no_difference_from_none() {
        let mut found = Vec::new();
        differences(&json!(null), &json!({}), &mut vec!["tags".to_owned()], &mut found);
        assert!(found.is_empty());
    }
}
