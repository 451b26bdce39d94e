//! Calls of tools: the first tool that is offered, or the one that is asked for, with arguments that fit its schema.

use serde_json::{Map, Value, json};

/// Characters of an argument text that stand for a token.
const CHARACTERS_PER_TOKEN: usize = 4;
/// How deep arguments are made: a schema may contain itself.
const DEEPEST: usize = 6;

/// A tool that is offered.
#[derive(Debug)]
pub(super) struct Tool<'a> {
    /// Its name.
    pub name: &'a str,
    /// The JSON Schema of its arguments.
    pub schema: Option<&'a Value>,
}

/// A call of a tool.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ToolCall {
    /// The tool.
    pub name: String,
    /// Its arguments, as JSON.
    pub arguments: String,
}

impl ToolCall {
    /// A call of the named tool, or of the first.
    pub fn choose<'a>(tools: impl IntoIterator<Item = Tool<'a>>, named: Option<&str>) -> Option<Self> {
        let tool = tools.into_iter().find(|tool| named.is_none_or(|name| tool.name == name))?;
        let arguments = tool.schema.map_or_else(|| json!({}), |schema| object(schema, 0));
        Some(Self { name: tool.name.to_owned(), arguments: arguments.to_string() })
    }

    /// The arguments in pieces, as a stream sends them.
    pub fn pieces(&self) -> Vec<&str> {
        let mut pieces = Vec::new();
        let mut rest = self.arguments.as_str();
        while !rest.is_empty() {
            let end = rest.char_indices().nth(CHARACTERS_PER_TOKEN).map_or(rest.len(), |(end, _)| end);
            let (piece, behind) = rest.split_at(end);
            pieces.push(piece);
            rest = behind;
        }
        pieces
    }
}

/// An object with what is required.
fn object(schema: &Value, depth: usize) -> Value {
    let properties = schema.get("properties").and_then(Value::as_object);
    let required = schema.get("required").and_then(Value::as_array);
    let mut made = Map::new();
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        let schema = properties.and_then(|properties| properties.get(name)).unwrap_or(&Value::Null);
        made.insert(name.to_owned(), value(schema, depth + 1));
    }
    Value::Object(made)
}

/// The simplest value that fits a schema, or nearly so: patterns and references are not looked at.
fn value(schema: &Value, depth: usize) -> Value {
    if let Some(first) = schema.get("const").or_else(|| schema.get("enum").and_then(|values| values.get(0))) {
        return first.clone();
    }
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str).unwrap_or("string"),
        _ => "string",
    };
    match kind {
        "object" if depth < DEEPEST => object(schema, depth),
        "object" => json!({}),
        "array" => {
            let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0).min(8);
            let items = schema.get("items").unwrap_or(&Value::Null);
            if depth < DEEPEST { (0..least).map(|_| value(items, depth + 1)).collect() } else { json!([]) }
        }
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "boolean" => json!(true),
        "null" => Value::Null,
        _ => json!("mock"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(schema: &Value) -> Value {
        let call = ToolCall::choose([Tool { name: "a", schema: Some(schema) }], None).unwrap();
        serde_json::from_str(&call.arguments).unwrap()
    }

    #[test]
    fn arguments_have_what_the_schema_requires() {
        let schema = json!({
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"enum": ["celsius", "kelvin"]},
                "days": {"type": ["integer", "null"], "minimum": 3},
                "place": {"type": "object", "properties": {"exact": {"type": "boolean"}}, "required": ["exact"]},
                "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                "more": {"type": "string"}
            },
            "required": ["city", "unit", "days", "place", "tags"]
        });
        let expected =
            json!({"city": "mock", "unit": "celsius", "days": 3, "place": {"exact": true}, "tags": ["mock"]});
        assert_eq!(call(&schema), expected);
    }

    #[test]
    fn a_named_tool_is_called_and_no_other() {
        let tools = || [Tool { name: "a", schema: None }, Tool { name: "b", schema: None }];
        assert_eq!(ToolCall::choose(tools(), Some("b")).unwrap().name, "b");
        assert_eq!(ToolCall::choose(tools(), None).unwrap().name, "a");
        assert_eq!(ToolCall::choose(tools(), Some("c")), None);
    }

    #[test]
    fn the_pieces_are_the_arguments() {
        let call = ToolCall { name: "a".to_owned(), arguments: r#"{"city":"Zürich"}"#.to_owned() };
        assert!(call.pieces().len() > 3);
        assert_eq!(call.pieces().concat(), call.arguments);
    }
}
