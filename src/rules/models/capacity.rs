//! Expected load against quotas.

use crate::diagnostics::Diagnostic;
use crate::model::capacity::capacities;
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
        let (Some(expected), Some(plannable)) = (&capacity.expected, capacity.plannable) else { continue };
        if capacity.deployments == 0 || expected.fits != Some(false) {
            continue;
        }
        let message = format!(
            "{} tokens per minute are expected, and {plannable} can be planned for ({} of the quotas of {} {})",
            expected.tokens_per_minute,
            subject.spec.bedrock.headroom,
            capacity.accounts,
            if capacity.accounts == 1 { "account" } else { "accounts" },
        );
        let help = match expected.accounts_enough {
            Some(accounts) => {
                format!("{accounts} such accounts would be enough; or raise the quota, or lower `max_tokens`")
            }
            None => "add accounts or regions, raise the quota, or lower `max_tokens`".to_owned(),
        };
        let path = format!("models.{index}.expected");
        let finding = Diagnostic::warning(RULE.code, message).with_span(subject.key(&path)).with_path(path);
        findings.push(
            finding
                .with_related(
                    subject.at(&format!("models.{index}.bedrock.tpm")),
                    "the quota of each account and region",
                )
                .with_help(help),
        );
    }
}
