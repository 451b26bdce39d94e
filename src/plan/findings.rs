//! A plan as findings, for annotations and code scanning: what would be lost, at the line of the spec that causes it.

use super::codes::{ACCOUNT, DELETED, GATE, NOTE, REPLACED, UNRECONCILED};
use super::{Action, Change, GateKind, Plan};
use crate::diagnostics::{Diagnostic, Position, Report, Span};

impl Plan {
    /// What would be lost and who was not asked: an error for each closed gate, a warning for whatever else is replaced or
    /// deleted. `account` is where the spec names an account.
    pub fn report(&self, account: &dyn Fn(&str) -> Option<Span>) -> Report {
        let gates = self.gates.iter().map(|gate| {
            let change = self.changes.iter().find(|change| change.address == gate.address);
            let finding = match gate.kind {
                GateKind::AllowReplace | GateKind::AllowDestroy => {
                    Diagnostic::error(GATE, format!("{} holds data: {}", gate.address, gate.reason))
                }
                GateKind::Reconciled => Diagnostic::error(UNRECONCILED, format!("{} {}", gate.address, gate.reason)),
            };
            finding
                .with_span(change.and_then(place))
                .with_help(format!("`gwinfra apply {}` does it all the same", gate.flag()))
        });
        let is_gated = |change: &Change| self.gates.iter().any(|gate| gate.address == change.address);
        let lost = self.changes.iter().filter(|change| !is_gated(change)).filter_map(lost);
        let unreachable = self.unreachable().map(|stack| {
            let why = stack.status.as_deref().unwrap_or_default();
            Diagnostic::error(ACCOUNT, format!("account {} was not asked: {why}", stack.account))
                .with_span(account(&stack.account))
        });
        let notes = self.diagnostics.iter().map(|note| {
            let message = note.message.as_str();
            let finding = match note.severity.as_str() {
                "error" => Diagnostic::error(NOTE, message),
                "warning" => Diagnostic::warning(NOTE, message),
                _ => Diagnostic::note(NOTE, message),
            };
            note.help.iter().fold(finding, |finding, help| finding.with_help(help))
        });
        let mut report = Report::default();
        report.diagnostics.extend(gates.chain(lost).chain(unreachable).chain(notes));
        report.sort();
        report
    }
}

fn lost(change: &Change) -> Option<Diagnostic> {
    let (code, what) = match change.kind() {
        Action::Replace => (REPLACED, "is replaced"),
        Action::Delete => (DELETED, "is deleted"),
        _ => return None,
    };
    let paths = change.replace.iter().flat_map(|replace| &replace.paths);
    let paths: Vec<String> = paths.map(|path| format!("`{}`", path.join("."))).collect();
    let because = if paths.is_empty() { String::new() } else { format!(", because of {}", paths.join(", ")) };
    let message = format!("{} ({}) {what}{because}", change.address, change.resource_type);
    let path = change.source.first().and_then(|place| place.path.clone());
    let key = path.as_ref().map(|path| format!(" (`{path}`)")).unwrap_or_default();
    let mut finding = Diagnostic::warning(code, format!("{message}{key}")).with_span(place(change));
    finding.path = path;
    Some(finding)
}

/// Where the spec causes it.
fn place(change: &Change) -> Option<Span> {
    let place = change.source.first()?;
    let start = Position { line: place.line, column: place.column };
    Some(Span { file: place.file.as_str().into(), start, end: start })
}
