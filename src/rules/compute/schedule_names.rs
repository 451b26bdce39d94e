//! Names of schedules.

use crate::diagnostics::Diagnostic;
use crate::rules::repeated::repeated;
use crate::rules::{Rule, Subject};
use crate::spec::Compute;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0143",
    title: "Names of schedules are unique",
    explanation: include_str!("schedule_names.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Compute::Fargate(fargate) = &subject.spec.compute else { return };
    for (first, second) in repeated(fargate.schedules.iter().map(|schedule| schedule.name.as_str())) {
        let path = |index: usize| format!("compute.fargate.schedules.{index}.name");
        let message = format!("two schedules are named `{}`", fargate.schedules[second].name);
        let finding = RULE.error(subject, path(second), message);
        findings.push(finding.with_related(subject.at(&path(first)), "first here").with_help("give each its own name"));
    }
}
