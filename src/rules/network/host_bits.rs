//! Networks without host bits.

use super::networks::networks;
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule =
    Rule { code: "GW0101", title: "Networks have no host bits", explanation: include_str!("host_bits.md"), check };

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (path, network) in networks(subject.spec) {
        if network != network.trunc() {
            let message = format!("`{network}` has host bits: it is an address in the network `{}`", network.trunc());
            findings.push(RULE.error(subject, path, message).with_help(format!("write `{}`", network.trunc())));
        }
    }
}
