//! Findings about the text itself: what is no text, no YAML, or YAML that a spec does not take.

use std::sync::Arc;

use super::codes;
use super::load::MAX_BYTES;
use crate::diagnostics::{Diagnostic, Position};
use crate::yaml::{self, Aliases, Found, Node, Place, Problem, Value};

/// What a text is, in the words of its findings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    /// With its article: `a spec`.
    pub(crate) one: &'static str,
    /// What to do about a file that is something else.
    pub(crate) another_file: &'static str,
    /// What to do about an empty file.
    pub(crate) empty: &'static str,
    /// What to do about a second document.
    pub(crate) second_document: &'static str,
}

/// The words about a spec.
pub(crate) const SPEC: Words = Words {
    one: "a spec",
    another_file: "name the spec's file, usually gwinfra.yaml",
    empty: "let `gwinfra init` write a spec, or begin with `version: 1`",
    second_document: "put each spec into a file of its own; use `environments` for variants of one",
};

/// A text that is YAML, as a tree.
pub(crate) struct Parsed {
    /// The text, without a byte order mark.
    pub(crate) text: Arc<str>,
    /// The tree, YAML's own tags applied.
    pub(crate) root: Node,
    /// What does not stop the rest from being checked: keys that are there twice, tags.
    pub(crate) findings: Vec<Diagnostic>,
}

/// Reads bytes as one YAML document.
///
/// # Errors
/// The finding after which nothing can be read, and the text, as far as it is one.
pub(crate) fn parse(name: &Arc<str>, bytes: &[u8], words: &Words) -> Result<Parsed, Box<(Diagnostic, Arc<str>)>> {
    let text: Arc<str> = match text(name, bytes, words) {
        Ok(text) => text.into(),
        Err(finding) => return Err(Box::new((*finding, "".into()))),
    };
    let document = yaml::parse(&text, Aliases::Expand)
        .map_err(|found| Box::new((finding(&found, name, &text, words), text.clone())))?;
    let mut root = document.root;
    let mut findings: Vec<Diagnostic> =
        document.duplicates.iter().map(|found| finding(found, name, &text, words)).collect();
    resolve_tags(&mut root, name, words, &mut findings);
    Ok(Parsed { text, root, findings })
}

/// The bytes as text, without a byte order mark.
fn text<'a>(name: &Arc<str>, bytes: &'a [u8], words: &Words) -> Result<&'a str, Box<Diagnostic>> {
    if bytes.len() > MAX_BYTES {
        return Err(Box::new(too_large(bytes.len() as u64, words)));
    }
    let text =
        std::str::from_utf8(bytes).map_err(|error| Box::new(not_text(name, bytes, error.valid_up_to(), words)))?;
    let unreadable = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{85}');
    match text.find(unreadable) {
        Some(at) => Err(Box::new(not_text(name, bytes, at, words))),
        None => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
    }
}

/// A file of more bytes than may be read.
fn too_large(bytes: u64, words: &Words) -> Diagnostic {
    let limit = MAX_BYTES / 1024 / 1024;
    let message = format!("the file has {bytes} bytes, and {} at most {limit} MiB", words.one);
    Diagnostic::error(codes::TOO_LARGE, message).with_help(words.another_file)
}

/// Bytes that are no text, from an offset on.
fn not_text(name: &Arc<str>, bytes: &[u8], at: usize, words: &Words) -> Diagnostic {
    let before = &bytes[..at.min(bytes.len())];
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
    let start = Position { line: u32::try_from(line).unwrap_or(1), column: u32::try_from(column).unwrap_or(1) };
    let wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let (message, help) = if wide {
        (format!("the file is UTF-16 text, and {} is UTF-8", words.one), "save it as UTF-8")
    } else if bytes.contains(&0) {
        (format!("the file is binary, and {} is text", words.one), words.another_file)
    } else {
        ("the file is not UTF-8 text here".to_owned(), "save it as UTF-8, without control characters")
    };
    let span = Place { start, end: start }.in_file(name);
    Diagnostic::error(codes::NOT_TEXT, message).with_span(Some(span)).with_help(help)
}

/// A problem of YAML as a finding.
fn finding(found: &Found, name: &Arc<str>, text: &str, words: &Words) -> Diagnostic {
    let noun = words.one.trim_start_matches("a ");
    let (code, message, help) = match &found.problem {
        Problem::Syntax(reason) => {
            let (message, help) = explain_syntax(reason, found.place.start, text);
            (codes::SYNTAX, message, help)
        }
        Problem::Empty => (codes::EMPTY, format!("the {noun} is empty"), Some(words.empty.to_owned())),
        Problem::SeveralDocuments => {
            let message = format!("{} is one document, and a second one begins here", words.one);
            (codes::SEVERAL_DOCUMENTS, message, Some(words.second_document.to_owned()))
        }
        Problem::DuplicateKey { key, .. } => {
            let message = format!("the key `{key}` is there twice");
            (codes::DUPLICATE_KEY, message, Some("remove one of the two, or merge them".to_owned()))
        }
        Problem::TooDeep | Problem::AliasBomb => {
            let help = "write the values out, or repeat less".to_owned();
            (codes::TOO_COMPLEX, found.problem.to_string(), Some(help))
        }
        problem => (codes::UNSUPPORTED_YAML, problem.to_string(), None),
    };
    let mut finding = Diagnostic::error(code, message).with_span(Some(found.place.in_file(name)));
    finding.help = help;
    match &found.problem {
        Problem::DuplicateKey { key, first } => {
            finding.with_related(Some(first.in_file(name)), format!("`{key}` is here already"))
        }
        _ => finding,
    }
}

/// The parser's reason in the user's words, when the line shows what is wrong.
fn explain_syntax(reason: &str, at: Position, text: &str) -> (String, Option<String>) {
    let line = text.lines().nth(at.line.saturating_sub(1) as usize).unwrap_or_default();
    let indentation = &line[..line.len() - line.trim_start().len()];
    if indentation.contains('\t') {
        let message = "this line is indented with a tab, and YAML takes only spaces".to_owned();
        return (message, Some("replace each tab by spaces".to_owned()));
    }
    if reason.contains("unknown anchor") {
        let help = "write `&name` before the value that it repeats, or put the text in quotes";
        return ("the alias repeats a value that has no anchor".to_owned(), Some(help.to_owned()));
    }
    let help = if reason.contains("unexpected character") {
        Some("put the value in quotes".to_owned())
    } else if reason.contains("mapping values are not allowed") {
        Some("put a value that contains `: ` in quotes, and check the indentation".to_owned())
    } else {
        None
    };
    (format!("this is not YAML: {reason}"), help)
}

/// Applies YAML's own tags, so that `!!str 1` is a string, and finds the others.
fn resolve_tags(node: &mut Node, name: &Arc<str>, words: &Words, findings: &mut Vec<Diagnostic>) {
    if let Some(tag) = node.tag.take() {
        match (tag.text.as_str(), &mut node.value) {
            ("!!str" | "!", Value::Scalar(scalar)) => scalar.plain = false,
            ("!!int" | "!!float" | "!!bool" | "!!null", Value::Scalar(scalar)) => scalar.plain = true,
            ("!!seq", Value::List(_)) | ("!!map", Value::Map(_)) | ("!", _) => {}
            (text, _) => {
                let place = Place { start: tag.start, end: node.place.start.max(tag.start) };
                let message = format!("{} takes no tag `{text}`", words.one);
                let help = "remove the tag; put a value that begins with `!` in quotes";
                let finding = Diagnostic::error(codes::UNSUPPORTED_YAML, message).with_help(help);
                findings.push(finding.with_span(Some(place.in_file(name))));
            }
        }
    }
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| resolve_tags(item, name, words, findings)),
        Value::Map(map) => map.values_mut().for_each(|member| resolve_tags(&mut member.node, name, words, findings)),
        Value::Scalar(_) => {}
    }
}
