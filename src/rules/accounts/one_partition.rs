//! Partitions of regions.

use super::regions::{all, exists};
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0205",
    title: "All regions are in one partition",
    explanation: include_str!("one_partition.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let hub = &subject.spec.hub.region;
    for (path, region) in all(subject.spec) {
        if exists(region.as_str()) && region.partition() != hub.partition() {
            let message = format!(
                "{region} is in the partition `{}`, and the hub in `{}`: nothing reaches from one to the other",
                region.partition(),
                hub.partition()
            );
            findings.push(
                RULE.error(subject, path, message)
                    .with_related(subject.at("hub.region"), "the hub is here")
                    .with_help("use a deployment of its own in each partition"),
            );
        }
    }
}
