//! Regions of Bedrock accounts.

use crate::diagnostics::Diagnostic;
use crate::rules::repeated::repeated;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0203",
    title: "Each region of an account is listed once",
    explanation: include_str!("unique_regions.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (list, regions) in super::regions::lists(subject.spec) {
        for (first, second) in repeated(regions.iter().map(|region| region.as_str())) {
            let finding = RULE.error(
                subject,
                format!("{list}.{second}"),
                format!("the region `{}` is listed twice", regions[second]),
            );
            let related = finding.with_related(subject.at(&format!("{list}.{first}")), "first here");
            findings.push(related.with_help("remove one of them"));
        }
    }
}
