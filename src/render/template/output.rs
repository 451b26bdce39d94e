//! From what minijinja wrote to the text: values are written where they stand, and marks are taken out.

use serde_json::Value as Json;

use crate::cfn::check::limits::INLINE_BODY_BYTES;
use crate::render::yaml::{self, FIRST_MARKER, LAST_MARKER, VALUE_MARKERS};

/// A rendered template.
#[derive(Debug, Clone)]
pub struct Output {
    /// The text. It ends with one line break.
    pub text: String,
    /// For each line of the text the mark of the template's line that made it; 0 when unknown.
    pub(super) marks: Vec<u32>,
}

/// Finishes a text. One that would be too big for CloudFormation has its lists and maps on one line each: the spaces
/// before their lines are what can be spared.
pub(super) fn finish(marked: &str, values: &[Json]) -> Output {
    let readable = unmark(&place(marked, values, false));
    if readable.text.len() <= INLINE_BODY_BYTES { readable } else { unmark(&place(marked, values, true)) }
}

/// Writes the values. One that ends its line is written as a person would, over several lines if need be; one with
/// something behind it, or inside a flow collection, on its line.
fn place(marked: &str, values: &[Json], dense: bool) -> String {
    let (open, close) = VALUE_MARKERS;
    let mut out = String::with_capacity(marked.len() * 2);
    let (mut line_start, mut depth) = (0, 0_usize);
    let mut rest = marked;
    while let Some((literal, after)) = rest.split_once(open) {
        take_literal(literal, &mut out, &mut line_start, &mut depth);
        let (number, after) = after.split_once(close).unwrap_or_default();
        if let Some(value) = number.parse::<usize>().ok().and_then(|number| values.get(number)) {
            let behind = after.split('\n').next().unwrap_or_default();
            let ends_line = behind.trim_matches(|c| c == ' ' || is_mark(c)).is_empty();
            let before: String = out[line_start..].chars().filter(|c| !is_mark(*c)).collect();
            let spared = dense && (value.is_array() || value.is_object());
            let written = if ends_line && depth == 0 && !spared { yaml::after(value, &before) } else { Ok(None) };
            match written {
                Ok(Some((spaces, text))) => {
                    out.truncate(out.len() - spaces);
                    out.push_str(&text);
                }
                // Unwritable values were refused when they were printed.
                _ => out.push_str(&yaml::inline(value).unwrap_or_default()),
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Copies text of the template, and counts the flow collections that it leaves open.
fn take_literal(literal: &str, out: &mut String, line_start: &mut usize, depth: &mut usize) {
    let mut quote = None;
    let mut comment = false;
    let mut previous = ' ';
    for c in literal.chars() {
        match (c, quote) {
            ('\n', _) => {
                quote = None;
                comment = false;
                *line_start = out.len() + 1;
            }
            _ if comment => {}
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) if !previous.is_alphanumeric() => quote = Some(c),
            ('#', None) if previous == ' ' || previous == '\n' => comment = true,
            ('[' | '{', None) => *depth += 1,
            (']' | '}', None) => *depth = depth.saturating_sub(1),
            _ => {}
        }
        previous = c;
        out.push(c);
    }
}

fn is_mark(c: char) -> bool {
    (FIRST_MARKER..=LAST_MARKER).contains(&c)
}

/// Takes the marks out. A line has the mark at its end; lines without one, which come from values over several lines,
/// have the next one.
fn unmark(marked: &str) -> Output {
    let mut text = String::with_capacity(marked.len());
    let mut marks: Vec<u32> = Vec::new();
    let mut unknown = 0;
    for line in marked.split_inclusive('\n') {
        let mut mark = None;
        for piece in line.split_inclusive(is_mark) {
            match piece.chars().next_back() {
                Some(last) if is_mark(last) => {
                    mark = Some(last as u32 - FIRST_MARKER as u32);
                    text.push_str(&piece[..piece.len() - last.len_utf8()]);
                }
                _ => text.push_str(piece),
            }
        }
        marks.push(mark.unwrap_or_default());
        unknown += 1;
        if let Some(mark) = mark {
            let from = marks.len() - unknown;
            marks[from..].fill(mark);
            unknown = 0;
        }
    }
    if let Some(known) = marks.len().checked_sub(unknown + 1).map(|last| marks[last]) {
        let from = marks.len() - unknown;
        marks[from..].fill(known);
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    marks.truncate(text.matches('\n').count());
    Output { text, marks }
}
