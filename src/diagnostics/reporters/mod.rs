//! One reporter per output format. A reporter writes a whole [`Report`]; where it goes and whether it has colour is the
//! caller's business.

mod github;
mod json;
mod junit;
mod markdown;
mod sarif;
mod text;

use std::io;

pub use github::GithubReporter;
pub use json::{JsonDiagnostic, JsonReporter, json_schema_text};
pub use junit::JunitReporter;
pub use markdown::MarkdownReporter;
pub use sarif::SarifReporter;
pub use text::TextReporter;

use super::{Report, Severity};

/// Writes reports in one format.
pub trait Reporter {
    /// Writes a report.
    ///
    /// # Errors
    /// When the output cannot be written to.
    fn write(&self, report: &Report, output: &mut dyn io::Write) -> io::Result<()>;
}

/// `2 errors, 1 warning`, or `no findings`.
pub fn summary(report: &Report) -> String {
    let names = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let counts: Vec<String> = names
        .into_iter()
        .map(|(severity, name)| (report.count(severity), name))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| if count == 1 { format!("1 {name}") } else { format!("{count} {name}s") })
        .collect();
    if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") }
}
