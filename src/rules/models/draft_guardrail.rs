//! The working draft of a guardrail.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0334",
    title: "Guardrails have a fixed version",
    explanation: include_str!("draft_guardrail.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (index, guardrail) in subject.spec.guardrails.iter().enumerate() {
        if guardrail.bedrock.version == "DRAFT" {
            let message = format!("`{}` is a working draft: an edit changes it at once", guardrail.name);
            let finding = RULE.warning(subject, format!("guardrails.{index}.bedrock.version"), message);
            findings.push(finding.with_help("create a version of the guardrail and write its number in quotes"));
        }
    }
}
