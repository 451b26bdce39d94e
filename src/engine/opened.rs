//! Texts in JSON, looked into.

use serde_json::Value;

/// A text that is an object or a list in JSON, such as a policy or the definitions of containers, as that value: what
/// differs inside is then told by itself. Everything else as it is.
pub(in crate::engine) fn opened(value: &Value) -> Value {
    let Value::String(text) = value else { return value.clone() };
    if !text.starts_with(['{', '[']) {
        return value.clone();
    }
    serde_json::from_str(text).unwrap_or_else(|_| value.clone())
}
