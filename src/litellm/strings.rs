//! The strings of a configuration.

use serde_json::Value;

/// A string and where it is.
#[derive(Debug, Clone)]
pub(super) struct Text<'a> {
    /// Its path, dotted, list items by their index.
    pub(super) path: String,
    /// The key that it belongs to: its own, or that of the list that it is in.
    pub(super) key: &'a str,
    /// The string.
    pub(super) text: &'a str,
    /// Whether it is an item of a list.
    pub(super) item: bool,
}

/// Every string below a value, in the order of the text.
pub(super) fn strings(document: &Value) -> Vec<Text<'_>> {
    let mut found = Vec::new();
    add(&mut found, String::new(), "", document, false);
    found
}

fn add<'a>(found: &mut Vec<Text<'a>>, path: String, key: &'a str, value: &'a Value, item: bool) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::String(text) => found.push(Text { path, key, text, item }),
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                add(found, below(&index.to_string()), key, value, true);
            }
        }
        Value::Object(map) => map.iter().for_each(|(name, value)| add(found, below(name), name, value, false)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
