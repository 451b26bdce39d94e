//! For programs: diagnostics in the shape of `terraform validate -json`, with code, path and help beside.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::Reporter;
use crate::diagnostics::{Diagnostic, Position, Report, Severity, Sources, Span};

/// For programs.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonReporter;

/// Name and version of the JSON format. Fields are only ever added within a version.
const SCHEMA: &str = "gwinfra.report/v1";

/// Findings in the shape of `terraform validate -json`.
#[derive(Serialize, JsonSchema)]
struct JsonReport<'a> {
    /// [`SCHEMA`].
    schema: &'static str,
    /// Whether there is no error.
    valid: bool,
    /// How many errors.
    error_count: usize,
    /// How many warnings.
    warning_count: usize,
    /// The findings, in reading order.
    diagnostics: Vec<JsonDiagnostic<'a>>,
}

/// A diagnostic as JSON, also inside other documents.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JsonDiagnostic<'a> {
    /// How bad it is.
    severity: Severity,
    /// What is wrong.
    summary: &'a str,
    /// The way out, or a few words about the place; may be empty.
    detail: &'a str,
    /// Stable code, `GWnnnn`.
    code: &'static str,
    /// Key path in the spec, dotted.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    /// The way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range<'a>>,
    /// The line that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<Snippet<'a>>,
    /// Other places that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    related: Vec<JsonRelated<'a>>,
}

/// Another place that belongs to a finding.
#[derive(Debug, Serialize, JsonSchema)]
struct JsonRelated<'a> {
    /// What is there.
    message: &'a str,
    /// Where it is.
    range: Range<'a>,
}

/// A part of a file.
#[derive(Debug, Serialize, JsonSchema)]
struct Range<'a> {
    /// The file.
    filename: &'a str,
    /// Where it begins.
    start: Point,
    /// Where it ends.
    end: Point,
}

/// A place in a file.
#[derive(Debug, Serialize, JsonSchema)]
struct Point {
    /// Line, from 1.
    line: u32,
    /// Column, from 1.
    column: u32,
    /// Byte, from 0.
    byte: usize,
}

/// A line with something to mark.
#[derive(Debug, Serialize, JsonSchema)]
struct Snippet<'a> {
    /// Key path of what contains it.
    context: Option<&'a str>,
    /// The line.
    code: &'a str,
    /// Its number, from 1.
    start_line: u32,
    /// Where the mark begins, in bytes of the line.
    highlight_start_offset: usize,
    /// Where it ends.
    highlight_end_offset: usize,
    /// Always empty: Terraform has values of expressions here.
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
            schema: SCHEMA,
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

/// The JSON Schema of the report, as text: the committed copy is `schemas/gwinfra.report.v1.schema.json`.
pub fn json_schema_text() -> String {
    crate::json_schema::text::<JsonReport<'static>>(SCHEMA)
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
