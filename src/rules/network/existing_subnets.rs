//! Subnets of a VPC that exists.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Vpc;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0109",
    title: "Each list of subnets has different ones",
    explanation: include_str!("existing_subnets.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Vpc::Existing(vpc) = &subject.spec.network.vpc else { return };
    let lists = [
        ("private_subnets", &vpc.private_subnets),
        ("public_subnets", &vpc.public_subnets),
        ("data_subnets", &vpc.data_subnets),
    ];
    let mut seen: Vec<(&str, &str, String)> = Vec::new();
    for (list, subnets) in lists {
        if subnets.len() == 1 {
            let message = format!("`{list}` needs subnets in two or more availability zones, and has one");
            let finding = RULE.error(subject, format!("network.vpc.existing.{list}"), message);
            findings.push(finding.with_help("add a subnet in another availability zone"));
        }
        for (index, subnet) in subnets.iter().enumerate() {
            let path = format!("network.vpc.existing.{list}.{index}");
            let first =
                seen.iter().find(|(other_list, other, _)| *other == subnet.as_str() && conflict(list, other_list));
            if let Some((other_list, _, first)) = first {
                let message = if *other_list == list {
                    format!("the subnet `{subnet}` is named twice")
                } else {
                    format!("the subnet `{subnet}` is in `{other_list}` too")
                };
                let finding = RULE.error(subject, path, message).with_related(subject.at(first), "first here");
                findings.push(finding.with_help("name each subnet once"));
            } else {
                seen.push((list, subnet.as_str(), path));
            }
        }
    }
}

/// Data may stand in the private subnets; public subnets are for nothing else.
fn conflict(list: &str, other: &str) -> bool {
    list == other || list == "public_subnets" || other == "public_subnets"
}
