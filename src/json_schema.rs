//! JSON Schemas of what commands print.

use schemars::JsonSchema;

/// The JSON Schema of what is printed as a type, under the name of its format, as text.
pub(crate) fn text<T: JsonSchema>(format: &str) -> String {
    let mut schema =
        schemars::generate::SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), format.into());
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
