//! Versions of Aurora PostgreSQL.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Database;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0220",
    title: "Aurora has the PostgreSQL version",
    explanation: include_str!("aurora_version.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Database::AuroraPostgres(aurora) = &subject.spec.database else { return };
    let Some((major, minor)) = version(&aurora.version) else { return };
    let path = "database.aurora_postgres.version";
    let known = VERSIONS.iter().find(|(known, _)| *known == major).map(|(_, minors)| *minors);
    let newest = known.and_then(|minors| minors.last()).copied();
    let finding = match (known, newest) {
        (Some(minors), _) if minors.contains(&minor) => return,
        (Some(minors), Some(newest)) if minor < newest => {
            let minors: Vec<String> = minors.iter().map(|minor| format!("{major}.{minor}")).collect();
            RULE.error(subject, path, format!("Aurora has no PostgreSQL {}", aurora.version))
                .with_help(format!("versions: {}", minors.join(", ")))
        }
        (None, _) if major < VERSIONS[0].0 => RULE
            .error(subject, path, format!("Aurora makes no clusters of PostgreSQL {major} with standard support"))
            .with_help("write 16.6 or newer"),
        _ => {
            let message = format!("PostgreSQL {} is newer than this version of gwinfra knows", aurora.version);
            let command = "aws rds describe-db-engine-versions --engine aurora-postgresql";
            RULE.warning(subject, path, message).with_help(format!("check that Aurora has it: `{command}`"))
        }
    };
    findings.push(finding);
}

/// Minor versions of Aurora PostgreSQL by major version, oldest first, of the majors in standard support.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraPostgreSQLReleaseNotes/AuroraPostgreSQL.Updates.html>, and the
/// engine versions that the RDS API listed in November 2026.
const VERSIONS: [(u32, &[u32]); 4] = [
    (14, &[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 17, 18, 19, 20, 22]),
    (15, &[2, 3, 4, 5, 6, 7, 8, 10, 12, 13, 14, 15, 17]),
    (16, &[1, 2, 3, 4, 6, 8, 9, 10, 11, 13]),
    (17, &[4, 5, 6, 7, 9]),
];

/// Major and minor version.
pub(super) fn version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
