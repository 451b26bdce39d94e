//! For pull requests: a table of findings.

use std::io;

use super::{Reporter, summary};
use crate::diagnostics::comment::{Comment, Row, Section, Weight, code, prose};
use crate::diagnostics::{Diagnostic, Report, Severity};

/// For pull requests.
#[derive(Debug, Clone, Copy, Default)]
pub struct MarkdownReporter;

impl Reporter for MarkdownReporter {
    fn write(&self, report: &Report, output: &mut dyn io::Write) -> io::Result<()> {
        let mut comment = Comment::once("`-o text`");
        comment.line(&format!("**gwinfra: {}**", summary(report)));
        let rows = report.diagnostics.iter().map(row).collect();
        comment.section(Section::new("", &["Where", "Code", "What", "Way out"], rows));
        output.write_all(comment.text().as_bytes())
    }
}

fn row(finding: &Diagnostic) -> Row {
    let (weight, kind, mark) = match finding.severity {
        Severity::Error => (Weight::Must, "error", "**error**"),
        Severity::Warning => (Weight::Normal, "warning", "warning"),
        Severity::Note => (Weight::Low, "note", "note"),
    };
    let place = finding.span.as_ref().map_or_else(
        || finding.path.clone().unwrap_or_default(),
        |span| format!("{}:{}:{}", span.file, span.start.line, span.start.column),
    );
    let help = finding.help.as_deref().map(prose).unwrap_or_default();
    Row::new(weight, kind, mark, &place, vec![code(finding.code), prose(&finding.message), help])
}
