//! Paths in trees of facts.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

/// Takes what is at a dotted path, and the objects around it that have nothing else.
pub(super) fn take(value: &mut Json, path: &str) -> Option<Json> {
    let members = value.as_object_mut()?;
    let Some((head, rest)) = path.split_once('.') else { return members.remove(path) };
    let inner = members.get_mut(head)?;
    let taken = take(inner, rest)?;
    if inner.as_object().is_some_and(Map::is_empty) {
        members.remove(head);
    }
    Some(taken)
}

/// Puts a value at a dotted path; what is there already is joined with it.
pub(super) fn put(value: &mut Json, path: &str, new: Json) {
    if !value.is_object() {
        *value = Json::Object(Map::new());
    }
    let Some(members) = value.as_object_mut() else { return };
    match path.split_once('.') {
        Some((head, rest)) => put(members.entry(head).or_insert_with(|| Json::Object(Map::new())), rest, new),
        None => match members.get_mut(path) {
            Some(old) => merge(old, new),
            None => {
                members.insert(path.to_owned(), new);
            }
        },
    }
}

/// Joins two trees. Two values of one fact stand there together, so that they are seen.
pub(super) fn merge(into: &mut Json, from: Json) {
    match (into, from) {
        (Json::Object(into), Json::Object(from)) => {
            for (key, value) in from {
                match into.get_mut(&key) {
                    Some(old) => merge(old, value),
                    None => {
                        into.insert(key, value);
                    }
                }
            }
        }
        (into, from) if *into == from => {}
        (into, from) => *into = Json::Array(vec![into.take(), from]),
    }
}

/// The leaves of a tree by their dotted paths. An empty object is a leaf.
pub(super) fn leaves(value: &Json) -> BTreeMap<String, Json> {
    let mut found = BTreeMap::new();
    collect(value, String::new(), &mut found);
    found
}

fn collect(value: &Json, path: String, found: &mut BTreeMap<String, Json>) {
    match value.as_object().filter(|members| !members.is_empty() || path.is_empty()) {
        Some(members) => {
            for (key, value) in members {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                collect(value, path, found);
            }
        }
        None => {
            found.insert(path, value.clone());
        }
    }
}

/// Whether a path is another one, or below it; `*` stands for one step.
pub(super) fn below(pattern: &str, path: &str) -> bool {
    let mut steps = path.split('.');
    pattern.split('.').all(|own| steps.next().is_some_and(|step| own == "*" || own == step))
}

/// Whether a path is another one; `*` stands for one step.
pub(super) fn fits(pattern: &str, path: &str) -> bool {
    below(pattern, path) && pattern.split('.').count() == path.split('.').count()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_taken_leaves_no_empty_object_behind() {
        let mut value = json!({"a": {"b": {"c": 1}}, "d": 2});
        assert_eq!(take(&mut value, "a.b.c"), Some(json!(1)));
        assert_eq!(value, json!({"d": 2}));
    }

    #[test]
    fn two_values_of_one_fact_stay_visible() {
        let mut value = json!({"a": 1});
        put(&mut value, "a", json!(2));
        assert_eq!(value, json!({"a": [1, 2]}));
    }

    #[test]
    fn an_empty_object_is_a_leaf() {
        assert_eq!(leaves(&json!({"a": {"allow": {}}})), BTreeMap::from([("a.allow".to_owned(), json!({}))]));
    }

    #[test]
    fn a_star_stands_for_one_step() {
        assert!(fits("rules.*.action", "rules.limit.action"));
        assert!(!fits("rules.*", "rules.limit.action"));
        assert!(below("rules.*", "rules.limit.action"));
        assert!(!below("rules.*.action.x", "rules.limit.action"));
    }
}
