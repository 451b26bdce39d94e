//! Versions of LiteLLM that must not run.

use crate::diagnostics::Diagnostic;
use crate::image::known_bad;
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
    if let Some(bad) = known_bad::of_litellm(image) {
        findings.push(RULE.error(subject, "gateway.litellm.image", bad.message()).with_help(bad.help));
    }
}
