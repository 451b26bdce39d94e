//! XML as trees: writing replies, reading S3's and Route 53's bodies.

use quick_xml::Reader;
use quick_xml::escape::{escape, resolve_xml_entity};
use quick_xml::events::Event;
use serde_json::{Map, Value};

use super::service::Lists;

/// Levels of nesting that are read; a deeper document is refused.
const MAXIMUM_DEPTH: usize = 64;

/// Writes `value` as the element `name`. `null` is left out, an object's members are elements, a list is written as `lists` says.
pub fn write(out: &mut String, name: &str, value: &Value, lists: Lists) {
    match value {
        Value::Null => {}
        Value::Array(items) => match item_name(name, lists) {
            Some(item_name) => {
                open(out, name);
                for item in items {
                    write(out, item_name, item, lists);
                }
                close(out, name);
            }
            None => {
                for item in items {
                    write(out, name, item, lists);
                }
            }
        },
        Value::Object(members) => {
            open(out, name);
            write_members(out, members, lists);
            close(out, name);
        }
        Value::String(text) => leaf(out, name, text),
        Value::Bool(flag) => leaf(out, name, if *flag { "true" } else { "false" }),
        Value::Number(number) => leaf(out, name, &number.to_string()),
    }
}

/// The name of a list's items; `None` where the list has no element of its own.
fn item_name(list: &str, lists: Lists) -> Option<&'static str> {
    match lists {
        Lists::Wrapped(item) => Some(item),
        Lists::Named(names) => Some(names.iter().find(|(name, _)| *name == list).map_or("member", |(_, item)| *item)),
        Lists::Repeated => None,
    }
}

/// Writes the members of an object, each as an element.
pub fn write_members(out: &mut String, members: &Map<String, Value>, lists: Lists) {
    for (name, value) in members {
        write(out, name, value, lists);
    }
}

/// Writes one element with text.
pub fn leaf(out: &mut String, name: &str, text: &str) {
    open(out, name);
    out.push_str(&escape(clean(text)));
    close(out, name);
}

fn open(out: &mut String, name: &str) {
    out.push('<');
    out.push_str(name);
    out.push('>');
}

fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Text without the characters that XML 1.0 cannot hold.
fn clean(text: &str) -> String {
    text.chars().filter(|character| !character.is_control() || matches!(character, '\t' | '\n' | '\r')).collect()
}

/// A document that could not be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the XML you provided was not well-formed: {0}")]
pub struct Malformed(String);

/// Reads a document as `(root name, content)`: elements are members, repeated ones a list, a leaf is a text. Attributes and
/// namespaces are dropped.
pub fn read(text: &str) -> Result<(String, Value), Malformed> {
    let malformed = |error: &dyn std::fmt::Display| Malformed(error.to_string());
    let mut reader = Reader::from_str(text);
    let mut stack: Vec<(String, Map<String, Value>, String)> = Vec::new();
    loop {
        match reader.read_event().map_err(|error| malformed(&error))? {
            Event::Start(start) => {
                if stack.len() >= MAXIMUM_DEPTH {
                    return Err(Malformed("nested too deeply".into()));
                }
                let name = start.local_name().as_ref().to_owned();
                stack.push((name, Map::new(), String::new()));
            }
            Event::Empty(start) => {
                let name = start.local_name().as_ref().to_owned();
                match stack.last_mut() {
                    Some((_, members, _)) => add(members, name, Value::String(String::new())),
                    None => return Ok((name, Value::Object(Map::new()))),
                }
            }
            Event::Text(text) => {
                if let Some((_, _, content)) = stack.last_mut() {
                    content.push_str(&text);
                }
            }
            Event::CData(text) => {
                if let Some((_, _, content)) = stack.last_mut() {
                    content.push_str(&text);
                }
            }
            Event::GeneralRef(reference) => {
                let Some((_, _, content)) = stack.last_mut() else { continue };
                if let Some(character) = reference.resolve_char_ref().map_err(|error| malformed(&error))? {
                    content.push(character);
                } else {
                    content.push_str(resolve_xml_entity(&reference).ok_or_else(|| Malformed("unknown entity".into()))?);
                }
            }
            Event::End(_) => {
                let Some((name, members, content)) = stack.pop() else {
                    return Err(Malformed("an element ends that did not start".into()));
                };
                let value = if members.is_empty() { Value::String(content) } else { Value::Object(members) };
                match stack.last_mut() {
                    Some((_, parent, _)) => add(parent, name, value),
                    None => return Ok((name, value)),
                }
            }
            Event::Eof => return Err(Malformed("it ends too early".into())),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn add(members: &mut Map<String, Value>, name: String, value: Value) {
    match members.get_mut(&name) {
        None => {
            members.insert(name, value);
        }
        Some(Value::Array(items)) => items.push(value),
        Some(existing) => {
            let first = existing.take();
            *existing = Value::Array(vec![first, value]);
        }
    }
}

/// The items of an element that may repeat: none, one, or a list.
pub fn items<'a>(value: &'a Value, name: &str) -> Vec<&'a Value> {
    match value.get(name) {
        None => Vec::new(),
        Some(Value::Array(items)) => items.iter().collect(),
        Some(item) => vec![item],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(value: Value, lists: Lists) -> String {
        let mut out = String::new();
        write(&mut out, "A", &value, lists);
        out
    }

    #[test]
    fn lists_are_wrapped() {
        assert_eq!(written(json!(["x"]), Lists::Wrapped("member")), "<A><member>x</member></A>");
    }

    #[test]
    fn items_are_called_as_their_list_says() {
        const NAMES: Lists = Lists::Named(&[("A", "B")]);
        assert_eq!(written(json!(["x"]), NAMES), "<A><B>x</B></A>");
        assert_eq!(written(json!({"C": ["x"]}), NAMES), "<A><C><member>x</member></C></A>");
    }

    #[test]
    fn lists_are_repeated() {
        assert_eq!(written(json!(["x", "y"]), Lists::Repeated), "<A>x</A><A>y</A>");
    }

    #[test]
    fn markup_is_escaped() {
        assert_eq!(written(json!("<&\u{1}"), Lists::Repeated), "<A>&lt;&amp;</A>");
    }

    #[test]
    fn absent_members_are_left_out() {
        assert_eq!(written(json!({"B": null}), Lists::Repeated), "<A></A>");
    }

    #[test]
    fn repeated_elements_are_read_as_a_list() {
        let (name, value) =
            read("<?xml version=\"1.0\"?><Delete xmlns=\"x\"><Object><Key>a&amp;b</Key></Object><Object><Key>c</Key></Object></Delete>")
                .unwrap();
        assert_eq!((name.as_str(), value), ("Delete", json!({"Object": [{"Key": "a&b"}, {"Key": "c"}]})));
    }

    #[test]
    fn a_document_that_ends_early_is_refused() {
        assert!(read("<Delete><Object>").is_err());
    }
}
