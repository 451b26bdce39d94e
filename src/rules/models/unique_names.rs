//! Names of models.

use crate::diagnostics::Diagnostic;
use crate::rules::repeated::repeated;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule =
    Rule { code: "GW0320", title: "Names of models are unique", explanation: include_str!("unique_names.md"), check };

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let models = &subject.spec.models;
    for (first, second) in repeated(models.iter().map(|model| model.name.as_str())) {
        let path = |index: usize| format!("models.{index}.name");
        let finding = RULE.error(subject, path(second), format!("two models are named `{}`", models[second].name));
        findings.push(finding.with_related(subject.at(&path(first)), "first here").with_help("give each its own name"));
    }
}
