//! The hub's own account in `bedrock.accounts`.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0201",
    title: "The hub is not among the Bedrock accounts",
    explanation: include_str!("hub_repeated.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (index, account) in subject.spec.bedrock.accounts.iter().enumerate() {
        if account.id == subject.spec.hub.account {
            let message = "this is the hub's own account, which needs no role";
            findings.push(
                RULE.error(subject, format!("bedrock.accounts.{index}.id"), message)
                    .with_related(subject.at("hub.account"), "the hub is here")
                    .with_help("remove the entry and write `include_hub: true`; `hub_regions` names its regions"),
            );
        }
    }
}
