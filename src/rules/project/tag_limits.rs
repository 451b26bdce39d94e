//! Lengths and characters of tags.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0351",
    title: "Tags have a form that every service takes",
    explanation: include_str!("tag_limits.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (key, value) in &subject.spec.tags {
        let path = format!("tags.{key}");
        let word = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
        if key.is_empty() || key.chars().count() > 128 || !key.chars().all(word) {
            let finding = Diagnostic::error(RULE.code, "this key is none that every service takes");
            let help = "write 1 to 128 letters, digits, spaces and _ . : / = + - @";
            findings.push(finding.with_span(subject.key(&path)).with_path(path).with_help(help));
        } else if value.chars().count() > 256 || !value.chars().all(word) {
            let finding = RULE.error(subject, path, format!("this value of `{key}` is none that every service takes"));
            findings.push(finding.with_help("write up to 256 letters, digits, spaces and _ . : / = + - @"));
        }
    }
}
