//! Models that fall back to themselves.

use super::fallbacks::all;
use crate::diagnostics::Diagnostic;
use crate::litellm::Subject;
use crate::litellm::lint::{Lint, Reach};

/// The lint.
pub static LINT: Lint = Lint {
    code: "GW0375",
    title: "A model falls back to another model",
    explanation: include_str!("own_fallback.md"),
    reach: Reach::Both,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for fallback in all(subject) {
        if let (Some(model), Some(to)) = (fallback.model, fallback.to)
            && model == to
        {
            let finding = LINT.error(subject, &fallback.path, format!("`{to}` falls back to itself"));
            findings
                .push(finding.with_help("name another model; `num_retries` tries other deployments of the same one"));
        }
    }
}
