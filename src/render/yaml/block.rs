//! A value over several lines, as a person would write it.

use serde_json::Value;

use super::function::{Function, function};
use super::inline::{self as flow, inline};
use super::{Unwritable, check, check_markers, scalar};

/// A pair up to this length stays on its line.
const MAX_PAIR: usize = 90;
/// A function's call up to this length stays on its line.
const MAX_INLINE_CALL: usize = 80;

/// Writes a value in block style. The first line has no indentation, because the template has it already; the others
/// have `indent` spaces. Ends without a line break.
///
/// # Errors
/// When the value cannot be written: see [`Unwritable`].
pub fn block(value: &Value, indent: usize) -> Result<String, Unwritable> {
    let mut out = String::new();
    write(value, indent, &mut out)?;
    Ok(out)
}

/// Writes a value where a line says `before`: at its beginning, after dashes, or after a key. `None` when something else
/// stands there. The result replaces the spaces at the end of `before`, whose number comes with it.
///
/// # Errors
/// When the value cannot be written: see [`Unwritable`].
pub fn after(value: &Value, before: &str) -> Result<Option<(usize, String)>, Unwritable> {
    let mut rest = before.trim_start_matches(' ');
    while let Some(item) = rest.strip_prefix("- ") {
        rest = item.trim_start_matches(' ');
    }
    let indent = before.len() - rest.len();
    if rest.is_empty() {
        let pair = if before.ends_with("- ") { pair(value)? } else { None };
        let written = pair.map_or_else(|| block(value, indent), Ok)?;
        return Ok(Some((0, written)));
    }
    let key = rest.trim_end_matches(' ');
    let is_key = key.len() < rest.len()
        && key.ends_with(':')
        && !key.contains(": ")
        && !key.starts_with(['!', '#', '[', '{', '&', '*', '?', '|', '>'])
        && (key.starts_with(['"', '\'']) || !key.contains([' ', '[', '{', ',']));
    if !is_key {
        return Ok(None);
    }
    let mut out = String::new();
    member(value, indent, &mut out)?;
    Ok(Some((rest.len() - key.len(), out)))
}

/// Writes at the column `indent` of a line that has nothing else yet.
fn write(value: &Value, indent: usize, out: &mut String) -> Result<(), Unwritable> {
    match value {
        Value::Object(map) if !map.is_empty() && function(value).is_none() => {
            for (index, (key, value)) in map.iter().enumerate() {
                if index > 0 {
                    new_line(indent, out);
                }
                flow::check_key(key)?;
                string(key, out);
                out.push(':');
                member(value, indent, out)?;
            }
            Ok(())
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    new_line(indent, out);
                }
                out.push('-');
                if let Some(pair) = pair(item)? {
                    out.push(' ');
                    out.push_str(&pair);
                } else if is_tree(item) {
                    out.push(' ');
                    write(item, indent + 2, out)?;
                } else {
                    leaf(item, indent, out)?;
                }
            }
            Ok(())
        }
        _ => {
            // A leaf begins with the space that follows a key.
            let mut text = String::new();
            leaf(value, indent.saturating_sub(2), &mut text)?;
            out.push_str(text.trim_start_matches(' '));
            Ok(())
        }
    }
}

/// Writes the value of a key that stands at the column `indent`, from the colon on.
fn member(value: &Value, indent: usize, out: &mut String) -> Result<(), Unwritable> {
    if let Some(words) = few_words(value) {
        out.push(' ');
        flow::write(words, out)
    } else if is_tree(value) {
        new_line(indent + 2, out);
        write(value, indent + 2, out)
    } else {
        leaf(value, indent, out)
    }
}

/// An item such as `{Key: team, Value: platform}`: a map of two scalars that fits on its line. Templates have many of
/// them and a limit in bytes.
fn pair(item: &Value) -> Result<Option<String>, Unwritable> {
    let is_short = |value: &Value| match value {
        Value::Object(_) => matches!(function(value), Some(Function::Word(..) | Function::Sub(_))),
        Value::Array(_) => false,
        _ => true,
    };
    let Some(map) = item.as_object().filter(|map| map.len() == 2 && map.values().all(is_short)) else {
        return Ok(None);
    };
    let text = inline(&Value::Object(map.clone()))?;
    Ok((text.len() <= MAX_PAIR && !text.contains('\\')).then_some(text))
}

/// A list such as `[FARGATE]` or `[3, tcp]`: one short text, or at most three words, numbers or names.
fn few_words(value: &Value) -> Option<&Value> {
    let items = value.as_array().filter(|items| (1..=3).contains(&items.len()))?;
    let fits = |item: &Value| match item {
        Value::String(text) if items.len() == 1 => text.len() <= 60 && text.chars().all(scalar::is_printable),
        Value::String(text) => text.len() <= 20 && scalar::is_word(text),
        Value::Number(_) | Value::Bool(_) => true,
        Value::Object(_) => matches!(function(item), Some(Function::Word("!Ref", _))),
        Value::Null | Value::Array(_) => false,
    };
    items.iter().all(fits).then_some(value)
}

/// A list or map that takes lines of its own.
fn is_tree(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty() && function(value).is_none(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

/// Writes a scalar or call after the key or dash at the column `indent`, with the space before it.
fn leaf(value: &Value, indent: usize, out: &mut String) -> Result<(), Unwritable> {
    match (value, function(value)) {
        (_, Some(Function::Sub(sub))) => {
            check_markers(sub)?;
            out.push_str(" !Sub ");
            text(sub, indent, out);
        }
        (_, Some(call @ Function::List(..))) => list_call(&call, indent, out)?,
        (_, Some(call)) => {
            out.push(' ');
            flow::call(&call, out)?;
        }
        (Value::String(string), None) => {
            check(string)?;
            out.push(' ');
            text(string, indent, out);
        }
        _ => {
            out.push(' ');
            flow::write(value, out)?;
        }
    }
    Ok(())
}

fn list_call(call: &Function<'_>, indent: usize, out: &mut String) -> Result<(), Unwritable> {
    let Function::List(tag, items) = call else { return flow::call(call, out) };
    let mut short = String::new();
    flow::call(call, &mut short)?;
    if short.len() <= MAX_INLINE_CALL && !short.contains(['{', '\\']) {
        out.push(' ');
        out.push_str(&short);
        return Ok(());
    }
    out.push(' ');
    out.push_str(tag);
    for (index, item) in items.iter().enumerate() {
        new_line(indent + 2, out);
        out.push('-');
        match item {
            Value::String(sub) if *tag == "!Sub" && index == 0 => {
                check_markers(sub)?;
                out.push(' ');
                text(sub, indent + 2, out);
            }
            item if is_tree(item) => {
                out.push(' ');
                write(item, indent + 4, out)?;
            }
            item => leaf(item, indent + 2, out)?,
        }
    }
    Ok(())
}

/// Writes a string after the key at the column `indent`: plain, quoted, or as a literal block of lines.
fn text(text: &str, indent: usize, out: &mut String) {
    if !is_literal(text) {
        return string(text, out);
    }
    let (lines, chomp) = match text.strip_suffix('\n') {
        Some(lines) => (lines, "|"),
        None => (text, "|-"),
    };
    out.push_str(chomp);
    for line in lines.split('\n') {
        if line.is_empty() {
            out.push('\n');
        } else {
            new_line(indent + 2, out);
            out.push_str(line);
        }
    }
}

/// Whether a text of several lines reads back as it is from a literal block.
fn is_literal(text: &str) -> bool {
    let lines = text.strip_suffix('\n').unwrap_or(text);
    text.contains('\n')
        && !lines.is_empty()
        && !lines.starts_with([' ', '\n', '\t'])
        && !lines.ends_with('\n')
        && lines.split('\n').all(|line| line.is_empty() || !line.trim_matches(' ').is_empty())
        && text.chars().all(|c| c == '\n' || c == '\t' || scalar::is_printable(c))
}

fn string(text: &str, out: &mut String) {
    if scalar::is_plain(text) { out.push_str(text) } else { scalar::quote(text, out) }
}

fn new_line(indent: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}
