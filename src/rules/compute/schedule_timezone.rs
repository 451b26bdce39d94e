//! Time zones of schedules.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Compute;
use crate::spec::shape::did_you_mean;
use jiff::tz::TimeZoneDatabase;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0145",
    title: "A schedule's time zone exists",
    explanation: include_str!("schedule_timezone.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Compute::Fargate(fargate) = &subject.spec.compute else { return };
    let zones = TimeZoneDatabase::bundled();
    for (index, schedule) in fargate.schedules.iter().enumerate() {
        if zones.get(&schedule.timezone).is_err() {
            let names: Vec<String> = zones.available().map(|name| name.as_str().to_owned()).collect();
            let help = match did_you_mean(&schedule.timezone, names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write a name of the IANA database, such as Europe/Paris or UTC".to_owned(),
            };
            let message = format!("there is no time zone `{}`", schedule.timezone);
            let path = format!("compute.fargate.schedules.{index}.timezone");
            findings.push(RULE.error(subject, path, message).with_help(help));
        }
    }
}
