//! Okta without the middleware.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0314",
    title: "Okta sign-up has the middleware",
    explanation: include_str!("okta_without_middleware.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let middleware = &subject.spec.gateway.middleware;
    if !middleware.enabled && middleware.okta.is_some() {
        let path = "gateway.middleware.okta";
        let finding = Diagnostic::error(RULE.code, "Okta sign-up needs the middleware, which is off");
        findings.push(
            finding
                .with_span(subject.key(path))
                .with_path(path)
                .with_related(subject.at("gateway.middleware.enabled"), "the middleware is off")
                .with_help("write `enabled: true`, or remove `okta`"),
        );
    }
}
