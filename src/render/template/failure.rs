//! Errors of minijinja as findings.

use std::error::Error as _;
use std::ops::Range;

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind};
use thiserror::Error as ThisError;

use super::environment::{Loaded, Templates};
use super::problem::{Located, Problem};
use crate::diagnostics::{Diagnostic, Position, Span};
use crate::render::codes;

/// A problem in the text of a template.
#[derive(Debug, Clone, ThisError)]
#[error("{located}")]
pub(super) struct InTemplate {
    pub path: String,
    pub located: Located,
}

/// The finding for an error while rendering the template `path`.
pub(super) fn diagnostic(error: &Error, path: &str, context: &Value, templates: &Templates) -> Diagnostic {
    if let Some(InTemplate { path, located }) = source_of::<InTemplate>(error) {
        let file = templates.loaded(path).map(|template| template.source.name.clone());
        let span = file.map(|file| Span {
            file,
            start: Position { line: located.line, column: located.columns.0 },
            end: Position { line: located.line, column: located.columns.1 },
        });
        return own(&located.problem).with_span(span);
    }
    let error = innermost(error);
    let template = templates.loaded(error.name().unwrap_or(path));
    let range = template.as_ref().zip(error.range()).map(|(template, range)| whole_path(&template.scanned, range));
    let span = template.as_ref().map(|template| span(error, range.clone(), template));
    let expression = template.as_ref().zip(range).and_then(|(template, range)| template.scanned.get(range));
    if let Some(problem) = source_of::<Problem>(error) {
        let diagnostic = own(problem).with_span(span);
        return match expression.and_then(path_in) {
            Some(path) => diagnostic.with_label(format!("from `{path}` of the render context")),
            None => diagnostic,
        };
    }
    let detail = error.detail().unwrap_or_default();
    let said = |otherwise: &str| if detail.is_empty() { otherwise.to_owned() } else { detail.to_owned() };
    let (code, message, help) = match error.kind() {
        ErrorKind::SyntaxError | ErrorKind::BadEscape => (codes::TEMPLATE_SYNTAX, said("syntax error"), None),
        ErrorKind::UndefinedError => undefined(expression, context, detail),
        ErrorKind::TemplateNotFound => {
            let wanted = detail.split(['"', '`']).nth(1).unwrap_or(path);
            let paths = templates.files().paths();
            let help = nearest(wanted, paths.iter().map(String::as_str)).map(|path| format!("did you mean `{path}`?"));
            (codes::TEMPLATE_NOT_FOUND, format!("the blueprint has no template `{wanted}`"), help)
        }
        ErrorKind::OutOfFuel => {
            let help = "loop over less, or compute the values outside of the template";
            (codes::RUNAWAY, "the template takes more than 2,000,000 steps".to_owned(), Some(help.to_owned()))
        }
        ErrorKind::UnknownFilter | ErrorKind::UnknownFunction | ErrorKind::UnknownTest | ErrorKind::UnknownMethod => {
            let help = "see `gwinfra explain GW0805` for what there is".to_owned();
            (codes::UNKNOWN_FUNCTION, said("unknown function"), Some(help))
        }
        _ if detail.contains("recursion limit") => {
            (codes::RUNAWAY, "the templates are more than 100 levels inside each other".to_owned(), None)
        }
        kind => {
            let message = if detail.is_empty() { kind.to_string() } else { format!("{kind}: {detail}") };
            (codes::OPERATION, message, None)
        }
    };
    let diagnostic = Diagnostic::error(code, message).with_span(span);
    match help {
        Some(help) => diagnostic.with_help(help),
        None => diagnostic,
    }
}

fn own(problem: &Problem) -> Diagnostic {
    let diagnostic = Diagnostic::error(problem.code(), problem.to_string());
    match problem.help() {
        Some(help) => diagnostic.with_help(help),
        None => diagnostic,
    }
}

fn undefined(expression: Option<&str>, context: &Value, detail: &str) -> (&'static str, String, Option<String>) {
    let Some(path) = expression.and_then(path_in) else {
        let message = if detail.is_empty() { "the value is undefined" } else { detail };
        return (codes::UNDEFINED, message.to_owned(), None);
    };
    let mut at = context.clone();
    let mut known = Vec::new();
    for name in path.split('.') {
        match at.get_attr(name) {
            Ok(next) if !next.is_undefined() => {
                at = next;
                known.push(name);
            }
            _ => {
                let names = names(&at);
                let help = nearest(name, names.iter().map(String::as_str)).map(|near| {
                    let full: Vec<&str> = known.iter().copied().chain([near]).collect();
                    format!("did you mean `{}`?", full.join("."))
                });
                return (codes::UNDEFINED, format!("`{path}` is undefined"), help);
            }
        }
    }
    (codes::UNDEFINED, format!("`{path}` is undefined here"), None)
}

/// The dotted path that an expression is, if it is nothing more.
fn path_in(expression: &str) -> Option<&str> {
    let path = expression.trim().trim_start_matches(['{', '-']).trim_end_matches(['}', '-']).trim();
    let is_path = path.split('.').all(|name| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    is_path.then_some(path)
}

fn names(value: &Value) -> Vec<String> {
    if value.kind() != ValueKind::Map {
        return Vec::new();
    }
    value.try_iter().into_iter().flatten().filter_map(|key| key.as_str().map(str::to_owned)).collect()
}

/// The candidate that is most like a name, if any is.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |candidate: &str| strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase());
    candidates
        .into_iter()
        .map(|candidate| (likeness(candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// minijinja's place of a failed look-up begins at its last dot: the whole path, when it is one.
fn whole_path(text: &str, range: Range<usize>) -> Range<usize> {
    let before = text.get(..range.start).unwrap_or_default();
    let after = text.get(range.end..).unwrap_or_default();
    let in_path = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    if !text.get(range.clone()).is_some_and(|own| own.chars().all(in_path)) {
        return range;
    }
    let start = before.trim_end_matches(in_path).len();
    let end = range.end + after.len() - after.trim_start_matches(|c| in_path(c) && c != '.').len();
    start..end
}

fn span(error: &Error, range: Option<Range<usize>>, template: &Loaded) -> Span {
    let place = |offset: usize| {
        let before = template.scanned.get(..offset).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let number = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
        Position { line: number(before.matches('\n').count()), column: number(before[line_start..].chars().count()) }
    };
    let line = u32::try_from(error.line().unwrap_or(1)).unwrap_or(1);
    let (start, end) = match range {
        Some(range) => (place(range.start), place(range.end)),
        None => (Position { line, column: 1 }, Position { line, column: 1 }),
    };
    Span { file: template.source.name.clone(), start, end: end.max(start) }
}

/// The error that caused the others: of an include, the one inside.
fn innermost(error: &Error) -> &Error {
    let mut innermost = error;
    let mut next = error.source();
    while let Some(source) = next {
        if let Some(error) = source.downcast_ref::<Error>() {
            innermost = error;
        }
        next = source.source();
    }
    innermost
}

fn source_of<T: std::error::Error + 'static>(error: &Error) -> Option<&T> {
    let mut next = error.source();
    while let Some(source) = next {
        if let Some(found) = source.downcast_ref::<T>() {
            return Some(found);
        }
        next = source.source();
    }
    None
}
