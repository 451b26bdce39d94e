//! Findings as data. A [`Diagnostic`] is made anywhere; only a reporter turns it into text.

pub mod comment;
mod junit;
mod printable;
mod redact;
mod reporters;
mod source;

pub use junit::junit_text;
pub use printable::printable;
pub use redact::redacted;
pub(crate) use redact::{MASK, without_hashes, without_keys};
pub use reporters::{
    GithubReporter, JsonDiagnostic, JsonReporter, JunitReporter, MarkdownReporter, Reporter, SarifReporter,
    TextReporter, json_schema_text, summary,
};
pub use source::{Position, SourceFile, Sources, Span};

use schemars::JsonSchema;
use serde::Serialize;

/// A code of findings: the code, its title, and its explanation in Markdown.
pub type Code = (&'static str, &'static str, &'static str);

/// How bad a finding is. Only an [`Severity::Error`] stops a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The input cannot be used.
    Error,
    /// The input works but is probably not what its author wants.
    Warning,
    /// A fact worth knowing.
    Note,
}

/// A second place that explains a finding, such as the other half of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Related {
    /// Where it is.
    pub span: Span,
    /// What is there, in a few words.
    pub message: String,
}

/// What a finding is about that is no place in the spec.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// Address of a deployed resource.
    pub resource: String,
    /// A property of it.
    pub property: Option<String>,
}

/// One finding: a stable code, a place, a reason and a way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Stable code, `GWnnnn`; `gwinfra explain CODE` documents it.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where it is. `None` only for findings about no file at all.
    pub span: Option<Span>,
    /// A few words under the marked text.
    pub label: Option<String>,
    /// Key path in the spec, dotted: `compute.fargate.cpu`.
    pub path: Option<String>,
    /// The deployed resource that it is about; `None` for findings about the spec alone.
    pub subject: Option<Subject>,
    /// Other places that belong to the finding.
    pub related: Vec<Related>,
    /// The way out, imperative.
    pub help: Option<String>,
}

impl Diagnostic {
    /// Makes an error; the other parts are added with the `with_*` methods.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message)
    }

    /// Makes a warning.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message)
    }

    /// Makes a note.
    pub fn note(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Note, message)
    }

    fn new(code: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            span: None,
            label: None,
            path: None,
            subject: None,
            related: Vec::new(),
            help: None,
        }
    }

    /// Sets where the finding is.
    #[must_use]
    pub fn with_span(mut self, span: Option<Span>) -> Self {
        self.span = span;
        self
    }

    /// Sets the words under the marked text.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Sets the key path in the spec.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Adds a second place. Nothing is added when the place is unknown.
    #[must_use]
    pub fn with_related(mut self, span: Option<Span>, message: impl Into<String>) -> Self {
        if let Some(span) = span {
            self.related.push(Related { span, message: message.into() });
        }
        self
    }

    /// Sets the way out.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Findings of one run and the texts that they point into.
#[derive(Debug, Default, Clone)]
pub struct Report {
    /// The texts, for excerpts.
    pub sources: Sources,
    /// The findings; [`Report::sort`] puts them in reading order.
    pub diagnostics: Vec<Diagnostic>,
    /// What is said beside the findings, for pipelines: GitHub's and SARIF's reporters write it, the others leave it to who
    /// calls them.
    pub remarks: Vec<Remark>,
}

/// Something to know that is no finding, such as what could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub message: String,
}

impl Remark {
    /// What may hide a finding.
    pub fn warning(message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, message: message.into() }
    }

    /// A fact.
    pub fn note(message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, message: message.into() }
    }
}

impl Report {
    /// Whether any finding is an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }

    /// How many findings are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Sorts by file, line, column and code, those about no file last, so that output is the same each time.
    pub fn sort(&mut self) {
        self.diagnostics.sort_by(|a, b| {
            // Findings about no file come last.
            let place = |d: &Diagnostic| (d.span.is_none(), d.span.as_ref().map(|s| (s.file.clone(), s.start)));
            place(a).cmp(&place(b)).then_with(|| a.code.cmp(b.code)).then_with(|| a.message.cmp(&b.message))
        });
    }
}
