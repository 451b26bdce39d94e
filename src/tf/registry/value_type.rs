//! The types of values.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::Value;

/// The type of a value, as Terraform's schemas write it: `"string"`, `["list", "string"]`, `["object", {...}]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Type {
    /// Text.
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// Ordered items.
    List(Box<Type>),
    /// Items without order, each once.
    Set(Box<Type>),
    /// Items by key.
    Map(Box<Type>),
    /// Named attributes.
    Object(BTreeMap<String, Type>),
    /// Anything.
    #[default]
    Dynamic,
}

impl<'de> Deserialize<'de> for Type {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::of(&value).ok_or_else(|| D::Error::custom(format!("`{value}` is no type")))
    }
}

impl Type {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(name) => match name.as_str() {
                "string" => Some(Self::String),
                "number" => Some(Self::Number),
                "bool" => Some(Self::Bool),
                "dynamic" => Some(Self::Dynamic),
                _ => None,
            },
            Value::Array(parts) => {
                let (kind, of) = (parts.first()?.as_str()?, parts.get(1)?);
                let item = || Self::of(of).map(Box::new);
                match kind {
                    "list" => Some(Self::List(item()?)),
                    "set" => Some(Self::Set(item()?)),
                    "map" => Some(Self::Map(item()?)),
                    "object" => {
                        let members = of.as_object()?.iter();
                        let members = members.map(|(name, of)| Some((name.clone(), Self::of(of)?)));
                        members.collect::<Option<_>>().map(Self::Object)
                    }
                    _ => Some(Self::Dynamic),
                }
            }
            _ => None,
        }
    }

    /// The attributes of the objects that a list or set of objects holds: Terraform takes blocks for such an argument.
    pub fn as_block_items(&self) -> Option<&BTreeMap<String, Type>> {
        match self {
            Self::List(item) | Self::Set(item) => match item.as_ref() {
                Self::Object(members) => Some(members),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether it holds other values.
    pub fn is_collection(&self) -> bool {
        !matches!(self, Self::String | Self::Number | Self::Bool | Self::Dynamic)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String => f.write_str("string"),
            Self::Number => f.write_str("number"),
            Self::Bool => f.write_str("bool"),
            Self::List(item) => write!(f, "list of {item}"),
            Self::Set(item) => write!(f, "set of {item}"),
            Self::Map(item) => write!(f, "map of {item}"),
            Self::Object(_) => f.write_str("object"),
            Self::Dynamic => f.write_str("value of any type"),
        }
    }
}
