//! Why a text is no part of a module.

use std::sync::Arc;

use thiserror::Error;

use crate::diagnostics::{Diagnostic, Position, Span};
use crate::tf::codes;

/// A text that is no HCL, with the place where that shows.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}:{line}:{column}: {reason}", line = at.line, column = at.column)]
pub struct Error {
    /// The file's name as it was given.
    pub file: Arc<str>,
    /// Where.
    pub at: Position,
    /// Why.
    pub reason: String,
}

impl Error {
    /// As a finding.
    pub fn to_diagnostic(&self) -> Diagnostic {
        let end = Position { column: self.at.column + 1, ..self.at };
        let span = Span { file: self.file.clone(), start: self.at, end };
        Diagnostic::error(codes::SYNTAX, self.reason.clone()).with_span(Some(span))
    }
}
