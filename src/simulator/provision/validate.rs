//! Checks resolved properties against a type's schema, with CloudFormation's messages.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use regex::Regex;
use serde_json::{Map, Value};

use super::Failure;
use crate::cfn::registry::ResourceSchema;

/// One way in which properties do not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// `#` or `#/Property/0/Inner`.
    pub path: String,
    /// CloudFormation's words.
    pub message: String,
}

/// All violations of a schema. Values that are references (`{{resolve:..}}`) or not known yet fit anything.
pub fn violations(schema: &ResourceSchema, properties: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut check = Check { schema, found: &mut found };
    check.node(schema.raw(), properties, "#", 0);
    for property in properties.as_object().into_iter().flat_map(Map::keys) {
        if schema.is_read_only(property) {
            found.push(Violation {
                path: "#".to_owned(),
                message: format!("extraneous key [{property}] is not permitted"),
            });
        }
    }
    found
}

pub(super) fn failure(schema: &ResourceSchema, properties: &Value, logical_id: &str) -> Option<Failure> {
    let found = violations(schema, properties);
    if found.is_empty() {
        return None;
    }
    let lines: Vec<String> = found.iter().map(|one| format!("{}: {}", one.path, one.message)).collect();
    Some(Failure::verbatim(
        "InvalidRequest",
        format!("Properties validation failed for resource {logical_id} with message:\n[{}]", lines.join(", ")),
    ))
}

/// The properties with texts turned into numbers and booleans, and the reverse, where the schema has the other: CloudFormation does so
/// before it calls a service.
pub fn coerce(schema: &ResourceSchema, properties: &Value) -> Value {
    coerce_node(schema, schema.raw(), properties, 0)
}

fn coerce_node(schema: &ResourceSchema, node: &Value, value: &Value, depth: usize) -> Value {
    let Some(node) = schema.resolve(node).filter(|_| depth < 64) else { return value.clone() };
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, inner)| {
                    let inner = match schema.member_schema(node, key) {
                        Some(member) => coerce_node(schema, member, inner, depth + 1),
                        None => inner.clone(),
                    };
                    (key.clone(), inner)
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| {
                    node.get("items").map_or_else(|| item.clone(), |node| coerce_node(schema, node, item, depth + 1))
                })
                .collect(),
        ),
        Value::String(text) => match node.get("type").and_then(Value::as_str) {
            Some("boolean") if text.eq_ignore_ascii_case("true") => Value::Bool(true),
            Some("boolean") if text.eq_ignore_ascii_case("false") => Value::Bool(false),
            Some("integer") => text.parse::<i64>().map_or_else(|_| value.clone(), Value::from),
            Some("number") => match text.parse::<i64>() {
                Ok(number) => Value::from(number),
                Err(_) => text.parse::<f64>().map_or_else(|_| value.clone(), Value::from),
            },
            _ => value.clone(),
        },
        Value::Number(_) | Value::Bool(_) if node.get("type").and_then(Value::as_str) == Some("string") => {
            Value::String(value.to_string())
        }
        other => other.clone(),
    }
}

struct Check<'a> {
    schema: &'a ResourceSchema,
    found: &'a mut Vec<Violation>,
}

impl Check<'_> {
    fn report(&mut self, path: &str, message: String) {
        self.found.push(Violation { path: path.to_owned(), message });
    }

    fn node(&mut self, node: &Value, value: &Value, path: &str, depth: usize) {
        let Some(node) = self.schema.resolve(node).filter(|_| depth < 64) else { return };
        if is_open(value) {
            return;
        }
        if let Some(types) = node.get("type")
            && !fits_type(types, value)
        {
            return self.report(path, format!("expected type: {}, found: {}", title(types), kind(value)));
        }
        for word in ["anyOf", "oneOf"] {
            if let Some(options) = node.get(word).and_then(Value::as_array)
                && !options.iter().any(|option| self.fits(option, value, depth))
            {
                self.report(path, format!("#: no subschema matched out of the total {} subschemas", options.len()));
            }
        }
        self.scalar(node, value, path);
        match value {
            Value::Object(map) => self.object(node, map, path, depth),
            Value::Array(items) => self.list(node, items, path, depth),
            _ => {}
        }
    }

    fn fits(&self, node: &Value, value: &Value, depth: usize) -> bool {
        let mut found = Vec::new();
        Check { schema: self.schema, found: &mut found }.node(node, value, "#", depth + 1);
        found.is_empty()
    }

    fn scalar(&mut self, node: &Value, value: &Value, path: &str) {
        if let Some(allowed) = node.get("enum").and_then(Value::as_array)
            && !allowed
                .iter()
                .any(|one| one == value || (one.as_str().is_none() && value.as_str() == Some(&one.to_string())))
        {
            self.report(path, format!("{} is not a valid enum value", plain(value)));
        }
        let bound = |name: &str| node.get(name).and_then(Value::as_f64);
        if let Some(number) = value.as_f64() {
            if let Some(least) = bound("minimum").filter(|least| number < *least) {
                self.report(path, format!("{} is not greater or equal to {least}", plain(value)));
            }
            if let Some(most) = bound("maximum").filter(|most| number > *most) {
                self.report(path, format!("{} is not less or equal to {most}", plain(value)));
            }
        }
        let Some(text) = value.as_str() else { return };
        let length = text.chars().count();
        if let Some(least) = bound("minLength").filter(|least| (length as f64) < *least) {
            self.report(path, format!("expected minLength: {least}, actual: {length}"));
        }
        if let Some(most) = bound("maxLength").filter(|most| (length as f64) > *most) {
            self.report(path, format!("expected maxLength: {most}, actual: {length}"));
        }
        if let Some(pattern) = node.get("pattern").and_then(Value::as_str)
            && !matches(pattern, text)
        {
            self.report(path, format!("string [{text}] does not match pattern {pattern}"));
        }
    }

    fn object(&mut self, node: &Value, map: &Map<String, Value>, path: &str, depth: usize) {
        let names = |value: &Value| -> Vec<String> {
            value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        for key in node.get("required").map(names).unwrap_or_default() {
            if !map.contains_key(&key) {
                self.report(path, format!("required key [{key}] not found"));
            }
        }
        for (word, exactly) in [("requiredXor", true), ("requiredOr", false)] {
            let Some(keys) = node.get(word).map(names) else { continue };
            let present = keys.iter().filter(|key| map.contains_key(*key)).count();
            if present == 0 || (exactly && present > 1) {
                self.report(
                    path,
                    format!("#: {present} subschemas matched instead of one of the keys [{}]", keys.join(", ")),
                );
            }
        }
        for (word, wanted) in [("dependentRequired", true), ("dependentExcluded", false)] {
            for (key, others) in node.get(word).and_then(Value::as_object).into_iter().flatten() {
                if !map.contains_key(key) {
                    continue;
                }
                for other in names(others) {
                    if map.contains_key(&other) != wanted {
                        let verb = if wanted { "requires" } else { "cannot be used together with" };
                        self.report(path, format!("property [{key}] {verb} [{other}]"));
                    }
                }
            }
        }
        let closed =
            node.get("additionalProperties") == Some(&Value::Bool(false)) && node.get("patternProperties").is_none();
        for (key, value) in map {
            match self.schema.member_schema(node, key) {
                Some(member) => self.node(member, value, &format!("{path}/{key}"), depth + 1),
                None if closed => self.report(path, format!("extraneous key [{key}] is not permitted")),
                None => {}
            }
        }
    }

    fn list(&mut self, node: &Value, items: &[Value], path: &str, depth: usize) {
        let bound = |name: &str| node.get(name).and_then(Value::as_u64);
        let count = items.len() as u64;
        if let Some(least) = bound("minItems").filter(|least| count < *least) {
            self.report(path, format!("expected minimum item count: {least}, found: {count}"));
        }
        if let Some(most) = bound("maxItems").filter(|most| count > *most) {
            self.report(path, format!("expected maximum item count: {most}, found: {count}"));
        }
        if node.get("uniqueItems") == Some(&Value::Bool(true))
            && items.iter().enumerate().any(|(index, item)| !is_open(item) && items[..index].contains(item))
        {
            self.report(path, "array items are not unique".to_owned());
        }
        if let Some(item_schema) = node.get("items") {
            for (index, item) in items.iter().enumerate() {
                self.node(item_schema, item, &format!("{path}/{index}"), depth + 1);
            }
        }
    }
}

/// A value that is filled in later.
fn is_open(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("{{resolve:") || text.contains("{{changeSet:"))
}

fn fits_type(types: &Value, value: &Value) -> bool {
    match types {
        Value::Array(types) => types.iter().any(|one| fits_type(one, value)),
        Value::String(name) => match name.as_str() {
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            // A policy document may be given as JSON text.
            "object" => value.is_object(),
            "null" => value.is_null(),
            _ => true,
        },
        _ => true,
    }
}

fn title(types: &Value) -> String {
    let name = match types {
        Value::Array(types) => types.first().and_then(Value::as_str).unwrap_or_default(),
        other => other.as_str().unwrap_or_default(),
    };
    match name {
        "array" => "JSONArray".to_owned(),
        "object" => "JSONObject".to_owned(),
        other => other.chars().take(1).flat_map(char::to_uppercase).chain(other.chars().skip(1)).collect(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(number) if number.is_f64() => "Double",
        Value::Number(_) => "Integer",
        Value::String(_) => "String",
        Value::Array(_) => "JSONArray",
        Value::Object(_) => "JSONObject",
    }
}

fn plain(value: &Value) -> String {
    super::super::request::scalar(value).unwrap_or_else(|| value.to_string())
}

/// Compiled patterns: a stack checks the same ones for every resource. `None` is a pattern that the engine cannot do (look-around).
static PATTERNS: Mutex<BTreeMap<String, Option<Regex>>> = Mutex::new(BTreeMap::new());

fn matches(pattern: &str, text: &str) -> bool {
    let mut patterns = PATTERNS.lock().unwrap_or_else(PoisonError::into_inner);
    let compiled = patterns.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).ok());
    compiled.as_ref().is_none_or(|regex| regex.is_match(text))
}
