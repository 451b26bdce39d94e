//! Values, of which some are symbols.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value as Json, json};

/// A value. Lists, sets and tuples are one, and so are maps and objects.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Value>),
    /// Sorted by key, as Terraform iterates.
    Object(BTreeMap<String, Value>),
    /// What `jsonencode` makes of a value.
    Encoded(Box<Value>),
    /// One whole instance, `aws_vpc.main`.
    Instance(String),
    /// An attribute or anything else that has a name, `aws_vpc.main.id`.
    Reference(String),
    /// What only Terraform knows, as an expression.
    Unknown(String),
}

impl Value {
    pub(super) fn number(number: f64) -> Self {
        let whole = number.fract() == 0.0 && number.abs() < 9e15;
        #[expect(clippy::cast_possible_truncation, reason = "the range was looked at")]
        let number = if whole { Some(Number::from(number as i64)) } else { Number::from_f64(number) };
        number.map_or(Self::Null, Self::Number)
    }

    pub(super) fn object<const N: usize>(members: [(&str, Self); N]) -> Self {
        Self::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Whether the value itself is a symbol. A list of symbols is known.
    pub(super) fn is_symbol(&self) -> bool {
        matches!(self, Self::Instance(_) | Self::Reference(_) | Self::Unknown(_))
    }

    /// Whether a symbol is anywhere in the value, in text too.
    pub(super) fn has_symbol(&self) -> bool {
        match self {
            Self::Text(text) => text.contains("${"),
            Self::List(items) => items.iter().any(Self::has_symbol),
            Self::Object(members) => members.values().any(Self::has_symbol),
            Self::Encoded(value) => value.has_symbol(),
            other => other.is_symbol(),
        }
    }

    pub(super) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => number.as_f64(),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was looked at")]
    pub(super) fn as_count(&self) -> Option<usize> {
        self.as_f64().filter(|count| count.fract() == 0.0 && (0.0..1e6).contains(count)).map(|count| count as usize)
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(bool) => Some(*bool),
            Self::Text(text) if text == "true" => Some(true),
            Self::Text(text) if text == "false" => Some(false),
            _ => None,
        }
    }

    pub(super) fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The value inside text; symbols as `${...}`. `None` for null and for collections.
    pub(super) fn to_text(&self) -> Option<String> {
        match self {
            Self::Bool(bool) => Some(bool.to_string()),
            Self::Number(number) => Some(number.to_string()),
            Self::Text(text) => Some(text.clone()),
            Self::Encoded(value) => Some(value.to_plain().to_string()),
            Self::Instance(name) | Self::Reference(name) | Self::Unknown(name) => Some(format!("${{{name}}}")),
            Self::Null | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// Keys and values in the order in which Terraform iterates. `None` when they are not known.
    pub(super) fn items(&self) -> Option<Vec<(Self, Self)>> {
        match self {
            Self::List(items) => {
                let numbered = items.iter().enumerate();
                Some(numbered.map(|(at, item)| (Self::number(at as f64), item.clone())).collect())
            }
            Self::Object(members) => {
                Some(members.iter().map(|(key, value)| (Self::Text(key.clone()), value.clone())).collect())
            }
            _ => None,
        }
    }

    /// The value as an expression that a person reads.
    pub(super) fn show(&self) -> String {
        match self {
            Self::Instance(name) | Self::Reference(name) | Self::Unknown(name) => name.clone(),
            Self::List(items) => format!("[{}]", items.iter().map(Self::show).collect::<Vec<_>>().join(", ")),
            Self::Object(members) => {
                let members =
                    members.iter().map(|(key, value)| format!("{} = {}", Json::from(key.as_str()), value.show()));
                format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
            }
            Self::Encoded(value) => format!("jsonencode({})", value.show()),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => self.to_plain().to_string(),
        }
    }

    /// As the module doc of [`super`] describes.
    pub(super) fn to_json(&self) -> Json {
        match self {
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Object(members) => {
                Json::Object(members.iter().map(|(key, value)| (key.clone(), value.to_json())).collect::<Map<_, _>>())
            }
            Self::Encoded(value) => json!({ "$json": value.to_json() }),
            Self::Instance(name) | Self::Reference(name) => json!({ "$ref": name }),
            Self::Unknown(name) => json!({ "$unknown": name }),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => self.to_plain(),
        }
    }

    /// As JSON text would have it, with symbols as text.
    fn to_plain(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(bool) => Json::Bool(*bool),
            Self::Number(number) => Json::Number(number.clone()),
            Self::List(items) => items.iter().map(Self::to_plain).collect(),
            Self::Object(members) => {
                Json::Object(members.iter().map(|(key, value)| (key.clone(), value.to_plain())).collect::<Map<_, _>>())
            }
            other => other.to_text().map_or(Json::Null, Json::String),
        }
    }

    pub(super) fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(bool) => Self::Bool(*bool),
            Json::Number(number) => Self::Number(number.clone()),
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(items) => Self::List(items.iter().map(Self::from_json).collect()),
            Json::Object(members) => {
                Self::Object(members.iter().map(|(key, value)| (key.clone(), Self::from_json(value))).collect())
            }
        }
    }
}
