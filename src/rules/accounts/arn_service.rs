//! Service and kind of ARNs.

use super::references::references;
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0206",
    title: "ARNs name the right kind of resource",
    explanation: include_str!("arn_service.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for reference in references(subject.spec) {
        if !reference.is_right_kind() {
            let message = format!("this must be the ARN of {}", reference.kind.name);
            let help = format!("write an ARN such as {}", reference.example(subject.spec));
            findings.push(RULE.error(subject, reference.path.clone(), message).with_help(help));
        }
    }
}
