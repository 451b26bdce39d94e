//! Cron expressions of schedules.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Compute;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0144",
    title: "A schedule's cron expression has AWS's six fields",
    explanation: include_str!("schedule_cron.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Compute::Fargate(fargate) = &subject.spec.compute else { return };
    for (index, schedule) in fargate.schedules.iter().enumerate() {
        if let Err(reason) = crate::cron::check_aws(&schedule.cron) {
            let finding = RULE.error(subject, format!("compute.fargate.schedules.{index}.cron"), reason);
            let help = "fields: minute, hour, day of month, month, day of week, year; such as `0 20 ? * MON-FRI *`";
            findings.push(finding.with_help(help));
        }
    }
}
