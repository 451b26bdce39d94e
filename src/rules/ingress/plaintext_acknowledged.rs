//! `ingress.tls.plaintext.acknowledge`.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Tls;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0124",
    title: "Plaintext is acknowledged",
    explanation: include_str!("plaintext_acknowledged.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    if let Tls::Plaintext(plaintext) = &subject.spec.ingress.tls
        && !plaintext.acknowledge
    {
        let path = "ingress.tls.plaintext.acknowledge";
        let message = "keys and prompts would cross the network in the clear, and nobody has acknowledged it";
        let help = "use `certificate` or `domain`; or write `acknowledge: true`";
        findings.push(RULE.error(subject, path, message).with_help(help));
    }
}
