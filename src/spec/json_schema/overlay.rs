//! The schema of an environment: the spec's own with nothing required and `null` allowed, so that editors complete
//! inside environments too.

use serde_json::{Map, Value, json};

/// What an environment may not change.
pub const FIXED_KEYS: [&str; 3] = ["version", "name", "environments"];

/// Names of environments: they become part of every resource name.
pub const NAME_PATTERN: &str = "^[a-z]([a-z0-9-]{0,14}[a-z0-9])?$";

/// What [`NAME_PATTERN`] asks for, in words.
pub const NAME_EXPECTATION: &str =
    "1 to 16 lower case letters, digits or hyphens, starting with a letter and not ending with a hyphen";

const DEFINITIONS: &str = "#/$defs/";

/// Replaces the schema of `environments` by one that follows the spec's.
pub(super) fn describe_environments(schema: &mut Value) {
    let source = schema.clone();
    let mut overlays = Overlays { source: &source, made: Map::new() };
    let mut root = overlays.overlay(&source);
    if let Some(Value::Object(properties)) = root.get_mut("properties") {
        properties.retain(|key, _| !FIXED_KEYS.contains(&key.as_str()));
    }
    for keyword in ["$schema", "$id", "$defs", "title"] {
        if let Value::Object(members) = &mut root {
            members.shift_remove(keyword);
        }
    }
    let description = source["$defs"]["EnvironmentOverlay"]["description"].clone();
    root["description"] = description;
    let made = overlays.made;
    if let Some(Value::Object(definitions)) = schema.get_mut("$defs") {
        definitions.extend(made);
        definitions.insert("EnvironmentOverlay".to_owned(), root);
        definitions.sort_keys();
    }
    let environments = &mut schema["properties"]["environments"];
    environments["additionalProperties"] = nullable(json!({ "$ref": "#/$defs/EnvironmentOverlay" }));
    environments["propertyNames"] = json!({ "pattern": NAME_PATTERN, "x-expect": NAME_EXPECTATION });
}

struct Overlays<'a> {
    source: &'a Value,
    made: Map<String, Value>,
}

impl Overlays<'_> {
    fn overlay(&mut self, schema: &Value) -> Value {
        let Value::Object(members) = schema else { return schema.clone() };
        let mut members = members.clone();
        members.shift_remove("required");
        members.shift_remove("default");
        members.shift_remove("minProperties");
        if let Some(name) = members.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix(DEFINITIONS))
        {
            let reference = self.definition(name.to_owned());
            members.insert("$ref".to_owned(), Value::String(reference));
        }
        if let Some(Value::Object(properties)) = members.get_mut("properties") {
            properties.values_mut().for_each(|property| *property = nullable(self.overlay(property)));
        }
        for keyword in ["additionalProperties", "patternProperties"] {
            match members.get_mut(keyword) {
                Some(Value::Object(rest)) if keyword == "patternProperties" => {
                    rest.values_mut().for_each(|value| *value = nullable(self.overlay(value)));
                }
                Some(rest @ Value::Object(_)) => *rest = nullable(self.overlay(rest)),
                _ => {}
            }
        }
        if let Some(Value::Array(alternatives)) = members.shift_remove("oneOf") {
            let choice = self.choice(&alternatives);
            members.extend(choice);
        }
        Value::Object(members)
    }

    /// A choice in an environment may name one alternative and remove another with `null`.
    fn choice(&mut self, alternatives: &[Value]) -> Map<String, Value> {
        let (maps, words): (Vec<&Value>, Vec<&Value>) =
            alternatives.iter().partition(|alternative| alternative.get("properties").is_some());
        let mut properties = Map::new();
        for map in maps {
            for (key, schema) in map["properties"].as_object().into_iter().flatten() {
                let mut overlay = nullable(self.overlay(schema));
                if let Some(description) = map.get("description") {
                    overlay["description"] = description.clone();
                }
                properties.insert(key.clone(), overlay);
            }
        }
        let no_maps = properties.is_empty();
        let map = json!({ "type": "object", "properties": properties, "additionalProperties": false });
        let choice = match (no_maps, words.is_empty()) {
            (true, _) => json!({ "oneOf": words }),
            (false, true) => map,
            (false, false) => json!({ "anyOf": words.into_iter().cloned().chain([map]).collect::<Vec<_>>() }),
        };
        choice.as_object().cloned().unwrap_or_default()
    }

    /// The reference to use for a definition: its own, or one to its overlay when that differs.
    fn definition(&mut self, name: String) -> String {
        let overlay_name = format!("{name}Overlay");
        if !self.made.contains_key(&overlay_name) {
            let source = self.source["$defs"][&name].clone();
            let overlay = self.overlay(&source);
            if overlay == source {
                return format!("{DEFINITIONS}{name}");
            }
            self.made.insert(overlay_name.clone(), overlay);
        }
        format!("{DEFINITIONS}{overlay_name}")
    }
}

/// The same schema or `null`, with its description outside, where editors look for it.
fn nullable(schema: Value) -> Value {
    let Value::Object(mut members) = schema else { return schema };
    let description = members.shift_remove("description");
    let mut outer = Map::new();
    outer.extend(description.map(|text| ("description".to_owned(), text)));
    outer.insert("anyOf".to_owned(), json!([members, { "type": "null" }]));
    Value::Object(outer)
}
