//! Variables that gwinfra sets itself.

use crate::diagnostics::Diagnostic;
use crate::model::container::RESERVED_VARIABLES;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0304",
    title: "Variables that gwinfra sets are left to it",
    explanation: include_str!("reserved_variable.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let litellm = &subject.spec.gateway.litellm;
    let environment = litellm.environment.keys().map(|name| (name, "environment"));
    let secrets = litellm.secrets.keys().map(|name| (name, "secrets"));
    for (name, map) in environment.chain(secrets) {
        if RESERVED_VARIABLES.contains(&name.as_str()) {
            let path = format!("gateway.litellm.{map}.{name}");
            let finding = Diagnostic::error(RULE.code, format!("gwinfra sets `{name}` itself"))
                .with_span(subject.key(&path))
                .with_path(path);
            findings.push(finding.with_help("remove it; databases and caches are chosen under `database` and `cache`"));
        }
    }
}
