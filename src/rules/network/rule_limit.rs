//! Rules per security group.

use crate::diagnostics::Diagnostic;
use crate::model::network::Network;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0118",
    title: "A security group has at most 60 rules",
    explanation: include_str!("rule_limit.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let network = Network::new(&subject.basis(), "");
    for group in &network.firewall.groups {
        let rules = network.firewall.ingress.iter().filter(|rule| rule.group == group.id).count();
        if rules > LIMIT {
            let message = format!("the security group `{}` would have {rules} rules, and AWS takes {LIMIT}", group.id);
            let finding = RULE.warning(subject, "ingress.allow_from", message);
            findings.push(finding.with_help("name fewer, larger networks, or raise the quota L-0EA8095F first"));
        }
    }
}

/// Rules per security group and direction, by default.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups>
const LIMIT: usize = 60;
