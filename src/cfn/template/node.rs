//! The tree of a template: JSON's values in source order, each with its place. A node that a short form made
//! (`!GetAtt A.B`) has the place of the text that it came from.

use indexmap::IndexMap;
use serde_json::Number;

use super::Place;

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it is.
    pub place: Place,
}

/// A value of a template, in long form: `!Ref X` is the map `{Ref: X}`.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction or out of the range of `i64`; always finite.
    Float(f64),
    /// A string.
    String(String),
    /// A list.
    List(Vec<Node>),
    /// A map in source order.
    Map(Map),
}

/// A map in source order. Its hasher is twice as fast as the standard one, and seeded, too.
pub type Map = IndexMap<String, Member, foldhash::fast::RandomState>;

/// A value of a map, with the place of its key.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Where the key is.
    pub key: Place,
    /// The value.
    pub node: Node,
}

impl Node {
    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// A scalar as the string that CloudFormation makes of it. `None` for null, lists and maps.
    pub fn as_scalar_text(&self) -> Option<String> {
        match &self.value {
            Value::String(text) => Some(text.clone()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Integer(number) => Some(number.to_string()),
            Value::Float(number) => Some(number.to_string()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The items, if it is a list.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The members, if it is a map.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The value of a key, if it is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key).map(|member| &member.node)
    }

    /// The name and argument of an intrinsic function: a map whose only key is `Ref` or begins with `Fn::`.
    pub fn as_intrinsic(&self) -> Option<(&str, &Node)> {
        let map = self.as_map().filter(|map| map.len() == 1)?;
        let (name, member) = map.first()?;
        (name == "Ref" || name.starts_with("Fn::")).then_some((name.as_str(), &member.node))
    }

    /// What kind of value it is, in words: `a string`.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// The same value as JSON, in long form and source order.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Integer(number) => Json::Number((*number).into()),
            Value::Float(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
            Value::String(text) => Json::String(text.clone()),
            Value::List(items) => Json::Array(items.iter().map(Node::to_json).collect()),
            Value::Map(map) => {
                Json::Object(map.iter().map(|(key, member)| (key.clone(), member.node.to_json())).collect())
            }
        }
    }
}
