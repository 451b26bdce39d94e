//! Address range of a new VPC.

use super::networks::{is_private, overlap, parse};
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Vpc;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0103",
    title: "The VPC uses private addresses",
    explanation: include_str!("private_range.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Vpc::Create(vpc) = &subject.spec.network.vpc else { return };
    let Some(network) = parse(vpc.cidr.as_str()) else { return };
    let message = if !is_private(network) {
        format!("`{network}` is not a private network: it belongs to somebody on the internet")
    } else if parse("172.17.0.0/16").is_some_and(|bridge| overlap(network, bridge)) {
        format!("`{network}` overlaps 172.17.0.0/16, which container engines use inside hosts")
    } else {
        return;
    };
    let help = "use a part of 10.0.0.0/8, 172.18.0.0/15, 192.168.0.0/16 or 100.64.0.0/10";
    findings.push(RULE.warning(subject, "network.vpc.create.cidr", message).with_help(help));
}
