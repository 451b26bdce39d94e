//! Reserved keys of tags.

use crate::diagnostics::Diagnostic;
use crate::model::tags::reserved;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0350",
    title: "Tags leave AWS's and gwinfra's own alone",
    explanation: include_str!("reserved_tags.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for key in subject.spec.tags.keys().filter(|key| reserved(key)) {
        let owner = if key.to_ascii_lowercase().starts_with("aws:") { "AWS" } else { "gwinfra" };
        let path = format!("tags.{key}");
        let finding = Diagnostic::error(RULE.code, format!("the tag `{key}` is {owner}'s own"));
        findings.push(finding.with_span(subject.key(&path)).with_path(path).with_help("choose another key"));
    }
}
