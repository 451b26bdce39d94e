//! Okta sign-up without a database.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0237",
    title: "Okta users have a database for their keys",
    explanation: include_str!("okta_without_database.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let middleware = &subject.spec.gateway.middleware;
    if middleware.enabled && !subject.has_database() && middleware.okta.is_some() {
        let path = "gateway.middleware.okta";
        let finding = Diagnostic::error(RULE.code, "Okta users make keys, and there is no database to keep them");
        findings.push(
            finding
                .with_span(subject.key(path))
                .with_path(path)
                .with_related(subject.key("database.none"), "there is no database")
                .with_help("use `aurora_postgres` or `external`, or remove `okta`"),
        );
    }
}
