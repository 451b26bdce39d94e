//! Values in a plan file: MessagePack, as the library that Terraform keeps its values in (`cty`) writes it.

use rmpv::Value as Packed;
use serde_json::{Map, Number, Value};

use super::message::{Path, Selector};

/// A value: what is known of it, and `true` where it is known only after the apply.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Decoded {
    pub known: Value,
    pub unknown: Value,
}

impl Decoded {
    /// The side of a change where there is nothing.
    pub fn nothing() -> Self {
        Self::default()
    }

    fn known(value: Value) -> Self {
        Self { known: value, unknown: Value::Bool(false) }
    }
}

/// Decodes a value; `None` for what no value of Terraform is.
pub(super) fn decode(bytes: &[u8]) -> Option<Decoded> {
    let mut rest = bytes;
    let packed = rmpv::decode::read_value(&mut rest).ok()?;
    if rest.is_empty() { value(packed) } else { None }
}

/// A path as Terraform's JSON writes it: names and numbers.
pub(super) fn path(path: &Path) -> Option<Vec<Value>> {
    path.steps
        .iter()
        .map(|step| match step.selector.as_ref()? {
            Selector::AttributeName(name) => Some(Value::String(name.clone())),
            Selector::ElementKey(key) => decode(&key.msgpack).map(|decoded| decoded.known),
        })
        .collect()
}

fn value(packed: Packed) -> Option<Decoded> {
    Some(match packed {
        Packed::Nil => Decoded::known(Value::Null),
        Packed::Boolean(value) => Decoded::known(Value::Bool(value)),
        Packed::Integer(number) => {
            let number = number.as_i64().map(Number::from).or_else(|| number.as_u64().map(Number::from))?;
            Decoded::known(Value::Number(number))
        }
        Packed::F32(number) => Decoded::known(Value::Number(Number::from_f64(f64::from(number))?)),
        Packed::F64(number) => Decoded::known(Value::Number(Number::from_f64(number)?)),
        Packed::String(text) => Decoded::known(Value::String(text.into_str()?)),
        // 0 is a value that is not known, 12 one of which at least something is.
        Packed::Ext(0 | 12, _) => Decoded { known: Value::Null, unknown: Value::Bool(true) },
        Packed::Array(items) => list(items)?,
        Packed::Map(members) => object(members)?,
        Packed::Binary(_) | Packed::Ext(..) => return None,
    })
}

fn list(items: Vec<Packed>) -> Option<Decoded> {
    // A value whose type is not in the schema: its type in JSON, then itself.
    if let [Packed::Binary(_), _] = items.as_slice() {
        return value(items.into_iter().nth(1)?);
    }
    let items: Option<Vec<Decoded>> = items.into_iter().map(value).collect();
    let (known, unknown) = items?.into_iter().map(|item| (item.known, item.unknown)).unzip();
    Some(Decoded { known: Value::Array(known), unknown: Value::Array(unknown) })
}

fn object(members: Vec<(Packed, Packed)>) -> Option<Decoded> {
    let (mut known, mut unknown) = (Map::new(), Map::new());
    for (name, member) in members {
        let Packed::String(name) = name else { return None };
        let name = name.into_str()?;
        let member = value(member)?;
        // An attribute that is not known is absent, as in Terraform's JSON.
        if member.unknown != Value::Bool(true) {
            known.insert(name.clone(), member.known);
        }
        if member.unknown != Value::Bool(false) {
            unknown.insert(name, member.unknown);
        }
    }
    Some(Decoded { known: Value::Object(known), unknown: Value::Object(unknown) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn packed(value: &Packed) -> Vec<u8> {
        let mut bytes = Vec::new();
        rmpv::encode::write_value(&mut bytes, value).unwrap();
        bytes
    }

    #[test]
    fn an_attribute_that_is_not_known_is_marked_and_absent() {
        let members = vec![("id".into(), Packed::Ext(0, vec![0])), ("name".into(), "a".into())];
        let decoded = decode(&packed(&Packed::Map(members))).unwrap();
        assert_eq!((decoded.known, decoded.unknown), (json!({"name": "a"}), json!({"id": true})));
    }

    #[test]
    fn a_value_of_any_type_is_taken_out_of_its_type() {
        let pair = Packed::Array(vec![Packed::Binary(b"\"string\"".to_vec()), "a".into()]);
        assert_eq!(decode(&packed(&pair)).unwrap().known, json!("a"));
    }

    #[test]
    fn half_a_value_is_none() {
        let bytes = packed(&Packed::Array(vec!["a".into(), "b".into()]));
        assert_eq!(decode(&bytes[..2]), None);
    }
}
