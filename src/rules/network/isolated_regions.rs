//! Regions of Bedrock in an isolated VPC.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0115",
    title: "A VPC without NAT calls Bedrock in its own region",
    explanation: include_str!("isolated_regions.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    if !subject.is_isolated() {
        return;
    }
    let bedrock = &subject.spec.bedrock;
    let hub = &subject.spec.hub.region;
    let of_accounts = bedrock.accounts.iter().enumerate().flat_map(|(account, entry)| {
        entry
            .regions
            .iter()
            .enumerate()
            .map(move |(index, region)| (format!("bedrock.accounts.{account}.regions.{index}"), region))
    });
    let of_hub =
        bedrock.hub_regions.iter().enumerate().map(|(index, region)| (format!("bedrock.hub_regions.{index}"), region));
    for (path, region) in of_accounts.chain(of_hub).filter(|(_, region)| *region != hub) {
        let message = format!("Bedrock in {region} is not reachable from a VPC without NAT in {hub}");
        findings.push(
            RULE.error(subject, path, message)
                .with_related(subject.at("network.vpc.create.nat"), "there is no NAT gateway")
                .with_help(format!("call models in {hub} only, or set `nat: single`")),
        );
    }
}
