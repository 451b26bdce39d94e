//! A certificate without the name that clients use.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Tls;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0130",
    title: "Clients have a name that the certificate is for",
    explanation: include_str!("certificate_name.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    const PATH: &str = "ingress.tls.certificate";
    if let Tls::Certificate(certificate) = &subject.spec.ingress.tls
        && certificate.name.is_none()
    {
        let message = "clients cannot verify the gateway: no certificate is for the load balancer's own name";
        let finding = Diagnostic::warning(RULE.code, message).with_span(subject.key(PATH)).with_path(PATH);
        findings.push(finding.with_help(
            "give `name`, one of the certificate's names, and point its record at the output LoadBalancerDnsName",
        ));
    }
}
