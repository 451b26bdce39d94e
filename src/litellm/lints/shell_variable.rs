//! `${VAR}`, which LiteLLM does not replace.

use crate::diagnostics::Diagnostic;
use crate::litellm::lint::{Lint, Reach};
use crate::litellm::strings::strings;
use crate::litellm::{Origin, Subject};

/// The lint.
pub static LINT: Lint = Lint {
    code: "GW0311",
    title: "Variables are written as LiteLLM reads them",
    explanation: include_str!("shell_variable.md"),
    reach: Reach::Both,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for found in strings(subject.document) {
        let Some(name) = variable(found.text) else { continue };
        let finding =
            LINT.error(subject, &found.path, format!("nothing replaces `${{{name}}}`: it is used as it stands"));
        let variable_of_a_spec = subject.origin == Origin::Spec && found.path.starts_with("environment_variables.");
        let help = if name.contains("::") {
            "write the value itself: only CloudFormation knows its pseudo parameters".to_owned()
        } else if variable_of_a_spec {
            "write the value itself, or name a secret under `secrets`".to_owned()
        } else {
            format!("write `os.environ/{name}`")
        };
        findings.push(finding.with_help(help));
    }
}

/// The name in the first `${NAME}` of a text, also of a pseudo parameter such as `AWS::AccountId`.
fn variable(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("${")?;
    let (name, _) = rest.split_once('}')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_:".contains(&byte));
    is_name.then_some(name)
}
