//! Versions of LiteLLM that must not run.

use crate::diagnostics::Diagnostic;
use crate::model::images::{split, version};
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0301",
    title: "LiteLLM's version is none that is known to be bad",
    explanation: include_str!("bad_image.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let image = &subject.spec.gateway.litellm.image;
    let (_, tag) = split(image);
    if let Some(found) = version(tag)
        && BAD.contains(&found)
    {
        let message = format!(
            "the package of LiteLLM {}.{}.{} was published by an attacker and steals credentials",
            found.0, found.1, found.2
        );
        let finding = RULE.error(subject, "gateway.litellm.image", message);
        findings.push(
            finding.with_help("use another version; if this one ever ran, replace every secret that it could read"),
        );
    }
}

/// Versions that the Python package index quarantined in March 2026.
/// <https://docs.litellm.ai/blog/security-update-march-2026>
const BAD: [(u32, u32, u32); 2] = [(1, 82, 7), (1, 82, 8)];
