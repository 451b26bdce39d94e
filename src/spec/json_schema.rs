//! The JSON Schema of the spec, for editors, for the shape check and for the reference in `docs/spec.md`.

mod overlay;
mod reference;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::Spec;

pub use overlay::FIXED_KEYS;
pub use reference::reference_markdown;

/// Where the schema is published. Editors use it only to tell schemas apart.
pub const SCHEMA_ID: &str = "https://gwinfra.dev/schemas/gwinfra.v1.schema.json";

/// The committed copy of [`json_schema`], parsed instead of generating it.
pub const SCHEMA_TEXT: &str = include_str!("../../schemas/gwinfra.v1.schema.json");

/// The JSON Schema (draft 2020-12) of the spec.
pub fn json_schema() -> Value {
    let generated = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Spec>().to_value();
    let Value::Object(mut members) = generated else { return generated };
    members.remove("$schema");
    let mut schema = json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID });
    if let Value::Object(all) = &mut schema {
        all.extend(members);
    }
    forbid_null(&mut schema);
    overlay::describe_environments(&mut schema);
    schema
}

/// The schema as text: what is committed and what `gwinfra schema` prints.
pub fn json_schema_text() -> String {
    format!("{:#}\n", json_schema())
}

/// A key that is not wanted is left out: outside environments, `null` has no meaning.
fn forbid_null(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            forbid_null_type(members);
            forbid_null_alternative(members);
            if members.get("default") == Some(&Value::Null) {
                members.remove("default");
            }
            members.values_mut().for_each(forbid_null);
        }
        Value::Array(items) => items.iter_mut().for_each(forbid_null),
        _ => {}
    }
}

fn forbid_null_type(members: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            members.insert("type".to_owned(), only);
        }
    }
}

fn forbid_null_alternative(members: &mut Map<String, Value>) {
    let Some(Value::Array(alternatives)) = members.get_mut("anyOf") else { return };
    let before = alternatives.len();
    alternatives.retain(|alternative| alternative.get("type") != Some(&json!("null")));
    if alternatives.len() == before {
        return;
    }
    if let [Value::Object(only)] = alternatives.as_slice() {
        let only = only.clone();
        members.remove("anyOf");
        members.extend(only);
    }
}
