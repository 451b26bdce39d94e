//! What earlier deployments of this prefix have left in CloudFormation.

use async_trait::async_trait;

use crate::aws::{Result, Session};
use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::subject::{Account, Subject};
use crate::engine::cloudformation::status_table::{Verdict, lookup};
use crate::model::tags;
use crate::spec::EngineName;

/// Status of a stack that only holds change sets.
const SHELL: &str = "REVIEW_IN_PROGRESS";

/// What earlier deployments of this prefix have left in CloudFormation.
pub(super) struct Stacks;

/// An empty stack of this deployment that only holds change sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shell {
    /// The account.
    pub account: Account,
    /// ARN of the stack.
    pub id: String,
    /// Its name.
    pub name: String,
}

#[async_trait(?Send)]
impl Check for Stacks {
    fn id(&self) -> &'static str {
        "GWD901"
    }

    fn name(&self) -> &'static str {
        "stacks"
    }

    fn area(&self) -> Area {
        Area::Leftovers
    }

    fn needs(&self) -> Needs {
        Needs::Accounts
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let mut findings = subject
            .each_account(async |_, session| match left(subject, &session).await {
                Ok(left) => {
                    left.into_iter().filter_map(|(_, name, status)| judge(subject.engine(), &name, &status)).collect()
                }
                Err(error) => vec![Finding::unknown("which stacks there are", &error)],
            })
            .await;
        if findings.is_empty() {
            findings.push(Finding::pass(format!("no stack of {} is in the way", subject.prefix())));
        }
        findings
    }
}

/// The empty stacks of a deployment in all accounts that can be asked.
///
/// # Errors
/// When an account cannot be asked.
pub async fn shells(subject: &Subject<'_>) -> Result<Vec<Shell>> {
    let mut all = Vec::new();
    for account in subject.accounts() {
        let Some(session) = subject.session(&account.target, None) else { continue };
        if !subject.reach.is_reached(&account.target.account) {
            continue;
        }
        let left = left(subject, &session).await?.into_iter();
        let shells = left.filter(|(_, _, status)| status == SHELL);
        all.extend(shells.map(|(id, name, _)| Shell { account: account.clone(), id, name }));
    }
    Ok(all)
}

/// The stacks of this deployment: ARN, name and status.
async fn left(subject: &Subject<'_>, session: &Session) -> Result<Vec<(String, String, String)>> {
    let client = session.cloudformation();
    let prefix = subject.prefix();
    let mut ours = Vec::new();
    for summary in client.stacks().await? {
        if !summary.name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('-')) {
            continue;
        }
        let is_rendered = subject
            .bundle
            .stacks
            .iter()
            .any(|stack| stack.name == summary.name && stack.target.account == session.target().account);
        // The names of `acme` and `acme-dev` begin alike: the tag tells whose a stack is.
        let is_ours = is_rendered
            || client.stack(&summary.id).await?.is_some_and(|stack| {
                stack.parent.is_none() && stack.tags.get(tags::DEPLOYMENT).is_some_and(|own| own == prefix)
            });
        if is_ours {
            ours.push((summary.id, summary.name, summary.status));
        }
    }
    ours.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(ours)
}

fn judge(engine: EngineName, name: &str, status: &str) -> Option<Finding> {
    let row = lookup(status);
    let message = format!("stack {name} is {status}");
    Some(match row.apply {
        Verdict::Proceed if engine == EngineName::Terraform => Finding::warn(
            format!("{message}, and the spec says engine: terraform: both would make resources of the same names"),
            "set `engine: cloudformation`, run `gwinfra destroy`, and set it back",
        ),
        Verdict::Proceed => return None,
        Verdict::Absent => Finding::warn(
            format!("{message}: an empty stack that a plan has left"),
            "gwinfra doctor --fix   deletes it; the next apply would use it",
        ),
        Verdict::DeleteFirst => Finding::warn(
            format!("{message}: its first creation was rolled back"),
            "gwinfra recover   deletes it; the next apply would do so as well",
        ),
        Verdict::Locked => Finding::fail(
            format!("{message}: an operation is in progress"),
            format!("wait for its end; {} shows it", row.next),
        ),
        Verdict::Recover => Finding::fail(format!("{message}: nothing can be deployed to it"), row.next),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Status;

    fn of(status: &str) -> Option<(Status, String)> {
        let found = judge(EngineName::Cloudformation, "acme-llm-data", status)?;
        Some((found.status, found.fix.unwrap()))
    }

    #[test]
    fn a_stack_that_is_well_is_no_finding() {
        assert_eq!(of("UPDATE_COMPLETE"), None);
    }

    #[test]
    fn what_needs_recover_is_a_failure_with_that_command() {
        for status in ["DELETE_FAILED", "ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED"] {
            assert_eq!(of(status), Some((Status::Fail, "gwinfra recover".to_owned())), "{status}");
        }
    }

    #[test]
    fn what_an_apply_gets_past_is_a_warning() {
        for status in ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"] {
            assert_eq!(of(status).unwrap().0, Status::Warn, "{status}");
        }
    }
}
