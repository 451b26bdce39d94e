//! A value as an expression.

use serde_json::Value;

use super::text::{is_identifier, quoted};
use super::{References, Unwritable};
use crate::render::yaml::{FIRST_MARKER, LAST_MARKER};

/// A list stays on its line up to this column.
const MAX_LINE: usize = 110;
/// A map inside a list stays on its line up to this many pairs.
const MAX_PAIRS: usize = 3;
/// A text with a line break and at least this long is written line by line.
const LONG_TEXT: usize = 80;

/// Writes a value. Its first line goes on at column `column`; the others begin with `indent` spaces or more.
///
/// # Errors
/// When the value cannot be written: see [`Unwritable`].
pub fn write(value: &Value, column: usize, indent: usize, references: &References) -> Result<String, Unwritable> {
    let mut out = String::new();
    Writer { references }.tree(value, column, indent, &mut out)?;
    Ok(out)
}

/// Writes a value on one line.
///
/// # Errors
/// When the value cannot be written: see [`Unwritable`].
pub fn inline(value: &Value, references: &References) -> Result<String, Unwritable> {
    let mut out = String::new();
    Writer { references }.line(value, &mut out)?;
    Ok(out)
}

struct Writer<'a> {
    references: &'a References,
}

impl Writer<'_> {
    fn tree(&self, value: &Value, column: usize, indent: usize, out: &mut String) -> Result<(), Unwritable> {
        match value {
            Value::String(text) if text.contains('\n') && text.len() >= LONG_TEXT => lines(text, indent, out),
            Value::Array(items) if !items.is_empty() => {
                if items.iter().all(is_flat) {
                    let line = inline(value, self.references)?;
                    let long_text = items.iter().any(|item| item.as_str().is_some_and(|text| text.contains('\n')));
                    if column + line.len() <= MAX_LINE && !long_text {
                        out.push_str(&line);
                        return Ok(());
                    }
                }
                out.push('[');
                for item in items {
                    new_line(indent + 2, out);
                    self.item(item, indent + 2, out)?;
                    out.push(',');
                }
                new_line(indent, out);
                out.push(']');
                Ok(())
            }
            Value::Object(map) if !map.is_empty() && self.references.expression(value)?.is_none() => {
                out.push('{');
                for (name, member) in map {
                    new_line(indent + 2, out);
                    let name = key(name)?;
                    out.push_str(&name);
                    out.push_str(" = ");
                    self.tree(member, indent + 2 + name.len() + 3, indent + 2, out)?;
                }
                new_line(indent, out);
                out.push('}');
                Ok(())
            }
            _ => self.line(value, out),
        }
    }

    /// An item of a list over several lines: a small map stays on its line.
    fn item(&self, item: &Value, indent: usize, out: &mut String) -> Result<(), Unwritable> {
        if let Value::Object(map) = item
            && map.len() <= MAX_PAIRS
            && map.values().all(|value| !value.is_array() && !value.is_object() || self.is_expression(value))
        {
            let line = inline(item, self.references)?;
            if indent + line.len() <= MAX_LINE {
                out.push_str(&line);
                return Ok(());
            }
        }
        self.tree(item, indent, indent, out)
    }

    fn is_expression(&self, value: &Value) -> bool {
        matches!(self.references.expression(value), Ok(Some(_)))
    }

    fn line(&self, value: &Value, out: &mut String) -> Result<(), Unwritable> {
        match value {
            Value::Null => out.push_str("null"),
            Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Value::Number(number) => out.push_str(&number.to_string()),
            Value::String(text) => {
                check(text)?;
                out.push_str(&quoted(text));
            }
            Value::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    self.line(item, out)?;
                }
                out.push(']');
            }
            Value::Object(map) => {
                if let Some(expression) = self.references.expression(value)? {
                    out.push_str(&expression);
                    return Ok(());
                }
                if map.is_empty() {
                    out.push_str("{}");
                    return Ok(());
                }
                out.push('{');
                for (index, (name, member)) in map.iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { " " });
                    out.push_str(&key(name)?);
                    out.push_str(" = ");
                    self.line(member, out)?;
                }
                out.push_str(" }");
            }
        }
        Ok(())
    }
}

fn key(name: &str) -> Result<String, Unwritable> {
    check(name)?;
    Ok(if is_identifier(name) { name.to_owned() } else { quoted(name) })
}

/// A scalar, or a reference.
fn is_flat(value: &Value) -> bool {
    match value {
        Value::Array(_) => false,
        Value::Object(map) => map.len() == 1 && map.keys().all(|key| key == "Ref" || key.starts_with("Fn::")),
        _ => true,
    }
}

/// A text of several lines, one item for each: what a person can read is also what they can check.
fn lines(text: &str, indent: usize, out: &mut String) -> Result<(), Unwritable> {
    check(text)?;
    out.push_str("join(\"\\n\", [");
    for line in text.split('\n') {
        new_line(indent + 2, out);
        out.push_str(&quoted(line));
        out.push(',');
    }
    new_line(indent, out);
    out.push_str("])");
    Ok(())
}

fn new_line(indent: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

fn check(text: &str) -> Result<(), Unwritable> {
    if text.bytes().all(|byte| byte < 0xF3) {
        return Ok(());
    }
    match text.chars().find(|c| (FIRST_MARKER..=LAST_MARKER).contains(c)) {
        Some(marker) => Err(Unwritable::Marker(marker as u32)),
        None => Ok(()),
    }
}
