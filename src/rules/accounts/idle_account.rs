//! Accounts that no model uses.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::ModelAccounts;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0213",
    title: "Each Bedrock account serves a model",
    explanation: include_str!("idle_account.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let models: Vec<&ModelAccounts> =
        subject.spec.models.iter().filter_map(|model| model.bedrock.as_ref()).map(|model| &model.accounts).collect();
    for (index, account) in subject.spec.bedrock.accounts.iter().enumerate() {
        let serves = models.iter().any(|accounts| match accounts {
            ModelAccounts::All(_) => true,
            ModelAccounts::Names(names) => names.contains(&account.name),
        });
        if !serves {
            let message = format!("no model uses the account `{}`", account.name);
            let finding = RULE.warning(subject, format!("bedrock.accounts.{index}.name"), message);
            findings.push(finding.with_help("name it under `accounts` of a model, or remove it"));
        }
    }
}
