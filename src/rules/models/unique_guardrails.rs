//! Names of guardrails.

use crate::diagnostics::Diagnostic;
use crate::rules::repeated::repeated;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0333",
    title: "Names of guardrails are unique",
    explanation: include_str!("unique_guardrails.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let guardrails = &subject.spec.guardrails;
    for (first, second) in repeated(guardrails.iter().map(|guardrail| guardrail.name.as_str())) {
        let path = |index: usize| format!("guardrails.{index}.name");
        let message = format!("two guardrails are named `{}`", guardrails[second].name);
        let finding = RULE.error(subject, path(second), message);
        findings.push(finding.with_related(subject.at(&path(first)), "first here").with_help("give each its own name"));
    }
}
