//! JSON Patch, RFC 6902.

use serde_json::Value;

/// The most characters of a resource's properties.
/// <https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/API_ResourceDescription.html>
const MAXIMUM_BYTES: usize = 262_144;
/// Levels that copies of a document in itself may have. No resource type has a tenth of it.
const MAXIMUM_LEVELS: usize = 128;

/// A patch that does not apply.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum PatchError {
    /// The document is not a list of operations.
    #[error("the patch document is not a list of operations")]
    NotAList,
    /// An operation lacks a member, or has an unknown `op`.
    #[error("operation {0} is malformed")]
    Malformed(usize),
    /// An operation's path leads nowhere.
    #[error("no such path in JSON document: {0}")]
    NoSuchPath(String),
    /// Copies of copies are more than a resource can hold.
    #[error("the patched document is larger than {MAXIMUM_BYTES} bytes or has more than {MAXIMUM_LEVELS} levels")]
    TooLarge,
    /// A `test` found something else.
    #[error("value differs from expectations at {0}")]
    TestFailed(String),
}

/// Applies all operations in order. The value is left half changed if one fails.
pub(super) fn apply(value: &mut Value, document: &Value) -> Result<(), PatchError> {
    let operations = document.as_array().ok_or(PatchError::NotAList)?;
    for (index, operation) in operations.iter().enumerate() {
        let text = |name: &str| operation.get(name).and_then(Value::as_str).ok_or(PatchError::Malformed(index));
        let content = || operation.get("value").cloned().ok_or(PatchError::Malformed(index));
        let path = text("path")?;
        match text("op")? {
            "add" => add(value, path, content()?)?,
            "remove" => {
                remove(value, path)?;
            }
            "replace" => {
                let target = value.pointer_mut(path).ok_or_else(|| no_such_path(path))?;
                *target = content()?;
            }
            "move" => {
                let moved = remove(value, text("from")?)?;
                add(value, path, moved)?;
            }
            "copy" => {
                let from = text("from")?;
                let copied = value.pointer(from).cloned().ok_or_else(|| no_such_path(from))?;
                add(value, path, copied)?;
                // A patch of a few lines doubles the document with each of them.
                if levels(value) > MAXIMUM_LEVELS || value.to_string().len() > MAXIMUM_BYTES {
                    return Err(PatchError::TooLarge);
                }
            }
            "test" => {
                if value.pointer(path) != Some(&content()?) {
                    return Err(PatchError::TestFailed(path.to_owned()));
                }
            }
            _ => return Err(PatchError::Malformed(index)),
        }
    }
    Ok(())
}

fn no_such_path(path: &str) -> PatchError {
    PatchError::NoSuchPath(path.to_owned())
}

fn levels(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(levels).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(levels).max().unwrap_or_default(),
        _ => 0,
    }
}

/// The parent of a path, and the last name in it.
fn parent<'a>(value: &'a mut Value, path: &str) -> Result<(&'a mut Value, String), PatchError> {
    let (parent, name) = path.rsplit_once('/').ok_or_else(|| no_such_path(path))?;
    let parent = value.pointer_mut(parent).ok_or_else(|| no_such_path(path))?;
    Ok((parent, name.replace("~1", "/").replace("~0", "~")))
}

fn add(value: &mut Value, path: &str, content: Value) -> Result<(), PatchError> {
    if path.is_empty() {
        *value = content;
        return Ok(());
    }
    match parent(value, path)? {
        (Value::Object(members), name) => {
            members.insert(name, content);
        }
        (Value::Array(items), name) if name == "-" => items.push(content),
        (Value::Array(items), name) => match name.parse::<usize>() {
            Ok(index) if index <= items.len() => items.insert(index, content),
            _ => return Err(no_such_path(path)),
        },
        _ => return Err(no_such_path(path)),
    }
    Ok(())
}

fn remove(value: &mut Value, path: &str) -> Result<Value, PatchError> {
    match parent(value, path)? {
        (Value::Object(members), name) => members.shift_remove(&name).ok_or_else(|| no_such_path(path)),
        (Value::Array(items), name) => match name.parse::<usize>() {
            Ok(index) if index < items.len() => Ok(items.remove(index)),
            _ => Err(no_such_path(path)),
        },
        _ => Err(no_such_path(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(mut value: Value, document: Value) -> Result<Value, PatchError> {
        apply(&mut value, &document).map(|()| value)
    }

    #[test]
    fn a_member_is_replaced() {
        let result = patched(json!({"a": {"b": 1}}), json!([{"op": "replace", "path": "/a/b", "value": 2}]));
        assert_eq!(result, Ok(json!({"a": {"b": 2}})));
    }

    #[test]
    fn a_missing_member_cannot_be_replaced() {
        let result = patched(json!({}), json!([{"op": "replace", "path": "/a", "value": 2}]));
        assert_eq!(result, Err(PatchError::NoSuchPath("/a".into())));
    }

    #[test]
    fn items_are_added_at_their_place_and_at_the_end() {
        let document = json!([{"op": "add", "path": "/0", "value": 1}, {"op": "add", "path": "/-", "value": 3}]);
        assert_eq!(patched(json!([2]), document), Ok(json!([1, 2, 3])));
    }

    #[test]
    fn slashes_in_names_are_escaped() {
        let result = patched(json!({"a/b": 1}), json!([{"op": "remove", "path": "/a~1b"}]));
        assert_eq!(result, Ok(json!({})));
    }

    #[test]
    fn a_document_that_is_copied_into_itself_ends_at_what_a_resource_can_hold() {
        let copies = |path: &str| vec![json!({"op": "copy", "from": "", "path": path}); 1_000];
        assert_eq!(patched(json!([[0]]), Value::Array(copies("/-"))), Err(PatchError::TooLarge));
        assert_eq!(patched(json!({}), Value::Array(copies("/a"))), Err(PatchError::TooLarge));
    }

    #[test]
    fn a_test_stops_the_patch() {
        let result = patched(json!({"a": 1}), json!([{"op": "test", "path": "/a", "value": 2}]));
        assert_eq!(result, Err(PatchError::TestFailed("/a".into())));
    }
}
