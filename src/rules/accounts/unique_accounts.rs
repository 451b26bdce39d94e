//! Ids and names of Bedrock accounts.

use crate::diagnostics::Diagnostic;
use crate::model::bedrock::HUB;
use crate::rules::repeated::repeated;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0202",
    title: "Each Bedrock account is listed once",
    explanation: include_str!("unique_accounts.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let accounts = &subject.spec.bedrock.accounts;
    let mut report = |key: &str, pairs: Vec<(usize, usize)>, help: &str| {
        for (first, second) in pairs {
            let path = |index: usize| format!("bedrock.accounts.{index}.{key}");
            let finding = RULE.error(subject, path(second), format!("two accounts have the same `{key}`"));
            findings.push(finding.with_related(subject.at(&path(first)), "first here").with_help(help));
        }
    };
    let ids = repeated(accounts.iter().map(|account| account.id.as_str()));
    report("id", ids, "list the account once, with all its regions");
    let names = repeated(accounts.iter().map(|account| account.name.as_str()));
    report("name", names, "give each account its own name");
    for (index, account) in accounts.iter().enumerate() {
        if [HUB, "all"].contains(&account.name.as_str()) {
            let message = format!("`{}` has a meaning of its own where models name accounts", account.name);
            let finding = RULE.error(subject, format!("bedrock.accounts.{index}.name"), message);
            findings.push(finding.with_help("choose another name"));
        }
    }
}
