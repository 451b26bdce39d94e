//! Accounts without `deploy_role`.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Rollout;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0210",
    title: "Only one account is deployed to without a role",
    explanation: include_str!("deploy_roles.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let spec = subject.spec;
    if spec.bedrock.rollout != Rollout::Direct {
        return;
    }
    let mut without: Vec<(String, &str)> = Vec::new();
    if spec.hub.deploy_role.is_none() {
        without.push(("hub.account".to_owned(), spec.hub.account.as_str()));
    }
    for (index, account) in spec.bedrock.accounts.iter().enumerate() {
        if account.deploy_role.is_none() && without.iter().all(|(_, id)| *id != account.id.as_str()) {
            without.push((format!("bedrock.accounts.{index}.id"), account.id.as_str()));
        }
    }
    for (path, id) in without.iter().skip(1) {
        let message = format!("{id} has no `deploy_role`, and the caller's credentials cannot belong to two accounts");
        findings.push(
            RULE.warning(subject, path.clone(), message)
                .with_related(subject.at(&without[0].0), "this account has none either")
                .with_help("name a `deploy_role` of the account that you may assume"),
        );
    }
}
