//! CloudFormation's functions in JSON, and their short forms.

use serde_json::Value;

use super::DYNAMIC;

/// What a map stands for.
pub(super) enum Function<'a> {
    /// A string that may hold `{{resolve:`.
    Dynamic(&'a str),
    /// `!Ref Name` and `!GetAtt Name.Attribute`: tag and argument, one word.
    Word(&'static str, String),
    /// `!Sub text`.
    Sub(&'a str),
    /// A tag with a list: `!If`, `!Join`, and `!Sub` with variables.
    List(&'static str, &'a [Value]),
    /// A tag with a scalar: `!ImportValue name`.
    Scalar(&'static str, &'a Value),
}

/// Name of each function and its tag.
const TAGS: &[(&str, &str)] = &[
    ("Fn::And", "!And"),
    ("Fn::Base64", "!Base64"),
    ("Fn::Cidr", "!Cidr"),
    ("Fn::Equals", "!Equals"),
    ("Fn::FindInMap", "!FindInMap"),
    ("Fn::GetAZs", "!GetAZs"),
    ("Fn::If", "!If"),
    ("Fn::ImportValue", "!ImportValue"),
    ("Fn::Join", "!Join"),
    ("Fn::Not", "!Not"),
    ("Fn::Or", "!Or"),
    ("Fn::Select", "!Select"),
    ("Fn::Split", "!Split"),
    ("Fn::Sub", "!Sub"),
];

/// The function that a value calls and that has a short form. A tag cannot follow a tag, so a function whose only
/// argument is another function stays in long form.
pub(super) fn function(value: &Value) -> Option<Function<'_>> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    let (name, argument) = map.iter().next()?;
    match (name.as_str(), argument) {
        (DYNAMIC, Value::String(text)) => Some(Function::Dynamic(text)),
        ("Ref", Value::String(name)) if is_name(name) => Some(Function::Word("!Ref", name.clone())),
        ("Fn::GetAtt", Value::Array(items)) => match items.as_slice() {
            [Value::String(id), Value::String(attribute)] if is_name(id) && is_name(attribute) => {
                Some(Function::Word("!GetAtt", format!("{id}.{attribute}")))
            }
            _ => None,
        },
        ("Fn::Sub", Value::String(text)) => Some(Function::Sub(text)),
        (name, argument) => {
            let tag = TAGS.iter().find(|(long, _)| *long == name)?.1;
            match argument {
                Value::Array(items) if !items.is_empty() => Some(Function::List(tag, items)),
                Value::String(_) | Value::Number(_) | Value::Bool(_) => Some(Function::Scalar(tag, argument)),
                _ => None,
            }
        }
    }
}

/// Whether a name can follow a tag without quotes: `Vpc`, `AWS::Region`, `Endpoint.Address`.
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.ends_with(|last: char| last.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:".contains(&byte))
}
