//! Partitions of ARNs.

use super::references::references;
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0209",
    title: "ARNs are in the hub's partition",
    explanation: include_str!("arn_partition.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let partition = subject.spec.hub.region.partition();
    for reference in references(subject.spec) {
        let Some(parts) = reference.arn.parts() else { continue };
        if parts.partition != partition {
            let message = format!("this ARN is in the partition `{}`, and the hub in `{partition}`", parts.partition);
            findings.push(
                RULE.error(subject, reference.path.clone(), message)
                    .with_related(subject.at("hub.region"), "the hub is here")
                    .with_help(format!("begin it with `arn:{partition}:`")),
            );
        }
    }
}
