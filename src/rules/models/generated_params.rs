//! Parameters that gwinfra generates.

use super::params::params;
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0331",
    title: "Parameters do not repeat what gwinfra generates",
    explanation: include_str!("generated_params.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (path, key, kind) in params(subject.spec) {
        let generated = if kind == "bedrock" { GENERATED } else { &["model", "api_key", "api_base"] };
        if generated.contains(&key) {
            let finding = Diagnostic::error(RULE.code, format!("gwinfra sets `{key}` itself"));
            let help = format!("remove it; `models[].{kind}` and `bedrock` say what it should be");
            findings.push(finding.with_span(subject.key(&path)).with_path(path).with_help(help));
        }
    }
}

const GENERATED: &[&str] = &[
    "model",
    "aws_region_name",
    "aws_role_name",
    "aws_session_name",
    "aws_external_id",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "aws_profile_name",
    "tpm",
    "rpm",
];
