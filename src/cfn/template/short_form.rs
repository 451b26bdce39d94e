//! YAML's short forms of intrinsic functions: `!Ref X` is `{Ref: X}`.

use super::error::ParseErrorReason as Reason;
use super::load::Failure;
use super::{Map, Member, Node, Place, Value, scalar};

/// Short and long forms.
const FORMS: &[(&str, &str)] = &[
    ("!Ref", "Ref"),
    ("!Condition", "Condition"),
    ("!Sub", "Fn::Sub"),
    ("!GetAtt", "Fn::GetAtt"),
    ("!If", "Fn::If"),
    ("!Select", "Fn::Select"),
    ("!Join", "Fn::Join"),
    ("!Split", "Fn::Split"),
    ("!GetAZs", "Fn::GetAZs"),
    ("!FindInMap", "Fn::FindInMap"),
    ("!Base64", "Fn::Base64"),
    ("!Cidr", "Fn::Cidr"),
    ("!ImportValue", "Fn::ImportValue"),
    ("!Equals", "Fn::Equals"),
    ("!And", "Fn::And"),
    ("!Or", "Fn::Or"),
    ("!Not", "Fn::Not"),
    ("!Transform", "Fn::Transform"),
    ("!ToJsonString", "Fn::ToJsonString"),
    ("!Length", "Fn::Length"),
    ("!Contains", "Fn::Contains"),
    ("!EachMemberEquals", "Fn::EachMemberEquals"),
    ("!EachMemberIn", "Fn::EachMemberIn"),
    ("!RefAll", "Fn::RefAll"),
    ("!ValueOf", "Fn::ValueOf"),
    ("!ValueOfAll", "Fn::ValueOfAll"),
];

/// The long form of a short one.
pub(super) fn long_form(tag: &str) -> Option<&'static str> {
    FORMS.iter().find(|(short, _)| *short == tag).map(|(_, long)| *long)
}

/// A tagged scalar. `whole` begins at the tag.
pub(super) fn scalar(tag: &str, text: &str, plain: bool, whole: Place, place: Place) -> Result<Node, Failure> {
    let string = || Value::String(text.to_owned());
    let mismatch = || (whole, Reason::TagMismatch { tag: tag.to_owned(), text: text.to_owned() });
    let value = match tag {
        "!" | "!!str" => string(),
        "!!int" => scalar::integer(text).ok_or_else(mismatch)?,
        "!!float" => match scalar::integer(text) {
            Some(Value::Integer(number)) => Value::Float(number as f64),
            other => other.or_else(|| scalar::float(text)).ok_or_else(mismatch)?,
        },
        "!!bool" | "!!null" => match (tag, scalar::plain(text)) {
            ("!!bool", value @ Value::Bool(_)) | ("!!null", value @ Value::Null) => value,
            _ => return Err(mismatch()),
        },
        "!GetAtt" => return get_att(text, whole, place),
        _ => {
            let Some(long) = long_form(tag) else { return Err((whole, Reason::UnknownTag(tag.to_owned()))) };
            // `!GetAZs ""` keeps its string, and `!Ref 1` names something: only what is no name is resolved.
            let plain = plain && !matches!(tag, "!Ref" | "!Condition" | "!Sub");
            let argument = Node { value: if plain { scalar::plain(text) } else { string() }, place };
            return Ok(wrap(long, argument, whole));
        }
    };
    Ok(Node { value, place: whole })
}

/// `!GetAtt Resource.Attribute`; the attribute may have dots of its own.
fn get_att(text: &str, whole: Place, place: Place) -> Result<Node, Failure> {
    let (resource, attribute) = text.split_once('.').ok_or((whole, Reason::GetAttShape))?;
    let item = |text: &str| Node { value: Value::String(text.to_owned()), place };
    let list = Node { value: Value::List(vec![item(resource), item(attribute)]), place };
    Ok(wrap("Fn::GetAtt", list, whole))
}

/// A tagged list or map. `whole` begins at the tag.
pub(super) fn collection(tag: &str, node: Node, whole: Place) -> Result<Node, Failure> {
    match (tag, &node.value) {
        ("!", _) | ("!!seq", Value::List(_)) | ("!!map", Value::Map(_)) => Ok(node),
        ("!GetAtt", Value::Map(_)) => Err((whole, Reason::GetAttShape)),
        _ => match long_form(tag) {
            Some(long) => Ok(wrap(long, node, whole)),
            None => Err((whole, Reason::TagMismatch { tag: tag.to_owned(), text: node.kind().to_owned() })),
        },
    }
}

fn wrap(long: &str, argument: Node, whole: Place) -> Node {
    let mut map = Map::with_capacity_and_hasher(1, foldhash::fast::RandomState::default());
    map.insert(long.to_owned(), Member { key: whole, node: argument });
    Node { value: Value::Map(map), place: whole }
}
