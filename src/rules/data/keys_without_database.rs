//! A gateway without a database.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0235",
    title: "Virtual keys have a database",
    explanation: include_str!("keys_without_database.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let litellm = &subject.spec.gateway.litellm;
    if subject.has_database() || !litellm.admin_ui {
        return;
    }
    let message = "without a database there are no virtual keys and no spend: all callers share the master key";
    let finding =
        Diagnostic::warning(RULE.code, message).with_span(subject.key("database.none")).with_path("database.none");
    let help = "use `aurora_postgres` or `external`; or write `gateway.litellm.admin_ui: false`, as nobody can sign in";
    findings.push(finding.with_help(help));
}
