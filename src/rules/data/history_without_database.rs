//! Chat history without a database.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0236",
    title: "Chat history has a database",
    explanation: include_str!("history_without_database.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let middleware = &subject.spec.gateway.middleware;
    if middleware.enabled && !subject.has_database() && middleware.chat_history.is_some_and(|history| history.enabled) {
        let path = "gateway.middleware.chat_history";
        let finding = Diagnostic::error(RULE.code, "chat history needs a database, and there is none");
        findings.push(
            finding
                .with_span(subject.key(path))
                .with_path(path)
                .with_related(subject.key("database.none"), "there is no database")
                .with_help("use `aurora_postgres` or `external`, or write `chat_history: {enabled: false}`"),
        );
    }
}
