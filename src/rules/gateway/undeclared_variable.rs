//! `os.environ/NAME` without NAME.

use super::settings::strings;
use super::variables::SET;
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::types::VariableName;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0312",
    title: "Variables that settings name are declared",
    explanation: include_str!("undeclared_variable.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let litellm = &subject.spec.gateway.litellm;
    for (path, text) in strings(subject.spec) {
        let Some(name) = text.strip_prefix("os.environ/") else { continue };
        let key = VariableName(name.to_owned());
        let declared = litellm.environment.contains_key(&key) || litellm.secrets.contains_key(&key);
        if !declared && !SET.contains(&name) {
            let finding = RULE.error(subject, path, format!("the variable `{name}` is declared nowhere"));
            let help = format!("add `{name}` to `gateway.litellm.secrets`, or to `environment` if it is no secret");
            findings.push(finding.with_help(help));
        }
    }
}
