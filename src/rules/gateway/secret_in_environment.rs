//! Secrets among plain variables.

use crate::diagnostics::Diagnostic;
use crate::litellm::secrets::{looks_secret, names_secret};
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0306",
    title: "Plain variables hold no secrets",
    explanation: include_str!("secret_in_environment.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (name, value) in &subject.spec.gateway.litellm.environment {
        let path = format!("gateway.litellm.environment.{name}");
        let help = "put the value into Secrets Manager, name it under `secrets`, and replace the key";
        if looks_secret(value) {
            let message = format!("the value of `{name}` looks like a secret");
            findings.push(RULE.error(subject, path, message).with_help(help));
        } else if names_secret(name.as_str()) && !value.is_empty() {
            let message = format!("by its name, `{name}` holds a secret");
            findings.push(RULE.warning(subject, path, message).with_help("if it does, name it under `secrets`"));
        }
    }
}
