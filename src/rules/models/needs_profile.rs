//! Foundation models that need an inference profile.

use super::geography::prefix_of;
use crate::diagnostics::Diagnostic;
use crate::model::invoke::profile;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0329",
    title: "Models without on-demand access are called through a profile",
    explanation: include_str!("needs_profile.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (index, model) in subject.spec.models.iter().enumerate() {
        let Some(source) = &model.bedrock else { continue };
        if profile(&source.model).is_some() || !PROFILE_ONLY.iter().any(|id| source.model.starts_with(id)) {
            continue;
        }
        let message = format!("`{}` has no on-demand access: it is called through an inference profile", source.model);
        let prefix = prefix_of(subject.spec.hub.region.as_str()).unwrap_or("global");
        let finding = RULE.warning(subject, format!("models.{index}.bedrock.model"), message);
        findings.push(finding.with_help(format!("write `{prefix}.{}`", source.model)));
    }
}

/// Beginnings of the ids of models that have inference profiles only.
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/models-regions.html>, 2026. Models that are not listed here
/// are left alone.
const PROFILE_ONLY: [&str; 11] = [
    "amazon.nova-premier",
    "anthropic.claude-3-7",
    "anthropic.claude-haiku-4",
    "anthropic.claude-opus-4",
    "anthropic.claude-sonnet-4",
    "deepseek.r1",
    "meta.llama3-2",
    "meta.llama3-3",
    "meta.llama4",
    "mistral.pixtral-large",
    "writer.palmyra",
];
