//! Size of a new VPC.

use super::networks::parse;
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Vpc;

/// The rule.
pub static RULE: Rule =
    Rule { code: "GW0102", title: "The VPC is a /16 to a /24", explanation: include_str!("vpc_size.md"), check };

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Vpc::Create(vpc) = &subject.spec.network.vpc else { return };
    let Some(network) = parse(vpc.cidr.as_str()) else { return };
    let length = network.prefix_len();
    if !(16..=24).contains(&length) {
        let message = format!("a VPC must be a /16 to a /24, and this is a /{length}");
        let help = format!("write a network such as `{}/{}`", network.addr(), length.clamp(16, 24));
        findings.push(RULE.error(subject, "network.vpc.create.cidr", message).with_help(help));
    }
}
