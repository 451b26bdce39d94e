//! Entries of `access.client_vpn.authorize`.

use super::networks::parse;
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0106",
    title: "VPN clients are authorized for networks",
    explanation: include_str!("vpn_authorize.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(vpn) = &subject.spec.access.client_vpn else { return };
    for (index, entry) in vpn.authorize.iter().enumerate() {
        if entry != "vpc" && parse(entry).is_none() {
            let path = format!("access.client_vpn.authorize.{index}");
            let message = format!("`{entry}` is neither `vpc` nor an IPv4 network");
            findings
                .push(RULE.error(subject, path, message).with_help("write `vpc`, or a network such as 10.60.0.0/16"));
        }
    }
}
