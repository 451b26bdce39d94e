//! Whether every Bedrock account can be reached.

use async_trait::async_trait;

use super::DEPLOY_ROLES;
use crate::aws::Error;
use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::reach::Answer;
use crate::doctor::subject::{Account, Subject};
use crate::plan::count;

/// Whether every Bedrock account can be reached.
pub(super) struct DeployRoles;

#[async_trait(?Send)]
impl Check for DeployRoles {
    fn id(&self) -> &'static str {
        DEPLOY_ROLES
    }

    fn name(&self) -> &'static str {
        "deploy-roles"
    }

    fn area(&self) -> Area {
        Area::Identity
    }

    fn needs(&self) -> Needs {
        Needs::Accounts
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let hub = subject.reach.answer(&subject.hub().account);
        let (mut findings, mut well, mut unasked, mut same) = (Vec::new(), 0, 0, 0);
        // The hub is told of by the check of the credentials.
        for account in subject.accounts().into_iter().skip(1) {
            match subject.reach.answer(&account.target.account) {
                Some(Answer::Identity(_)) => well += 1,
                Some(answer) if is_same(hub, answer) => same += 1,
                Some(Answer::Refused(error)) => findings.push(refused(subject, &account, error)),
                Some(Answer::Silent) => {
                    findings.push(Finding::timed_out(subject.timeout.as_secs()).in_account(&account.name));
                }
                Some(Answer::Unasked) => unasked += 1,
                None => {}
            }
        }
        if well > 0 {
            findings.insert(0, Finding::pass(format!("{} can be reached", count(well, "Bedrock account"))));
        }
        if same > 0 {
            let reason = "cannot be asked for the same reason as the hub: see GWD201";
            findings.push(Finding::skip(format!("{} {reason}", count(same, "Bedrock account"))));
        }
        if unasked > 0 {
            findings.push(Finding::skip(format!(
                "{} have no deploy_role: a stack set deploys into them",
                count(unasked, "Bedrock account")
            )));
        }
        if findings.is_empty() {
            findings.push(Finding::skip("the spec has no other account than the hub"));
        }
        findings
    }
}

/// Whether an account says what the hub has said already, and that is of the credentials or the network and not its own.
fn is_same(hub: Option<&Answer>, answer: &Answer) -> bool {
    match (hub, answer) {
        (Some(Answer::Silent), Answer::Silent) => true,
        (Some(Answer::Refused(hub)), Answer::Refused(own)) => {
            !own.is_of_account() && std::mem::discriminant(hub) == std::mem::discriminant(own)
        }
        _ => false,
    }
}

fn refused(subject: &Subject<'_>, account: &Account, error: &Error) -> Finding {
    let index = subject.loaded.spec.bedrock.accounts.iter().position(|own| own.name.0 == account.name);
    let source = index.map(|index| subject.place(&format!("bedrock.accounts.{index}"))).unwrap_or_default();
    let fix = match (&account.target.deploy_role, error) {
        (Some(role), Error::AccessDenied { .. }) => format!(
            "let the trust policy of {role} name the caller, and the caller's policies allow sts:AssumeRole on it"
        ),
        (None, Error::WrongAccount { .. }) => "set `deploy_role` to a role in that account".to_owned(),
        _ => error.help().unwrap_or_else(|| "gwinfra doctor   asks again".to_owned()),
    };
    Finding::fail(format!("account {} cannot be asked: {error}", account.target.account), fix)
        .in_account(&account.name)
        .at(source)
}
