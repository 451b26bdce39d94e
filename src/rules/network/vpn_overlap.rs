//! The VPN's clients against the VPC.

use super::networks::{overlap, parse, vpc};
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0104",
    title: "VPN clients are outside the VPC",
    explanation: include_str!("vpn_overlap.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(vpn) = &subject.spec.access.client_vpn else { return };
    let (path, network) = vpc(subject.spec);
    let (Some(vpc), Some(clients)) = (parse(network), parse(vpn.client_cidr.as_str())) else { return };
    if overlap(vpc, clients) {
        let message = format!("the VPN's clients `{clients}` overlap the VPC `{vpc}`");
        let finding = RULE.error(subject, "access.client_vpn.client_cidr", message);
        findings.push(
            finding
                .with_related(subject.at(path), "the VPC is here")
                .with_help("give the clients a network outside the VPC, such as 172.16.0.0/22"),
        );
    }
}
