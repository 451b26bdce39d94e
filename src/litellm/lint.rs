//! Lints, and the list of all.

use super::lints;
use super::subject::{Origin, Subject};
use crate::diagnostics::{Code, Diagnostic};

/// What a lint looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A configuration of one's own and what a spec passes through.
    Both,
    /// A configuration of one's own: in a spec, its types and rules say it.
    File,
}

/// One mistake that LiteLLM's configurations have.
pub struct Lint {
    /// Stable code, `GWnnnn`.
    pub code: &'static str,
    /// What it asks for, in a few words.
    pub title: &'static str,
    /// What it asks for and why, with a wrong and a right example, as `gwinfra explain` prints it.
    pub explanation: &'static str,
    /// What it looks at.
    pub reach: Reach,
    /// Reports every occurrence.
    pub check: fn(&Subject<'_>, &mut Vec<Diagnostic>),
}

impl Lint {
    /// An error at the value of a path.
    pub(super) fn error(&self, subject: &Subject<'_>, path: &str, message: impl Into<String>) -> Diagnostic {
        subject.value_finding(Diagnostic::error(self.code, message), path)
    }

    /// An error at the key of a path.
    pub(super) fn key_error(&self, subject: &Subject<'_>, path: &str, message: impl Into<String>) -> Diagnostic {
        subject.key_finding(Diagnostic::error(self.code, message), path)
    }

    /// A warning at the value of a path.
    pub(super) fn warning(&self, subject: &Subject<'_>, path: &str, message: impl Into<String>) -> Diagnostic {
        subject.value_finding(Diagnostic::warning(self.code, message), path)
    }

    /// A warning at the key of a path.
    pub(super) fn key_warning(&self, subject: &Subject<'_>, path: &str, message: impl Into<String>) -> Diagnostic {
        subject.key_finding(Diagnostic::warning(self.code, message), path)
    }
}

/// Checks a configuration against every lint that is for it.
pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for lint in LINTS {
        if subject.origin == Origin::File || lint.reach == Reach::Both {
            (lint.check)(subject, findings);
        }
    }
}

/// Code, title and explanation of every lint, in the order of the codes.
pub fn codes() -> impl Iterator<Item = Code> {
    LINTS.iter().map(|lint| (lint.code, lint.title, lint.explanation))
}

/// All lints, in the order of their codes. Those below GW0370 say of a whole configuration what they have always said of
/// a spec.
pub static LINTS: &[&Lint] = &[
    &lints::plain_secret::LINT,
    &lints::misplaced_setting::LINT,
    &lints::shell_variable::LINT,
    &lints::misnamed_param::LINT,
    &lints::unknown_section::LINT,
    &lints::unknown_setting::LINT,
    &lints::incomplete_model::LINT,
    &lints::unknown_fallback::LINT,
    &lints::fallback_form::LINT,
    &lints::own_fallback::LINT,
    &lints::role_arn::LINT,
    &lints::eks_token::LINT,
    &lints::variable_inside::LINT,
    &lints::repeated_id::LINT,
    &lints::routing_strategy::LINT,
    &lints::converse_prefix::LINT,
    &lints::spend_logs::LINT,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_unique() {
        let codes: Vec<_> = LINTS.iter().map(|lint| lint.code).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    }

    #[test]
    fn no_code_is_also_a_rules() {
        let rules: Vec<_> = crate::rules::RULES.iter().map(|rule| rule.code).collect();
        assert!(LINTS.iter().all(|lint| !rules.contains(&lint.code)));
    }

    #[test]
    fn every_lint_is_explained_with_a_wrong_and_a_right_example() {
        for lint in LINTS {
            assert!(lint.explanation.starts_with(&format!("# {}\n\n", lint.title)), "{}", lint.code);
            for part in ["\n\nWrong:\n\n```yaml\n", "```\n\nRight:\n\n```yaml\n"] {
                assert!(lint.explanation.contains(part), "{} lacks {part:?}", lint.code);
            }
        }
    }
}
