//! For GitHub Actions: workflow commands that become annotations on the changed lines.

use std::io;

use super::{Reporter, summary};
use crate::diagnostics::{Diagnostic, Report, Severity, printable};

/// For GitHub Actions.
#[derive(Debug, Clone, Copy, Default)]
pub struct GithubReporter;

impl Reporter for GithubReporter {
    fn write(&self, report: &Report, output: &mut dyn io::Write) -> io::Result<()> {
        for finding in &report.diagnostics {
            writeln!(output, "{}", command(finding))?;
        }
        for remark in &report.remarks {
            writeln!(output, "::{}::{}", name(remark.severity), data(&remark.message))?;
        }
        // Where a remark warns, there may be findings that nobody has seen.
        let is_open = report.remarks.iter().any(|remark| remark.severity != Severity::Note);
        if report.diagnostics.is_empty() && is_open { Ok(()) } else { writeln!(output, "{}", summary(report)) }
    }
}

fn command(finding: &Diagnostic) -> String {
    let mut properties = Vec::new();
    if let Some(span) = &finding.span {
        properties.push(format!("file={}", property(&span.file)));
        properties.push(format!("line={}", span.start.line));
        // GitHub takes columns only for places on one line.
        if span.end.line == span.start.line {
            properties.push(format!("col={}", span.start.column));
            properties.push(format!("endColumn={}", span.end.column));
        } else {
            properties.push(format!("endLine={}", span.end.line));
        }
    }
    properties.push(format!("title={}", property(finding.code)));
    let mut message = finding.message.clone();
    if let Some(help) = &finding.help {
        message.push_str("\nhelp: ");
        message.push_str(help);
    }
    format!("::{} {}::{}", name(finding.severity), properties.join(","), data(&message))
}

fn name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    }
}

fn data(text: &str) -> String {
    printable(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
