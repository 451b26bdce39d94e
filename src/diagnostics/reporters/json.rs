//! For programs: diagnostics in the shape of `terraform validate -json`, with code, path and help beside.

use std::io;

use serde::Serialize;

use super::Reporter;
use crate::diagnostics::{Diagnostic, Position, Report, Severity, Sources, Span};

/// For programs.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonReporter;

/// What [`JsonReporter`] writes.
#[derive(Serialize)]
struct JsonReport<'a> {
    schema: &'static str,
    valid: bool,
    error_count: usize,
    warning_count: usize,
    diagnostics: Vec<JsonDiagnostic<'a>>,
}

/// A diagnostic as JSON, also inside other documents.
#[derive(Debug, Serialize)]
pub struct JsonDiagnostic<'a> {
    severity: Severity,
    summary: &'a str,
    detail: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<Snippet<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<JsonRelated<'a>>,
}

#[derive(Debug, Serialize)]
struct JsonRelated<'a> {
    message: &'a str,
    range: Range<'a>,
}

#[derive(Debug, Serialize)]
struct Range<'a> {
    filename: &'a str,
    start: Point,
    end: Point,
}

#[derive(Debug, Serialize)]
struct Point {
    line: u32,
    column: u32,
    byte: usize,
}

#[derive(Debug, Serialize)]
struct Snippet<'a> {
    context: Option<&'a str>,
    code: &'a str,
    start_line: u32,
    highlight_start_offset: usize,
    highlight_end_offset: usize,
    values: [(); 0],
}

impl<'a> JsonDiagnostic<'a> {
    /// A diagnostic with the offsets and the line that its place has in its text.
    pub fn new(finding: &'a Diagnostic, sources: &'a Sources) -> Self {
        let related = finding.related.iter();
        Self {
            severity: finding.severity,
            summary: &finding.message,
            detail: finding.help.as_deref().or(finding.label.as_deref()).unwrap_or_default(),
            code: finding.code,
            path: finding.path.as_deref(),
            help: finding.help.as_deref(),
            range: finding.span.as_ref().map(|span| range(span, sources)),
            snippet: finding.span.as_ref().and_then(|span| snippet(span, finding.path.as_deref(), sources)),
            related: related
                .map(|related| JsonRelated { message: &related.message, range: range(&related.span, sources) })
                .collect(),
        }
    }
}

impl Reporter for JsonReporter {
    fn write(&self, report: &Report, output: &mut dyn io::Write) -> io::Result<()> {
        let document = JsonReport {
            schema: "gwinfra.report/v1",
            valid: !report.has_errors(),
            error_count: report.count(Severity::Error),
            warning_count: report.count(Severity::Warning),
            diagnostics: report
                .diagnostics
                .iter()
                .map(|finding| JsonDiagnostic::new(finding, &report.sources))
                .collect(),
        };
        serde_json::to_writer_pretty(&mut *output, &document)?;
        writeln!(output)
    }
}

fn range<'a>(span: &'a Span, sources: &Sources) -> Range<'a> {
    let point = |position: Position| {
        let byte = sources.get(&span.file).map_or(0, |source| source.offset(position));
        Point { line: position.line, column: position.column, byte }
    };
    Range { filename: &span.file, start: point(span.start), end: point(span.end) }
}

fn snippet<'a>(span: &Span, path: Option<&'a str>, sources: &'a Sources) -> Option<Snippet<'a>> {
    let source = sources.get(&span.file)?;
    let code = source.line(span.start.line)?;
    let begin = source.offset(Position { line: span.start.line, column: 1 });
    let start = source.offset(span.start) - begin;
    let end = if span.end.line == span.start.line { source.offset(span.end) - begin } else { code.len() };
    Some(Snippet {
        context: path.and_then(|path| path.rsplit_once('.')).map(|(parent, _)| parent),
        code,
        start_line: span.start.line,
        highlight_start_offset: start,
        highlight_end_offset: end.max(start),
        values: [],
    })
}
