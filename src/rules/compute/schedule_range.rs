//! Fewest and most tasks of a schedule.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Compute;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0142",
    title: "A schedule's range is in order",
    explanation: include_str!("schedule_range.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Compute::Fargate(fargate) = &subject.spec.compute else { return };
    for (index, schedule) in fargate.schedules.iter().enumerate() {
        if schedule.min > schedule.max {
            let path = format!("compute.fargate.schedules.{index}");
            let message = format!("`{}` sets a range from {} to {} tasks", schedule.name, schedule.min, schedule.max);
            findings.push(
                RULE.error(subject, format!("{path}.min"), message)
                    .with_related(subject.at(&format!("{path}.max")), "the most tasks are here")
                    .with_help("keep min <= max"),
            );
        }
    }
}
