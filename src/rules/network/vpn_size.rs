//! Size of the VPN's client network.

use super::networks::parse;
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0105",
    title: "The network of VPN clients is a /12 to a /22",
    explanation: include_str!("vpn_size.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(vpn) = &subject.spec.access.client_vpn else { return };
    let Some(network) = parse(vpn.client_cidr.as_str()) else { return };
    let length = network.prefix_len();
    if !(12..=22).contains(&length) {
        let message = format!("the network of VPN clients must be a /12 to a /22, and this is a /{length}");
        let help = format!("write a network such as `{}/{}`", network.trunc().addr(), length.clamp(12, 22));
        findings.push(RULE.error(subject, "access.client_vpn.client_cidr", message).with_help(help));
    }
}
