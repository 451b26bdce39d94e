//! Parameters of deployments that LiteLLM does not have.

use crate::diagnostics::Diagnostic;
use crate::litellm::Subject;
use crate::litellm::lint::{Lint, Reach};

/// The lint.
pub static LINT: Lint = Lint {
    code: "GW0330",
    title: "Parameters of deployments have an effect",
    explanation: include_str!("misnamed_param.md"),
    reach: Reach::Both,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (path, params) in subject.params() {
        for key in params.keys() {
            let Some((_, meant, spec)) = IGNORED.iter().find(|(name, ..)| name == key) else { continue };
            let file = format!("write `{meant}`");
            let spec = format!("LiteLLM's name is `{meant}`; {spec}");
            let finding = LINT.key_error(subject, &format!("{path}.{key}"), format!("LiteLLM ignores `{key}`"));
            findings.push(finding.with_help(subject.help(&file, &spec)));
        }
    }
}

/// LiteLLM's name of a parameter that is written under another one.
pub(in crate::litellm) fn meant(key: &str) -> Option<&'static str> {
    IGNORED.iter().find(|(name, ..)| *name == key).map(|(_, meant, _)| *meant)
}

/// Parameters that look like LiteLLM's, what is meant, and where a spec says it.
/// <https://docs.litellm.ai/docs/providers/bedrock>, November 2026.
const IGNORED: [(&str, &str, &str); 8] = [
    ("aws_role_arn", "aws_role_name", "for Bedrock, list the account under `bedrock.accounts`"),
    ("role_arn", "aws_role_name", "for Bedrock, list the account under `bedrock.accounts`"),
    ("aws_region", "aws_region_name", "for Bedrock, list the region under `bedrock.accounts`"),
    ("region", "aws_region_name", "for Bedrock, list the region under `bedrock.accounts`"),
    ("external_id", "aws_external_id", "for Bedrock, use `bedrock.external_id`"),
    ("aws_role_external_id", "aws_external_id", "for Bedrock, use `bedrock.external_id`"),
    ("aws_role_session_name", "aws_session_name", "for Bedrock, gwinfra sets it itself"),
    ("retries", "max_retries", "for all models, use `routing.retries`"),
];
