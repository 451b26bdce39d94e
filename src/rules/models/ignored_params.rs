//! Parameters that LiteLLM ignores.

use super::params::params;
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0330",
    title: "Parameters of deployments have an effect",
    explanation: include_str!("ignored_params.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (path, key, _) in params(subject.spec) {
        let Some((_, help)) = IGNORED.iter().find(|(name, _)| *name == key) else { continue };
        let finding = Diagnostic::error(RULE.code, format!("LiteLLM ignores `{key}`"));
        findings.push(finding.with_span(subject.key(&path)).with_path(path).with_help(*help));
    }
}

/// Parameters that look like LiteLLM's and are not.
/// <https://docs.litellm.ai/docs/providers/bedrock>, November 2026.
const IGNORED: [(&str, &str); 6] = [
    ("aws_role_arn", "LiteLLM's name is `aws_role_name`; for Bedrock, list the account under `bedrock.accounts`"),
    ("aws_region", "LiteLLM's name is `aws_region_name`; for Bedrock, list the region under `bedrock.accounts`"),
    ("region", "LiteLLM's name is `aws_region_name`; for Bedrock, list the region under `bedrock.accounts`"),
    ("role_arn", "LiteLLM's name is `aws_role_name`; for Bedrock, list the account under `bedrock.accounts`"),
    ("external_id", "LiteLLM's name is `aws_external_id`; for Bedrock, use `bedrock.external_id`"),
    ("retries", "use `routing.retries`, or `max_retries` for one model"),
];
