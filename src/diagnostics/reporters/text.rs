//! For people at a terminal: each finding with the lines that it is about, as rustc shows them.

use std::io;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Reporter, summary};
use crate::diagnostics::{Diagnostic, Position, Report, Severity, SourceFile, Sources, Span, printable};

/// For people at a terminal.
#[derive(Debug, Clone, Copy)]
pub struct TextReporter {
    /// Whether to write ANSI colours.
    pub color: bool,
    /// Width of the terminal in columns.
    pub width: usize,
}

impl Default for TextReporter {
    fn default() -> Self {
        Self { color: false, width: 120 }
    }
}

impl Reporter for TextReporter {
    fn write(&self, report: &Report, output: &mut dyn io::Write) -> io::Result<()> {
        let renderer = if self.color { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.term_width(self.width);
        for finding in &report.diagnostics {
            writeln!(output, "{}\n", renderer.render(&[group(finding, &report.sources)]))?;
        }
        writeln!(output, "{}", summary(report))?;
        // Notes explain themselves.
        if let Some(first) = report.diagnostics.iter().find(|finding| finding.severity != Severity::Note) {
            writeln!(output, "For more about a finding: gwinfra explain {}", first.code)?;
        }
        Ok(())
    }
}

fn group<'a>(finding: &'a Diagnostic, sources: &'a Sources) -> Group<'a> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = Group::with_title(level.primary_title(printable(&finding.message)).id(finding.code));
    let primary = finding.span.iter().map(|span| (span, finding.label.as_deref(), AnnotationKind::Primary));
    let related =
        finding.related.iter().map(|related| (&related.span, Some(related.message.as_str()), AnnotationKind::Context));
    let mut places: Vec<(&Span, Option<&str>, AnnotationKind)> = primary.chain(related).collect();
    while let Some((first, ..)) = places.first() {
        let file = first.file.clone();
        let (here, elsewhere): (Vec<_>, Vec<_>) = places.into_iter().partition(|(span, ..)| span.file == file);
        places = elsewhere;
        group = match sources.get(&file) {
            Some(source) => group.element(snippet(source, &here)),
            None => here.iter().fold(group, |group, (span, ..)| group.element(origin(span))),
        };
    }
    match &finding.help {
        Some(help) => group.element(Level::HELP.message(printable(help))),
        None => group,
    }
}

fn origin(span: &Span) -> Origin<'static> {
    Origin::path(printable(&span.file).into_owned())
        .line(span.start.line as usize)
        .char_column(span.start.column as usize)
}

/// The lines from the first place to the last one, those between folded.
fn snippet<'a>(
    source: &'a SourceFile,
    places: &[(&Span, Option<&'a str>, AnnotationKind)],
) -> Snippet<'a, Annotation<'a>> {
    let lines = places.iter().map(|(span, ..)| span.start.line);
    let first = lines.clone().min().unwrap_or(1);
    let last = lines.max().unwrap_or(1);
    let begin = source.offset(Position { line: first, column: 1 });
    let end = source.offset(Position { line: last, column: u32::MAX });
    let annotations = places.iter().map(|(span, label, kind)| {
        let start = source.offset(span.start).min(end);
        let line_end = source.offset(Position { line: span.start.line, column: u32::MAX });
        // A value of many lines is marked on its first one.
        let stop = if span.end.line == span.start.line { source.offset(span.end) } else { line_end };
        let range = start - begin..stop.clamp(start, end) - begin;
        let annotation = kind.span(range);
        match label {
            Some(label) => annotation.label(printable(label)),
            None => annotation,
        }
    });
    Snippet::source(&source.text[begin..end])
        .line_start(first as usize)
        .path(printable(&source.name))
        .annotations(annotations)
}
