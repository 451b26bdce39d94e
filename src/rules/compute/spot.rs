//! Fargate Spot.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Compute;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0146",
    title: "Spot tasks come above a base of others",
    explanation: include_str!("spot.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Compute::Fargate(fargate) = &subject.spec.compute else { return };
    let (tasks, spot) = (fargate.tasks, fargate.spot_percent);
    let (message, help) = if spot == 100 && tasks.min == 0 {
        (
            "every task runs on Spot: AWS may stop the whole gateway with two minutes' notice",
            "set `tasks.min` to 1 or more",
        )
    } else if spot > 0 && tasks.min == tasks.max {
        ("no task runs on Spot: there are none above `tasks.min`", "raise `tasks.max`, or remove `spot_percent`")
    } else {
        return;
    };
    findings.push(RULE.warning(subject, "compute.fargate.spot_percent", message).with_help(help));
}
