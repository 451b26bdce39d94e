//! Ranges of no tasks.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Compute;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0147",
    title: "A gateway without tasks starts again",
    explanation: include_str!("start_again.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Compute::Fargate(fargate) = &subject.spec.compute else { return };
    if fargate.schedules.iter().any(|schedule| schedule.min > 0) {
        return;
    }
    let help = "add a schedule with a `min` of 1 or more";
    if let Some(index) = fargate.schedules.iter().position(|schedule| schedule.max == 0) {
        let path = format!("compute.fargate.schedules.{index}.max");
        let message = format!("after `{}` no task runs, and nothing starts one again", fargate.schedules[index].name);
        findings.push(RULE.warning(subject, path, message).with_help(help));
    } else if fargate.tasks.desired == 0 {
        let message = "the gateway begins without a task, and nothing starts one";
        findings.push(RULE.warning(subject, "compute.fargate.tasks.desired", message).with_help(help));
    }
}
