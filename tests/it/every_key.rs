//! For every key of the spec: misspelt, or with a value of the wrong type, it is reported on its own line.

use std::collections::BTreeSet;

use gwinfra::spec::{self, json_schema::SCHEMA_TEXT};
use serde_json::Value;

const SPECS: [&str; 4] = [
    include_str!("../specs/valid/everything.yaml"),
    include_str!("../specs/valid/second-alternatives.yaml"),
    include_str!("../specs/valid/third-alternatives.yaml"),
    include_str!("../specs/valid/existing-eks-cluster.yaml"),
];

/// A key of the spec, as the schema has it: list items as `*`, and keys that the user names as `*`.
type SchemaPath = String;

/// Every key that the schema has, outside `environments`.
fn schema_keys() -> BTreeSet<SchemaPath> {
    let schema: Value = serde_json::from_str(SCHEMA_TEXT).unwrap();
    let mut keys = BTreeSet::new();
    collect(&schema, &schema, "", &mut keys);
    keys
}

fn collect(root: &Value, schema: &Value, path: &str, keys: &mut BTreeSet<SchemaPath>) {
    if let Some(name) = schema["$ref"].as_str() {
        return collect(root, &root["$defs"][name.trim_start_matches("#/$defs/")], path, keys);
    }
    let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        keys.insert(join(key));
        if key != "environments" {
            collect(root, property, &join(key), keys);
        }
    }
    for alternatives in ["oneOf", "anyOf"] {
        schema[alternatives].as_array().into_iter().flatten().for_each(|one| collect(root, one, path, keys));
    }
    for below in [&schema["items"], &schema["additionalProperties"]] {
        if below.is_object() {
            collect(root, below, &join("*"), keys);
        }
    }
    schema["patternProperties"]
        .as_object()
        .into_iter()
        .flatten()
        .for_each(|(_, one)| collect(root, one, &join("*"), keys));
}

/// Every path of a spec that the schema names, with its path there.
fn keys_of(text: &str, known: &BTreeSet<SchemaPath>) -> Vec<(String, SchemaPath)> {
    let value: Value = serde_yaml::from_str(text).unwrap();
    let mut found = Vec::new();
    walk(&value, "", "", known, &mut found);
    found
}

fn walk(value: &Value, path: &str, general: &str, known: &BTreeSet<SchemaPath>, found: &mut Vec<(String, SchemaPath)>) {
    let join = |path: &str, key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let (here, named) = (join(path, key), join(general, key));
                if known.contains(&named) {
                    found.push((here.clone(), named.clone()));
                    walk(value, &here, &named, known, found);
                } else {
                    walk(value, &here, &join(general, "*"), known, found);
                }
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| {
                walk(item, &join(path, &index.to_string()), &join(general, "*"), known, found);
            });
        }
        _ => {}
    }
}

/// The lines of the findings of a changed spec.
fn lines_of_findings(text: &str) -> Vec<u32> {
    let findings =
        spec::load("gwinfra.yaml", text.as_bytes(), None).map_or_else(|report| report.diagnostics, |_| Vec::new());
    findings.iter().filter_map(|finding| finding.span.as_ref()).map(|span| span.start.line).collect()
}

/// A text with a stretch of it replaced.
fn replaced(text: &str, from: usize, to: usize, by: &str) -> String {
    format!("{}{by}{}", &text[..from], &text[to..])
}

#[test]
fn the_valid_specs_set_every_key() {
    let known = schema_keys();
    let set: BTreeSet<SchemaPath> =
        SPECS.iter().flat_map(|text| keys_of(text, &known)).map(|(_, general)| general).collect();
    let missing: Vec<&SchemaPath> = known.difference(&set).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn a_misspelt_key_is_reported_on_its_line() {
    let known = schema_keys();
    for text in SPECS {
        let loaded = spec::load("gwinfra.yaml", text.as_bytes(), None).unwrap();
        for (path, _) in keys_of(text, &known) {
            let key = loaded.spans.key(&path).unwrap();
            let (from, to) = (loaded.source.offset(key.start), loaded.source.offset(key.end));
            let broken = replaced(text, from, to, &format!("{}zz", &text[from..to]));
            let lines = lines_of_findings(&broken);
            assert!(lines.contains(&key.start.line), "{path} on line {}: {lines:?}", key.start.line);
        }
    }
}

#[test]
fn a_value_of_the_wrong_type_is_reported_on_its_line() {
    let known = schema_keys();
    for text in SPECS {
        let loaded = spec::load("gwinfra.yaml", text.as_bytes(), None).unwrap();
        for (path, _) in keys_of(text, &known) {
            let (key, value) = (loaded.spans.key(&path).unwrap(), loaded.spans.value(&path).unwrap());
            // No key takes a list of lists, and the keys that take anything are maps.
            let (from, to) = (loaded.source.offset(key.end), loaded.source.offset(value.end));
            let lines = lines_of_findings(&replaced(text, from, to, ": [[]]"));
            assert!(lines.contains(&key.start.line), "{path} on line {}: {lines:?}", key.start.line);
        }
    }
}
