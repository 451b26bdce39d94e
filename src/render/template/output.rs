//! From what minijinja wrote to the text: values are written where they stand, and marks are taken out.

use serde_json::Value as Json;

use super::language::Language;
use crate::cfn::check::limits::INLINE_BODY_BYTES;
use crate::render::hcl::{self, References};
use crate::render::yaml::{self, FIRST_MARKER, LAST_MARKER, VALUE_MARKERS};

/// What a line ends with that a block scalar follows.
const BLOCK_SCALARS: [&str; 6] = [" |", " |-", " |+", " >", " >-", " >+"];

/// A rendered template.
#[derive(Debug, Clone)]
pub struct Output {
    /// The text. It ends with one line break.
    pub text: String,
    /// For each line of the text the mark of the template's line that made it; 0 when unknown.
    pub(super) marks: Vec<u32>,
}

impl Output {
    /// Without lines of YAML that are only a comment. Inside a block scalar there is no comment.
    fn without_comments(self) -> Self {
        let mut text = String::with_capacity(self.text.len());
        let mut marks = Vec::with_capacity(self.marks.len());
        let mut scalar: Option<usize> = None;
        for (line, mark) in self.text.lines().zip(self.marks) {
            let content = line.trim_start_matches(' ');
            let indent = line.len() - content.len();
            if !content.is_empty() && scalar.is_some_and(|outside| indent <= outside) {
                scalar = None;
            }
            if scalar.is_none() && content.starts_with('#') {
                continue;
            }
            if scalar.is_none() && BLOCK_SCALARS.iter().any(|head| content.ends_with(head)) {
                scalar = Some(indent);
            }
            text.push_str(line);
            text.push('\n');
            marks.push(mark);
        }
        Self { text, marks }
    }

    /// As `terraform fmt` has it, and with one blank line where there would be several.
    fn aligned(self) -> Self {
        let mut text = String::with_capacity(self.text.len());
        let mut marks = Vec::with_capacity(self.marks.len());
        let mut last = "";
        for (line, mark) in self.text.lines().zip(self.marks) {
            let closes = line.trim_start().starts_with(['}', ']']);
            let opened = last.is_empty() || last.ends_with(['{', '[']);
            if last.is_empty() && closes && text.ends_with("\n\n") {
                text.pop();
                marks.pop();
            }
            if line.trim().is_empty() && opened {
                continue;
            }
            text.push_str(line.trim_end());
            text.push('\n');
            marks.push(mark);
            last = line.trim_end();
        }
        Self { text: hcl::align(&text), marks }
    }
}

/// Finishes a text. One that would be too big for CloudFormation has its lists and maps on one line each: the spaces
/// before their lines are what can be spared first. Then it is the comments, which the blueprint has as well.
pub(super) fn finish(marked: &str, values: &[Json], language: &Language) -> Output {
    if let Language::Hcl(references) = language {
        return unmark(&place_hcl(marked, values, references)).aligned();
    }
    let fits = |output: &Output| output.text.len() <= INLINE_BODY_BYTES;
    let readable = unmark(&place(marked, values, false));
    if fits(&readable) {
        return readable;
    }
    let dense = unmark(&place(marked, values, true));
    if fits(&dense) { dense } else { dense.without_comments() }
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

/// Writes the values as HCL: a tree goes over several lines wherever it stands, except in a comment.
fn place_hcl(marked: &str, values: &[Json], references: &References) -> String {
    let (open, close) = VALUE_MARKERS;
    let mut out = String::with_capacity(marked.len() * 2);
    let mut rest = marked;
    while let Some((literal, after)) = rest.split_once(open) {
        out.push_str(literal);
        let (number, after) = after.split_once(close).unwrap_or_default();
        if let Some(value) = number.parse::<usize>().ok().and_then(|number| values.get(number)) {
            let line = out.rsplit('\n').next().unwrap_or_default();
            let text = line.trim_start_matches(' ');
            let (indent, column) = (line.len() - text.len(), line.chars().filter(|c| !is_mark(*c)).count());
            let behind = after.trim_start_matches(' ');
            let written = match value {
                // The name of a pair needs no quotes.
                Json::String(name) if text.is_empty() && behind.starts_with('=') && hcl::is_identifier(name) => {
                    Ok(name.clone())
                }
                _ if text.starts_with('#') => hcl::inline(value, references),
                _ => hcl::write(value, column, indent, references),
            };
            // Unwritable values were refused when they were printed.
            out.push_str(&written.unwrap_or_default());
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Copies text of the template, and counts the flow collections that it leaves open.
fn take_literal(literal: &str, out: &mut String, line_start: &mut usize, depth: &mut usize) {
    let start = out.len();
    let mut quote = None;
    let mut comment = false;
    // All that counts here is ASCII, and no byte of another character is.
    for (at, byte) in literal.bytes().enumerate() {
        match (byte, quote) {
            (b'\n', _) => {
                quote = None;
                comment = false;
                *line_start = start + at + 1;
            }
            _ if comment => {}
            (byte, Some(open)) if byte == open => quote = None,
            (_, Some(_)) => {}
            (b'"' | b'\'', None) if !literal[..at].ends_with(char::is_alphanumeric) => quote = Some(byte),
            (b'#', None) if at == 0 || literal[..at].ends_with([' ', '\n']) => comment = true,
            (b'[' | b'{', None) => *depth += 1,
            (b']' | b'}', None) => *depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    out.push_str(literal);
}

fn is_mark(c: char) -> bool {
    (FIRST_MARKER..=LAST_MARKER).contains(&c)
}

/// The next character that begins with the byte with which all marks begin, with what is before and after it. Looking
/// for a byte is several times as fast as looking at characters.
fn next_candidate(text: &str) -> Option<(&str, char, &str)> {
    const FIRST_BYTE: u8 = 0xF3;
    let at = text.bytes().position(|byte| byte == FIRST_BYTE)?;
    let (before, from) = text.split_at(at);
    let mut characters = from.chars();
    let found = characters.next()?;
    Some((before, found, characters.as_str()))
}

/// Takes the marks out. A line has the mark at its end; lines without one, which come from values over several lines,
/// have the next one.
fn unmark(marked: &str) -> Output {
    let mut text = String::with_capacity(marked.len());
    let mut marks: Vec<u32> = Vec::new();
    let mut unknown = 0;
    for line in marked.split_inclusive('\n') {
        let mut mark = None;
        let mut rest = line;
        while let Some((before, found, after)) = next_candidate(rest) {
            text.push_str(before);
            match is_mark(found) {
                true => mark = Some(found as u32 - FIRST_MARKER as u32),
                false => text.push(found),
            }
            rest = after;
        }
        text.push_str(rest);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_what_a_text_can_spare_but_not_inside_a_block_scalar() {
        let text = "# One\nA:\n  # two\n  B: |\n    # three\n\n    four # five\n  C: 1 # six\n  # seven\n";
        let marks = (1..=9).collect();
        let spared = Output { text: text.to_owned(), marks }.without_comments();
        assert_eq!(spared.text, "A:\n  B: |\n    # three\n\n    four # five\n  C: 1 # six\n");
        assert_eq!(spared.marks, [2, 4, 5, 6, 7, 8]);
    }
}
