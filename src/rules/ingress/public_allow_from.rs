//! `allow_from` of a public gateway.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Exposure;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0120",
    title: "A public gateway says who may connect",
    explanation: include_str!("public_allow_from.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let ingress = &subject.spec.ingress;
    if ingress.exposure == Exposure::Public && ingress.allow_from.is_empty() {
        let message = "a public gateway needs `ingress.allow_from`: the networks that may connect";
        findings.push(
            RULE.error(subject, "ingress.exposure", message)
                .with_help("add `allow_from` with your networks; `0.0.0.0/0` opens the gateway to everybody"),
        );
    }
}
