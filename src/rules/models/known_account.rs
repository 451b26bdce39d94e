//! Accounts that models name.

use crate::diagnostics::Diagnostic;
use crate::model::bedrock::HUB;
use crate::rules::repeated::repeated;
use crate::rules::{Rule, Subject};
use crate::spec::ModelAccounts;
use crate::spec::shape::did_you_mean;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0325",
    title: "Models name accounts that exist",
    explanation: include_str!("known_account.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let bedrock = &subject.spec.bedrock;
    for (index, model) in subject.spec.models.iter().enumerate() {
        let Some(ModelAccounts::Names(names)) = model.bedrock.as_ref().map(|source| &source.accounts) else { continue };
        let path = |entry: usize| format!("models.{index}.bedrock.accounts.{entry}");
        for (entry, name) in names.iter().enumerate() {
            let name = name.as_str();
            let known = || bedrock.accounts.iter().map(|account| account.name.as_str());
            if name == HUB && !bedrock.include_hub {
                let finding = RULE.error(subject, path(entry), "the hub's own account serves no models");
                findings.push(finding.with_help("write `bedrock.include_hub: true`"));
            } else if name != HUB && known().all(|other| other != name) {
                let finding = RULE.error(subject, path(entry), format!("there is no account `{name}`"));
                let help = match did_you_mean(name, known()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "name an account from `bedrock.accounts`, or `hub`".to_owned(),
                };
                findings.push(finding.with_help(help));
            }
        }
        for (first, second) in repeated(names.iter().map(|name| name.as_str())) {
            let finding = RULE.error(subject, path(second), format!("the account `{}` is named twice", names[second]));
            findings.push(finding.with_related(subject.at(&path(first)), "first here").with_help("remove one"));
        }
    }
}
