//! Aurora's range of capacity.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Database;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0221",
    title: "The database's range of capacity is in order",
    explanation: include_str!("aurora_capacity.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Database::AuroraPostgres(aurora) = &subject.spec.database else { return };
    let capacity = aurora.capacity;
    let path = "database.aurora_postgres.capacity";
    for (key, acu) in [("min_acu", capacity.min_acu), ("max_acu", capacity.max_acu)] {
        if (acu * 2.0).fract() != 0.0 {
            let message = format!("capacity comes in steps of 0.5 ACU, and this is {acu}");
            let near = (acu * 2.0).round() / 2.0;
            findings.push(RULE.error(subject, format!("{path}.{key}"), message).with_help(format!("write {near}")));
        }
    }
    if capacity.min_acu > capacity.max_acu {
        let message = format!("the least capacity is {}, more than the most, {}", capacity.min_acu, capacity.max_acu);
        let at = if subject.spans.contains(&format!("{path}.min_acu")) { "min_acu" } else { "max_acu" };
        let finding = RULE.error(subject, format!("{path}.{at}"), message);
        findings.push(finding.with_help("keep min_acu <= max_acu; the defaults are 0.5 and 4"));
    }
}
