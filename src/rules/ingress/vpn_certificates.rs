//! Certificates of mutual authentication.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::VpnAuthentication;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0129",
    title: "The VPN's server and client certificates differ",
    explanation: include_str!("vpn_certificates.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(vpn) = &subject.spec.access.client_vpn else { return };
    if let VpnAuthentication::Mutual(mutual) = &vpn.authentication
        && mutual.server_certificate == mutual.client_ca_certificate
    {
        let path = "access.client_vpn.authentication.mutual";
        let message = "clients are checked against the server's own certificate";
        findings.push(
            RULE.warning(subject, format!("{path}.client_ca_certificate"), message)
                .with_related(subject.at(&format!("{path}.server_certificate")), "the server's certificate is here")
                .with_help(
                    "import a certificate of the clients' authority and name it, unless one authority signs both",
                ),
        );
    }
}
