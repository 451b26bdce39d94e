//! What differs between two sets of properties, and what that does to the resource.

use serde_json::Value;

use crate::cfn::registry::{Replacement, ResourceSchema};

/// One property that differs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PropertyChange {
    /// From the resource: `Tags`, `0`, `Value`.
    pub path: Vec<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub replacement: Replacement,
}

impl PropertyChange {
    /// The top-level property.
    pub fn name(&self) -> &str {
        self.path.first().map_or("", String::as_str)
    }

    /// `Add`, `Modify` or `Remove`.
    pub fn kind(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "Add",
            (_, None) => "Remove",
            _ => "Modify",
        }
    }
}

/// The differences, as deep as both sides have the same shape.
pub(super) fn changes(schema: Option<&ResourceSchema>, before: &Value, after: &Value) -> Vec<PropertyChange> {
    let mut found = Vec::new();
    let mut path = Vec::new();
    walk(schema, Some(before), Some(after), &mut path, &mut found);
    found
}

fn walk(
    schema: Option<&ResourceSchema>,
    before: Option<&Value>,
    after: Option<&Value>,
    path: &mut Vec<String>,
    found: &mut Vec<PropertyChange>,
) {
    match (before, after) {
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            let added = right.keys().filter(|key| !left.contains_key(*key));
            for key in left.keys().chain(added) {
                path.push(key.clone());
                walk(schema, left.get(key), right.get(key), path, found);
                path.pop();
            }
        }
        (Some(Value::Array(left)), Some(Value::Array(right)))
            if left.len() == right.len()
                && !left.is_empty()
                && left.iter().chain(right).all(|item| item.is_object()) =>
        {
            for (index, (left, right)) in left.iter().zip(right).enumerate() {
                path.push(index.to_string());
                walk(schema, Some(left), Some(right), path, found);
                path.pop();
            }
        }
        (before, after) if same(before, after) => {}
        (before, after) => {
            let replacement = schema.map_or(Replacement::Never, |schema| schema.replacement(path));
            found.push(PropertyChange {
                path: path.clone(),
                before: before.cloned(),
                after: after.cloned(),
                replacement,
            });
        }
    }
}

/// Equal, a number or boolean and its text being the same.
fn same(before: Option<&Value>, after: Option<&Value>) -> bool {
    match (before, after) {
        (Some(left), Some(right)) => {
            let text = crate::simulator::request::scalar;
            left == right || (text(left).is_some() && text(left) == text(right))
        }
        (None, None) => true,
        _ => false,
    }
}

/// The worst of several changes.
pub(super) fn worst(changes: &[PropertyChange]) -> Replacement {
    changes.iter().map(|change| change.replacement).max().unwrap_or(Replacement::Never)
}
