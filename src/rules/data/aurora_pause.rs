//! Aurora's pause at 0 ACU.

use super::aurora_version::version;
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::{Compute, Database};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0222",
    title: "A database that pauses has a version that can",
    explanation: include_str!("aurora_pause.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Database::AuroraPostgres(aurora) = &subject.spec.database else { return };
    if aurora.capacity.min_acu > 0.0 {
        return;
    }
    let path = "database.aurora_postgres.capacity.min_acu";
    let can_pause = version(&aurora.version).is_some_and(|(major, minor)| match major {
        0..=12 => false,
        13 => minor >= 15,
        14 => minor >= 12,
        15 => minor >= 7,
        16 => minor >= 3,
        _ => true,
    });
    let stops = match &subject.spec.compute {
        Compute::Fargate(fargate) => {
            fargate.tasks.min == 0 || fargate.schedules.iter().any(|schedule| schedule.max == 0)
        }
        Compute::Ec2(_) | Compute::Eks(_) => false,
    };
    if !can_pause {
        let message = format!("Aurora PostgreSQL {} cannot pause", aurora.version);
        findings.push(
            RULE.error(subject, path, message)
                .with_related(subject.at("database.aurora_postgres.version"), "the version is here")
                .with_help("use 14.12, 15.7, 16.3 or newer, or a least capacity of 0.5"),
        );
    } else if !stops {
        let message = "the database never pauses: tasks run all the time and keep connections open";
        findings
            .push(RULE.warning(subject, path, message).with_help("write 0.5, or add a schedule that stops all tasks"));
    }
}
