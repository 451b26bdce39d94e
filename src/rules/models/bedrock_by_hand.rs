//! Bedrock models under `litellm`.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0332",
    title: "Models of Bedrock are under `bedrock`",
    explanation: include_str!("bedrock_by_hand.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (index, model) in subject.spec.models.iter().enumerate() {
        let Some(source) = &model.litellm else { continue };
        let Some(id) = source.model.strip_prefix("bedrock/") else { continue };
        // With a key of its own, LiteLLM calls Bedrock without the gateway's role.
        if source.api_key.is_some() {
            continue;
        }
        let id = id.strip_prefix("converse/").or_else(|| id.strip_prefix("invoke/")).unwrap_or(id);
        let message = format!("the gateway's role may not invoke `{id}`: it is not under `bedrock`");
        let finding = RULE.error(subject, format!("models.{index}.litellm.model"), message);
        findings.push(finding.with_help(format!("write `bedrock: {{model: {id}}}`")));
    }
}
