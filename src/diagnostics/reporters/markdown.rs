//! For pull requests: a table of findings.

use std::io;

use super::{Reporter, summary};
use crate::diagnostics::{Diagnostic, Report, Severity, printable};

/// For pull requests.
#[derive(Debug, Clone, Copy, Default)]
pub struct MarkdownReporter;

impl Reporter for MarkdownReporter {
    fn write(&self, report: &Report, output: &mut dyn io::Write) -> io::Result<()> {
        writeln!(output, "**gwinfra: {}**", summary(report))?;
        if report.diagnostics.is_empty() {
            return Ok(());
        }
        writeln!(output, "\n| | Code | Where | What | Way out |\n|---|---|---|---|---|")?;
        report.diagnostics.iter().try_for_each(|finding| writeln!(output, "{}", row(finding)))
    }
}

fn row(finding: &Diagnostic) -> String {
    let severity = match finding.severity {
        Severity::Error => "**error**",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let place = finding.span.as_ref().map_or(String::new(), |span| {
        format!("`{}:{}:{}`", cell(&span.file).replace('`', "'"), span.start.line, span.start.column)
    });
    let help = finding.help.as_deref().map(cell).unwrap_or_default();
    format!("| {severity} | {} | {place} | {} | {help} |", finding.code, cell(&finding.message))
}

/// Text inside a table cell: pipes, line breaks and tags would end it.
fn cell(text: &str) -> String {
    printable(text).replace('|', "\\|").replace('\n', " ").replace('<', "&lt;")
}
