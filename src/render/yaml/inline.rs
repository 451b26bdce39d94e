//! A value on one line, in flow style: it may stand after a key, in a list, as a key, or inside a flow collection.

use serde_json::Value;

use super::function::{Function, function};
use super::{MAX_KEY, Unwritable, check, check_markers, scalar};

/// Writes a value on one line.
///
/// # Errors
/// When the value cannot be written: see [`Unwritable`].
pub fn inline(value: &Value) -> Result<String, Unwritable> {
    let mut out = String::new();
    write(value, &mut out)?;
    Ok(out)
}

pub(super) fn write(value: &Value, out: &mut String) -> Result<(), Unwritable> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => scalar::number(number, out),
        Value::String(text) => {
            check(text)?;
            string(text, out);
        }
        Value::Array(items) => list(items, out)?,
        Value::Object(map) => {
            if let Some(function) = function(value) {
                return call(&function, out);
            }
            out.push('{');
            for (index, (key, value)) in map.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                check_key(key)?;
                string(key, out);
                out.push_str(": ");
                write(value, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

pub(super) fn call(function: &Function<'_>, out: &mut String) -> Result<(), Unwritable> {
    match function {
        Function::Dynamic(text) => {
            check_markers(text)?;
            scalar::quote(text, out);
        }
        Function::Word(tag, word) => {
            out.push_str(tag);
            out.push(' ');
            out.push_str(word);
        }
        Function::Sub(text) => {
            check_markers(text)?;
            out.push_str("!Sub ");
            scalar::quote(text, out);
        }
        Function::List(tag, items) => {
            out.push_str(tag);
            out.push(' ');
            if let ("!Sub", Some(Value::String(text))) = (*tag, items.first()) {
                check_markers(text)?;
                out.push('[');
                scalar::quote(text, out);
                for item in &items[1..] {
                    out.push_str(", ");
                    write(item, out)?;
                }
                out.push(']');
            } else {
                list(items, out)?;
            }
        }
        Function::Scalar(tag, value) => {
            out.push_str(tag);
            out.push(' ');
            write(value, out)?;
        }
    }
    Ok(())
}

pub(super) fn check_key(key: &str) -> Result<(), Unwritable> {
    check(key)?;
    if key.len() > MAX_KEY { Err(Unwritable::LongKey(key.chars().count())) } else { Ok(()) }
}

fn list(items: &[Value], out: &mut String) -> Result<(), Unwritable> {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        out.push_str(if index > 0 { ", " } else { "" });
        write(item, out)?;
    }
    out.push(']');
    Ok(())
}

fn string(text: &str, out: &mut String) {
    if scalar::is_word(text) { out.push_str(text) } else { scalar::quote(text, out) }
}
