//! Plaintext on a public gateway.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::{Exposure, Tls};

/// The rule.
pub static RULE: Rule =
    Rule { code: "GW0123", title: "A public gateway has TLS", explanation: include_str!("public_plaintext.md"), check };

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let ingress = &subject.spec.ingress;
    if ingress.exposure == Exposure::Public && matches!(ingress.tls, Tls::Plaintext(_)) {
        let finding = Diagnostic::error(RULE.code, "a public gateway must have TLS")
            .with_span(subject.key("ingress.tls.plaintext"))
            .with_path("ingress.tls.plaintext");
        findings.push(
            finding
                .with_related(subject.at("ingress.exposure"), "the gateway is public")
                .with_help("use `certificate` or `domain`, or set `exposure: internal`"),
        );
    }
}
