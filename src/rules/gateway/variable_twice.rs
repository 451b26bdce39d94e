//! Variables in both maps.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0305",
    title: "A variable is plain or secret, not both",
    explanation: include_str!("variable_twice.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let litellm = &subject.spec.gateway.litellm;
    for name in litellm.environment.keys().filter(|name| litellm.secrets.contains_key(*name)) {
        let path = format!("gateway.litellm.environment.{name}");
        let finding = Diagnostic::error(RULE.code, format!("`{name}` is under `secrets` too"))
            .with_span(subject.key(&path))
            .with_path(path);
        findings.push(
            finding
                .with_related(subject.key(&format!("gateway.litellm.secrets.{name}")), "the secret is here")
                .with_help("keep the secret"),
        );
    }
}
