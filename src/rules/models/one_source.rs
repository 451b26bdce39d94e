//! `bedrock` or `litellm` of a model.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule =
    Rule { code: "GW0321", title: "A model has exactly one source", explanation: include_str!("one_source.md"), check };

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (index, model) in subject.spec.models.iter().enumerate() {
        let path = format!("models.{index}");
        match (&model.bedrock, &model.litellm) {
            (Some(_), Some(_)) => {
                let message = format!("`{}` is served from Bedrock and from another provider", model.name);
                let at = format!("{path}.litellm");
                let finding = Diagnostic::error(RULE.code, message).with_span(subject.key(&at)).with_path(at);
                findings.push(
                    finding
                        .with_related(subject.key(&format!("{path}.bedrock")), "the other source is here")
                        .with_help("make two models, and name one as the other's fallback"),
                );
            }
            (None, None) => {
                let message = format!("`{}` is served from nowhere", model.name);
                let finding = RULE.error(subject, format!("{path}.name"), message);
                findings.push(finding.with_help("add `bedrock:` or `litellm:`"));
            }
            _ => {}
        }
    }
}
