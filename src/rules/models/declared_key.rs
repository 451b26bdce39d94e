//! `api_key` of a model.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::shape::did_you_mean;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0326",
    title: "A model's key is a declared secret",
    explanation: include_str!("declared_key.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let litellm = &subject.spec.gateway.litellm;
    for (index, model) in subject.spec.models.iter().enumerate() {
        let Some(variable) = model.litellm.as_ref().and_then(|source| source.api_key.as_ref()) else { continue };
        if litellm.secrets.contains_key(variable) {
            continue;
        }
        let path = format!("models.{index}.litellm.api_key");
        let finding = RULE.error(subject, path, format!("`{variable}` is no declared secret"));
        let help = match did_you_mean(variable.as_str(), litellm.secrets.keys().map(|name| name.as_str())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("add `{variable}: {{secret: NAME}}` to `gateway.litellm.secrets`"),
        };
        findings.push(finding.with_help(help));
    }
}
