//! Fallbacks to oneself, and repeated ones.

use super::fallbacks::all;
use crate::diagnostics::Diagnostic;
use crate::rules::repeated::repeated;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0323",
    title: "A model falls back to another one, once",
    explanation: include_str!("own_fallback.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for list in all(subject.spec) {
        for (path, name) in &list.entries {
            if list.model == Some(*name) {
                let finding = RULE.error(subject, path.clone(), format!("`{name}` falls back to itself"));
                findings.push(finding.with_help("name another model; `routing.retries` sets retries"));
            }
        }
        for (first, second) in repeated(list.entries.iter().map(|(_, name)| *name)) {
            let (path, name) = &list.entries[second];
            let finding = RULE.error(subject, path.clone(), format!("the fallback `{name}` is named twice"));
            findings
                .push(finding.with_related(subject.at(&list.entries[first].0), "first here").with_help("remove one"));
        }
    }
}
