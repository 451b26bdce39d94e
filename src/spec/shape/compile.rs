//! JSON Schema to [`Shapes`]: the keywords that schemars makes of the spec's types.

use std::collections::HashMap;

use indexmap::IndexMap;
use serde_json::Value;

use super::{Length, MapShape, Pattern, Rest, Shape, ShapeId, Shapes, TextShape, WholeShape};

/// Compiles a schema. What it does not understand lets anything through; serde then has the last word.
pub(super) fn compile(text: &str) -> Shapes {
    let schema: Value = serde_json::from_str(text).unwrap_or_default();
    let mut compiler =
        Compiler { schema: &schema, expectations: expectations(&schema), named: HashMap::new(), shapes: Vec::new() };
    let root = compiler.add(&schema);
    Shapes { shapes: compiler.shapes, root: Some(root) }
}

/// The words of each pattern that has some: a pattern on keys cannot carry its own.
fn expectations(schema: &Value) -> HashMap<String, String> {
    let definitions = schema["$defs"].as_object().into_iter().flat_map(|definitions| definitions.values());
    definitions
        .filter_map(|definition| {
            Some((definition["pattern"].as_str()?.to_owned(), definition["x-expect"].as_str()?.to_owned()))
        })
        .collect()
}

struct Compiler<'a> {
    schema: &'a Value,
    expectations: HashMap<String, String>,
    named: HashMap<&'a str, ShapeId>,
    shapes: Vec<Shape>,
}

impl<'a> Compiler<'a> {
    fn add(&mut self, schema: &'a Value) -> ShapeId {
        if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
            return self.definition(name);
        }
        let id = self.reserve();
        self.shapes[id.0] = self.shape(schema);
        id
    }

    fn reserve(&mut self) -> ShapeId {
        self.shapes.push(Shape::Any);
        ShapeId(self.shapes.len() - 1)
    }

    fn definition(&mut self, name: &'a str) -> ShapeId {
        if let Some(id) = self.named.get(name) {
            return *id;
        }
        let id = self.reserve();
        self.named.insert(name, id);
        // An environment is checked after it is merged, when all that it may lean on is there.
        if name != "EnvironmentOverlay" {
            let schema = self.schema;
            self.shapes[id.0] = self.shape(&schema["$defs"][name]);
        }
        id
    }

    fn shape(&mut self, schema: &'a Value) -> Shape {
        if let Some(alternatives) = schema["oneOf"].as_array() {
            return self.choice(alternatives);
        }
        if let Some(alternatives) = schema["anyOf"].as_array() {
            let kept: Vec<&Value> = alternatives.iter().filter(|schema| schema["type"] != "null").collect();
            return match kept.as_slice() {
                [only] if only["$ref"] == "#/$defs/EnvironmentOverlay" => Shape::Any,
                _ => Shape::Either(kept.into_iter().map(|schema| self.add(schema)).collect()),
            };
        }
        match schema["type"].as_str() {
            Some("string") => self.text(schema),
            Some("integer") => whole(schema),
            Some("number") => Shape::Number { least: schema["minimum"].as_f64(), most: schema["maximum"].as_f64() },
            Some("boolean") => Shape::Flag,
            Some("array") => {
                Shape::List { items: self.add(&schema["items"]), length: length(schema, "minItems", "maxItems") }
            }
            Some("object") => self.map(schema),
            _ => Shape::Any,
        }
    }

    fn choice(&mut self, schemas: &'a [Value]) -> Shape {
        let mut words = Vec::new();
        let mut alternatives = IndexMap::new();
        for schema in schemas {
            words.extend(words_of(schema));
            for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
                let inner = self.add(inner);
                alternatives.insert(name.clone(), inner);
            }
        }
        if alternatives.is_empty() { Shape::Word(words) } else { Shape::Choice { words, alternatives } }
    }

    fn text(&self, schema: &Value) -> Shape {
        let words = words_of(schema);
        if !words.is_empty() {
            return Shape::Word(words);
        }
        let pattern = schema["pattern"].as_str().map(|regex| self.pattern(regex, schema["x-expect"].as_str()));
        Shape::Text(TextShape { pattern, length: length(schema, "minLength", "maxLength") })
    }

    fn pattern(&self, regex: &str, expectation: Option<&str>) -> Pattern {
        let expectation = expectation.map(str::to_owned).or_else(|| self.expectations.get(regex).cloned());
        Pattern { regex: regex.to_owned(), expectation }
    }

    fn map(&mut self, schema: &'a Value) -> Shape {
        let mut properties = IndexMap::new();
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let shape = self.add(property);
            properties.insert(key.clone(), shape);
        }
        let required = schema["required"].as_array().into_iter().flatten();
        let required = required.filter_map(|key| key.as_str().map(str::to_owned)).collect();
        Shape::Map(MapShape { properties, required, rest: self.rest(schema) })
    }

    fn rest(&mut self, schema: &'a Value) -> Option<Rest> {
        let by_pattern = schema["patternProperties"].as_object().and_then(|patterns| patterns.iter().next());
        if let Some((regex, value)) = by_pattern {
            return Some(Rest { key: Some(self.pattern(regex, None)), value: self.add(value) });
        }
        let names = &schema["propertyNames"];
        let key = names["pattern"].as_str().map(|regex| self.pattern(regex, names["x-expect"].as_str()));
        match &schema["additionalProperties"] {
            Value::Bool(false) => None,
            value => Some(Rest { key, value: self.add(value) }),
        }
    }
}

/// The words of `const` and of an `enum` of strings.
fn words_of(schema: &Value) -> Vec<String> {
    let listed = schema["enum"].as_array().into_iter().flatten();
    schema["const"].as_str().into_iter().chain(listed.filter_map(Value::as_str)).map(str::to_owned).collect()
}

fn whole(schema: &Value) -> Shape {
    let widest = match schema["format"].as_str() {
        Some("uint8") => i64::from(u8::MAX),
        Some("uint16") => i64::from(u16::MAX),
        Some("uint32") => i64::from(u32::MAX),
        Some("int32") => i64::from(i32::MAX),
        _ => i64::MAX,
    };
    let only = schema["enum"].as_array().into_iter().flatten();
    Shape::Whole(WholeShape {
        least: schema["minimum"].as_i64().unwrap_or(i64::MIN),
        most: schema["maximum"].as_i64().unwrap_or(widest),
        only: only.filter_map(Value::as_i64).collect(),
    })
}

fn length(schema: &Value, least: &str, most: &str) -> Length {
    let limit = |keyword: &str| schema[keyword].as_u64().and_then(|limit| usize::try_from(limit).ok());
    Length { least: limit(least).unwrap_or(0), most: limit(most).unwrap_or(usize::MAX) }
}
