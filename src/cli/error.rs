//! The one error type of the command line: a kind, an error and hints.

use std::error::Error;

use super::exit::ErrorKind;
use crate::diagnose::Document;
use crate::diagnostics::Report;
use crate::plan::Plan;

/// An error that ends a command.
#[derive(Debug)]
pub struct CliError {
    /// Decides the exit code.
    pub kind: ErrorKind,
    /// What went wrong; its sources are printed as causes.
    pub error: Box<dyn Error + Send + Sync>,
    /// What to do next, each a sentence or a command.
    pub hints: Vec<String>,
    /// Findings to print instead of the error's own text.
    pub report: Option<Box<Report>>,
    /// Why stacks failed; it is printed in the place of the error's own text.
    pub diagnosis: Option<Box<Document>>,
    /// What is known of a plan that could not be made whole, for stdout.
    pub blocked: Option<Box<Plan>>,
    /// The result on stdout says it all: only the exit code is left to give.
    pub silent: bool,
}

impl CliError {
    /// Makes an error of that kind.
    pub fn new(kind: ErrorKind, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind,
            error: error.into(),
            hints: Vec::new(),
            report: None,
            diagnosis: None,
            blocked: None,
            silent: false,
        }
    }

    /// An error that the result on stdout has told already.
    pub fn silent(kind: ErrorKind) -> Self {
        Self { silent: true, ..Self::new(kind, "told on stdout") }
    }

    /// A wrong command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message.into())
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// An invalid spec, blueprint or template, with its findings.
    pub fn invalid(report: Report) -> Self {
        let mut error = Self::new(ErrorKind::Invalid, "the spec is not valid");
        error.report = Some(Box::new(report));
        error
    }
}

impl From<Report> for CliError {
    fn from(report: Report) -> Self {
        Self::invalid(report)
    }
}
