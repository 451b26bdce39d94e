//! What is said about what was carried over.

use std::collections::HashMap;

use crate::diagnostics::{Report, Severity, Span};
use crate::litellm::Subject;

/// What a note is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It is not in the spec.
    Left,
    /// It is in the spec, and not as it was written.
    Changed,
}

/// Something that was left out, or carried over in another way than it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it is about.
    pub kind: Kind,
    /// Where it is.
    pub place: Option<Span>,
    /// Path in the configuration.
    pub path: String,
    /// Why, in one sentence without a full stop. It never holds a value that may be a secret.
    pub reason: String,
}

/// Collects notes.
pub(super) struct Notes<'a> {
    subject: &'a Subject<'a>,
    /// Errors in the configuration, by path.
    mistakes: HashMap<String, String>,
    notes: Vec<Note>,
}

impl<'a> Notes<'a> {
    pub(super) fn new(subject: &'a Subject<'a>, report: Report) -> Self {
        let errors = report.diagnostics.into_iter().filter(|finding| finding.severity != Severity::Note);
        let mistakes = errors
            .filter(|finding| !UNDERSTOOD.contains(&finding.code))
            .filter_map(|finding| Some((finding.path?, format!("{} ({})", finding.message, finding.code))))
            .collect();
        Self { subject, mistakes, notes: Vec::new() }
    }

    /// Says that something is not in the spec.
    pub(super) fn left(&mut self, path: &str, reason: impl Into<String>) {
        self.add(Kind::Left, path, reason);
    }

    /// Says that something is in the spec in another way than it was written.
    pub(super) fn changed(&mut self, path: &str, reason: impl Into<String>) {
        self.add(Kind::Changed, path, reason);
    }

    fn add(&mut self, kind: Kind, path: &str, reason: impl Into<String>) {
        let note = Note { kind, place: self.subject.key(path), path: path.to_owned(), reason: reason.into() };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Whether something is, or holds, a mistake; it is then left, and that is said.
    pub(super) fn is_mistake(&mut self, path: &str) -> bool {
        let within =
            |found: &&String| found.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let mut found: Vec<(String, String)> =
            self.mistakes.keys().filter(within).map(|key| (key.clone(), self.mistakes[key].clone())).collect();
        found.sort();
        for (path, message) in &found {
            self.left(path, message.clone());
        }
        !found.is_empty()
    }

    /// All notes, in the order of the file.
    pub(super) fn all(mut self) -> Vec<Note> {
        self.notes.sort_by_key(|note| (note.place.as_ref().map(|span| span.start), note.path.clone()));
        self.notes
    }
}

/// Codes of mistakes that say what was meant, so that it can be carried over: parameters of another name, models written
/// `bedrock/converse/ID`, keys in the clear, settings in the wrong section.
const UNDERSTOOD: [&str; 4] = ["GW0307", "GW0310", "GW0330", "GW0381"];
