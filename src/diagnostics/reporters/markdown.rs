//! For pull requests: a table of findings.

use std::io;

use super::{Reporter, summary};
use crate::diagnostics::comment::{Comment, Row, Section, Weight, code, prose};
use crate::diagnostics::{Diagnostic, Report, Severity};

/// For pull requests.
#[derive(Debug, Clone, Copy, Default)]
pub struct MarkdownReporter<'a> {
    /// What a pipeline finds the comment by: the command, and the file that it is about. Without, nobody looks for it.
    pub about: Option<(&'a str, &'a str)>,
}

impl Reporter for MarkdownReporter<'_> {
    fn write(&self, report: &Report, output: &mut dyn io::Write) -> io::Result<()> {
        let mut comment = match self.about {
            Some((command, file)) => Comment::new(command, &in_a_comment(file), "`-o text`"),
            None => Comment::once("`-o text`"),
        };
        comment.line(&format!("**gwinfra: {}**", summary(report)));
        let rows = report.diagnostics.iter().map(row).collect();
        comment.section(Section::new("", &["Where", "Code", "What", "Way out"], rows));
        output.write_all(comment.text().as_bytes())
    }
}

/// A name that cannot end the HTML comment that it stands in.
fn in_a_comment(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || "-_./".contains(c) { c } else { '_' }).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn first_line(file: &str) -> String {
        let mut markdown = Vec::new();
        MarkdownReporter { about: Some(("validate", file)) }.write(&Report::default(), &mut markdown).unwrap();
        String::from_utf8(markdown).unwrap().lines().next().unwrap().to_owned()
    }

    #[test]
    fn the_first_line_names_command_and_file() {
        assert_eq!(first_line("envs/gwinfra.yaml"), "<!-- gwinfra:validate:envs/gwinfra.yaml -->");
    }

    #[test]
    fn no_name_ends_the_comment() {
        assert_eq!(first_line("a-->\n<b>.yaml"), "<!-- gwinfra:validate:a--___b_.yaml -->");
    }
}
