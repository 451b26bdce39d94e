//! `${VAR}` in settings and parameters.

use super::settings::strings;
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0311",
    title: "Variables are written as LiteLLM reads them",
    explanation: include_str!("shell_variables.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let plain = subject.spec.gateway.litellm.environment.iter();
    let environment = plain.map(|(name, value)| (format!("gateway.litellm.environment.{name}"), value.as_str(), true));
    let rest = strings(subject.spec).into_iter().map(|(path, text)| (path, text, false));
    for (path, text, is_variable) in environment.chain(rest) {
        let Some(name) = shell_variable(text) else { continue };
        let finding = RULE.error(subject, path, format!("nothing replaces `${{{name}}}`: it is used as it stands"));
        let help = if is_variable {
            "write the value itself, or name a secret under `secrets`".to_owned()
        } else {
            format!("write `os.environ/{name}`")
        };
        findings.push(finding.with_help(help));
    }
}

/// The name in the first `${NAME}` of a text.
fn shell_variable(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("${")?;
    let (name, _) = rest.split_once('}')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some(name)
}
