//! Expected load against quotas.

use crate::diagnostics::Diagnostic;
use crate::model::capacity::{Quota, capacities};
use crate::plan::count;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0327",
    title: "The expected load fits the quotas",
    explanation: include_str!("capacity.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let bedrock = subject.bedrock();
    let indices = subject.spec.models.iter().enumerate().filter(|(_, model)| model.bedrock.is_some());
    for ((index, _), capacity) in indices.zip(capacities(subject.spec, &bedrock)) {
        let Some(expected) = capacity.expected.as_ref().filter(|expected| expected.fits == Some(false)) else {
            continue;
        };
        let (key, load, plannable) = match expected.limited_by {
            Some(Quota::Requests) => ("rpm", expected.requests_per_minute, capacity.plannable_requests),
            _ => ("tpm", expected.tokens_per_minute, capacity.plannable),
        };
        let message = format!(
            "{load} {} per minute are expected, and {} can be planned for ({} of the quotas of {})",
            if key == "rpm" { "requests" } else { "tokens" },
            plannable.unwrap_or_default(),
            subject.spec.bedrock.headroom,
            count(capacity.accounts, "account"),
        );
        let help = match expected.accounts_enough {
            Some(accounts) => {
                format!("{accounts} such accounts would be enough; or raise the quota, or lower {}", lower(key))
            }
            None => format!("add accounts or regions, raise the quota, or lower {}", lower(key)),
        };
        let path = format!("models.{index}.expected");
        let finding = Diagnostic::warning(RULE.code, message).with_span(subject.key(&path)).with_path(path);
        findings.push(
            finding
                .with_related(
                    subject.at(&format!("models.{index}.bedrock.{key}")),
                    "the quota of each account and region",
                )
                .with_help(help),
        );
    }
}

/// What can be lowered to need less of a quota.
fn lower(key: &str) -> &'static str {
    if key == "rpm" { "the load" } else { "`max_tokens` and the length of answers" }
}
