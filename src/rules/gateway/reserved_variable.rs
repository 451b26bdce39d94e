//! Variables that gwinfra sets itself.

use crate::diagnostics::Diagnostic;
use crate::model::container::{RESERVED_VARIABLES, reserved_middleware_variables};
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
            let help = "remove it; databases and caches are chosen under `database` and `cache`";
            findings.push(finding(subject, format!("gateway.litellm.{map}.{name}"), name.as_str(), help));
        }
    }
    for name in subject.spec.gateway.middleware.environment.keys() {
        let reserved = reserved_middleware_variables().find(|(reserved, _)| *reserved == name.as_str());
        let Some((_, keys)) = reserved else { continue };
        let help = match keys.split_once(", ") {
            None if keys.starts_with('`') => format!("remove it, and set {keys}"),
            Some((first, second)) => format!("remove it; its value is that of {first} or {second}"),
            None => "remove it: it is the same in every deployment".to_owned(),
        };
        findings.push(finding(subject, format!("gateway.middleware.environment.{name}"), name.as_str(), &help));
    }
}

fn finding(subject: &Subject<'_>, path: String, name: &str, help: &str) -> Diagnostic {
    let finding = Diagnostic::error(RULE.code, format!("gwinfra sets `{name}` itself"));
    finding.with_span(subject.key(&path)).with_path(path).with_help(help)
}
