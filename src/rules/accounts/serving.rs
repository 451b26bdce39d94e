//! Accounts for Bedrock models.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0211",
    title: "Each Bedrock model has an account that serves it",
    explanation: include_str!("serving.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let bedrock = &subject.spec.bedrock;
    if !bedrock.accounts.is_empty() || bedrock.include_hub {
        return;
    }
    for (index, model) in subject.spec.models.iter().enumerate() {
        if model.bedrock.is_some() {
            let path = format!("models.{index}.bedrock");
            let message = format!("no account serves `{}`", model.name);
            let finding = Diagnostic::error(RULE.code, message).with_span(subject.key(&path)).with_path(path);
            findings.push(finding.with_help("add an account under `bedrock.accounts`, or `bedrock.include_hub: true`"));
        }
    }
}
