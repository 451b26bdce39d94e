//! Aurora without readers.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Database;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0223",
    title: "The database has an instance to fail over to",
    explanation: include_str!("aurora_readers.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Database::AuroraPostgres(aurora) = &subject.spec.database else { return };
    if aurora.readers == 0 && aurora.deletion_protection {
        let message = "no reader takes over when the database's writer fails";
        let finding = RULE.warning(subject, "database.aurora_postgres.readers", message);
        findings.push(
            finding.with_help("write `readers: 1`; for a test, `deletion_protection: false` says that it is one"),
        );
    }
}
