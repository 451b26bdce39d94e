//! The reference of the spec in Markdown, from its schema: what `docs/spec.md` has.

use std::fmt::Write;

use serde_json::Value;

use super::json_schema;

const INTRODUCTION: &str = "\
# The spec

Every key of `gwinfra.yaml`. This page is made from the JSON Schema, which `gwinfra schema` prints for editors.

A key without \"required\" may be left out and then has the default that is given, or nothing. Strings need no quotes
where YAML does not ask for them. Where \"one of\" is said, the map has exactly one of the keys below it.

";

/// The reference of the spec in Markdown.
pub fn reference_markdown() -> String {
    let schema = json_schema();
    let mut page = Page { schema: &schema, text: INTRODUCTION.to_owned() };
    page.contents();
    let required = required(&schema);
    for (key, property) in members(&schema, "properties") {
        let _ = writeln!(page.text, "\n## `{key}`\n");
        let facts = page.facts(property, required.contains(&key.as_str()));
        page.section(property, &facts);
    }
    page.text
}

struct Page<'a> {
    schema: &'a Value,
    text: String,
}

impl<'a> Page<'a> {
    fn contents(&mut self) {
        for (key, _) in members(self.schema, "properties") {
            let _ = writeln!(self.text, "- [`{key}`](#{key})");
        }
    }

    /// A top-level key: its description as a paragraph, what is below it as an outline.
    fn section(&mut self, property: &'a Value, facts: &str) {
        let _ = writeln!(self.text, "{}\n\n*{facts}*", paragraph(self.description(property)));
        if !is_environments(property) {
            let mut outline = String::new();
            self.outline(property, 0, &mut outline);
            if !outline.is_empty() {
                let _ = write!(self.text, "\n{outline}");
            }
        }
    }

    /// The keys below a value, one list item each.
    fn outline(&self, schema: &'a Value, depth: usize, text: &mut String) {
        let schema = self.resolved(schema);
        let required = required(schema);
        for (key, property) in members(schema, "properties") {
            self.item(&format!("`{key}`"), property, required.contains(&key.as_str()), depth, text);
        }
        for alternative in list(schema, "oneOf").chain(list(schema, "anyOf")) {
            let resolved = self.resolved(alternative);
            if resolved["properties"].is_object() {
                let words = alternative["description"].as_str();
                for (key, property) in members(resolved, "properties") {
                    self.alternative(key, property, words, depth, text);
                }
            } else if let Some(word) = resolved["const"].as_str() {
                let description = paragraph(alternative["description"].as_str().unwrap_or_default());
                let _ = writeln!(text, "{}- value `{word}`: {description}", "  ".repeat(depth));
            } else if resolved["oneOf"].is_array() || resolved["type"] == "array" {
                self.outline(alternative, depth, text);
            }
        }
        if schema["items"].is_object() {
            self.outline(&schema["items"], depth, text);
        }
        for value in
            [schema.get("additionalProperties"), members(schema, "patternProperties").next().map(|(_, value)| value)]
        {
            let Some(value) = value.filter(|value| value.is_object()) else { continue };
            if !self.resolved(value)["properties"].is_null() {
                self.item("*name*", value, false, depth, text);
            }
        }
    }

    fn item(&self, name: &str, property: &'a Value, required: bool, depth: usize, text: &mut String) {
        let description = paragraph(self.description(property));
        let facts = self.facts(property, required);
        let _ = writeln!(text, "{}- {name} (*{facts}*): {description}", "  ".repeat(depth));
        self.outline(property, depth + 1, text);
    }

    fn alternative(&self, key: &str, property: &'a Value, words: Option<&str>, depth: usize, text: &mut String) {
        let description = paragraph(words.unwrap_or_else(|| self.description(property)));
        let facts = self.facts(property, false);
        let _ = writeln!(text, "{}- alternative `{key}` (*{facts}*): {description}", "  ".repeat(depth));
        self.outline(property, depth + 1, text);
    }

    /// Type, limits, and whether it is required or what its default is.
    fn facts(&self, property: &'a Value, required: bool) -> String {
        let mut facts = vec![self.kind(property)];
        if required {
            facts.push("required".to_owned());
        }
        // The defaults of maps stand at their own keys.
        if let Some(default) = property.get("default").filter(|default| !default.is_object()) {
            facts.push(format!("default `{}`", plain(default)));
        }
        facts.join(", ")
    }

    fn kind(&self, property: &'a Value) -> String {
        let schema = self.resolved(property);
        let alternatives: Vec<&Value> = list(schema, "oneOf").collect();
        if !alternatives.is_empty() {
            let words = alternatives.iter().filter_map(|one| one["const"].as_str()).map(str::to_owned);
            let keys =
                alternatives.iter().flat_map(|one| members(one, "properties")).map(|(key, _)| format!("{key}: …"));
            let all: Vec<String> = words.chain(keys).map(|word| format!("`{word}`")).collect();
            return if all.len() == 1 { all[0].clone() } else { format!("one of {}", all.join(", ")) };
        }
        let kinds: Vec<String> = list(schema, "anyOf").map(|one| self.kind(one)).collect();
        if !kinds.is_empty() {
            return kinds.join(", or ");
        }
        if let Some(values) = schema["enum"].as_array() {
            let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
            return format!("one of {}", values.join(", "));
        }
        match schema["type"].as_str() {
            Some("integer") => with_range("whole number", schema),
            Some("number") => with_range("number", schema),
            Some("boolean") => "true or false".to_owned(),
            Some("string") => match schema["x-expect"].as_str() {
                // The example stands in the description.
                Some(expectation) => expectation.split(", such as").next().unwrap_or(expectation).to_owned(),
                None => "string".to_owned(),
            },
            Some("array") => with_length(&format!("list; each item {}", self.kind(&schema["items"])), schema),
            Some("object") if schema["properties"].is_object() => "map".to_owned(),
            Some("object") if schema["additionalProperties"] == false && schema["patternProperties"].is_null() => {
                "write `{}`".to_owned()
            }
            Some("object") => "map with keys of your own".to_owned(),
            _ => "any value".to_owned(),
        }
    }

    fn description(&self, property: &'a Value) -> &'a str {
        let own = property["description"].as_str();
        own.or_else(|| self.resolved(property)["description"].as_str()).unwrap_or_default()
    }

    fn resolved(&self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
            Some(name) => self.resolved(&self.schema["$defs"][name]),
            None => schema,
        }
    }
}

/// Environments have the keys of the spec itself.
fn is_environments(property: &Value) -> bool {
    property["propertyNames"].is_object()
}

fn members<'a>(schema: &'a Value, keyword: &str) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    schema[keyword].as_object().into_iter().flatten()
}

fn list<'a>(schema: &'a Value, keyword: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    schema[keyword].as_array().into_iter().flatten()
}

fn required(schema: &Value) -> Vec<&str> {
    list(schema, "required").filter_map(Value::as_str).collect()
}

fn with_range(kind: &str, schema: &Value) -> String {
    match (&schema["minimum"], &schema["maximum"]) {
        (Value::Number(least), Value::Number(most)) if least == most => format!("always {least}"),
        (least @ Value::Number(_), most @ Value::Number(_)) => {
            format!("{kind} from {} to {}", plain(least), plain(most))
        }
        (Value::Number(least), _) if least.as_f64() != Some(0.0) => format!("{kind}, at least {least}"),
        _ => kind.to_owned(),
    }
}

/// A value as one types it in YAML.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => {
            number.as_f64().filter(|_| number.is_f64()).map_or(number.to_string(), |float| float.to_string())
        }
        value => value.to_string(),
    }
}

fn with_length(kind: &str, schema: &Value) -> String {
    match (schema["minItems"].as_u64(), schema["maxItems"].as_u64()) {
        (Some(least), Some(most)) => format!("{kind}; {least} to {most} items"),
        (Some(least), None) => format!("{kind}; at least {least}"),
        (None, Some(most)) => format!("{kind}; at most {most}"),
        (None, None) => kind.to_owned(),
    }
}

/// A description on one line: the doc comments are wrapped.
fn paragraph(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
