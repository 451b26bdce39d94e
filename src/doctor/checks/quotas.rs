//! Whether the quotas leave room for what is made.

mod count;

use async_trait::async_trait;
use futures::StreamExt;

use self::count::Counts;
use crate::aws::service_quotas::Limit;
use crate::aws::{Error, Session};
use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::{Finding, Status};
use crate::doctor::subject::Subject;
use crate::model::bedrock::HUB;
use crate::quotas::known::{Known, QUOTAS, Unit};

/// Quotas that are looked at at the same time in one account.
const AT_ONCE: usize = 4;

/// Whether the quotas leave room for what is made.
pub(super) struct Quotas;

#[async_trait(?Send)]
impl Check for Quotas {
    fn id(&self) -> &'static str {
        "GWD501"
    }

    fn name(&self) -> &'static str {
        "quotas"
    }

    fn area(&self) -> Area {
        Area::Quotas
    }

    fn needs(&self) -> Needs {
        Needs::Accounts
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        subject
            .each_account(async |account, session| {
                let is_hub = account.name == HUB;
                let wanted = QUOTAS.iter().filter(|quota| is_hub || quota.unit == Unit::Stack).filter_map(|quota| {
                    let planned = count::planned(subject, quota.unit, &account.target.account);
                    (planned.now > 0).then_some((quota, planned))
                });
                let session = &session;
                let asked = wanted.map(|(quota, planned)| async move {
                    match look(subject, session, quota).await {
                        Ok(Some((limit, counts))) => {
                            Ok(judge(quota, &limit, counts, planned, &session.target().region))
                        }
                        Ok(None) => {
                            Ok(Finding::skip(format!("{} has no quota {}", session.target().region, quota.code)))
                        }
                        Err(error) => Err((quota.noun, error)),
                    }
                });
                let asked: Vec<_> = futures::stream::iter(asked).buffered(AT_ONCE).collect().await;
                let (mut findings, mut refused) = (Vec::new(), Vec::new());
                for answer in asked {
                    match answer {
                        Ok(finding) => findings.push(finding),
                        Err(error) => refused.push(error),
                    }
                }
                findings.extend(unknown(refused));
                if is_hub { findings } else { worst_of(findings) }
            })
            .await
    }
}

/// Of Bedrock accounts only what is wrong: they have one quota each, and there may be hundreds.
fn worst_of(findings: Vec<Finding>) -> Vec<Finding> {
    findings.into_iter().filter(|finding| finding.status > Status::Pass).collect()
}

/// Quotas that could not be asked for, those with the same reason together.
fn unknown(refused: Vec<(&'static str, Error)>) -> Vec<Finding> {
    let mut groups: Vec<(Vec<&str>, Error)> = Vec::new();
    for (noun, error) in refused {
        let error = of_all(error);
        match groups.iter_mut().find(|(_, known)| *known == error) {
            Some((nouns, _)) => nouns.push(noun),
            None => groups.push((vec![noun], error)),
        }
    }
    let finding = |(nouns, error): &(Vec<&str>, Error)| match nouns.as_slice() {
        [one] => Finding::unknown(&format!("the quota of {one}"), error),
        several => Finding::unknown(&format!("the quotas of {}", several.join(", ")), error),
    };
    groups.iter().map(finding).collect()
}

/// A refusal without the quota that was asked for: whoever may not ask for one may ask for none.
fn of_all(error: Error) -> Error {
    match error {
        Error::AccessDenied { action, account, region, message, .. } if &*action == "servicequotas:GetServiceQuota" => {
            Error::AccessDenied { action, resource: "*".into(), account, region, message }
        }
        other => other,
    }
}

async fn look(subject: &Subject<'_>, session: &Session, quota: &Known) -> Result<Option<(Limit, Counts)>, Error> {
    let Some(limit) = session.service_quotas().limit(quota.service, quota.code).await? else { return Ok(None) };
    Ok(Some((limit, count::counted(subject, session, quota.unit).await?)))
}

/// What there is of something, what of it is the deployment's own, and how much it is to have.
fn judge(quota: &Known, limit: &Limit, counts: Counts, planned: count::Planned, region: &str) -> Finding {
    let Counts { used, own } = counts;
    let more = planned.now.saturating_sub(own);
    let most = planned.most.saturating_sub(own);
    let message = format!("{} {used}/{}, the spec needs {more} more", limit.name, limit.value);
    let ask = |wanted: u64| {
        if limit.adjustable {
            format!(
                "aws service-quotas request-service-quota-increase --service-code {} --quota-code {} --desired-value \
                 {wanted} --region {region}",
                quota.service, quota.code
            )
        } else {
            format!("it cannot be raised: free some of the {}, or deploy elsewhere", quota.noun)
        }
    };
    let adjustable = if limit.adjustable { "adjustable" } else { "not adjustable" };
    if let Some(over) = (used + more).checked_sub(limit.value).filter(|over| *over > 0 && more > 0) {
        let message = format!("{message}: over by {over} ({}, {adjustable})", quota.code);
        return Finding::fail(message, ask(used + more));
    }
    if let Some(over) = (used + most).checked_sub(limit.value).filter(|over| *over > 0 && most > 0) {
        let message = format!(
            "{} {used}/{}, and the spec allows {most} more: over by {over} ({}, {adjustable})",
            limit.name, limit.value, quota.code
        );
        return Finding::warn(message, ask(used + most));
    }
    Finding::pass(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(used: u64, own: u64, now: u64, most: u64) -> Finding {
        let limit = Limit { name: "EC2-VPC Elastic IPs".to_owned(), value: 5, adjustable: true };
        judge(&QUOTAS[0], &limit, Counts { used, own }, count::Planned { now, most }, "us-east-1")
    }

    fn refusal(resource: &str) -> Error {
        Error::AccessDenied {
            action: "servicequotas:GetServiceQuota".into(),
            resource: resource.into(),
            account: "111122223333".into(),
            region: "us-east-1".into(),
            message: "no".into(),
        }
    }

    #[test]
    fn what_is_refused_for_the_same_reason_is_told_once() {
        let slow = Error::Unreachable { service: "ec2".into(), region: "us-east-1".into(), reason: "slow".into() };
        let found = unknown(vec![("VPCs", refusal("L-1")), ("stacks", slow), ("addresses", refusal("L-2"))]);
        let first: Vec<&str> = found.iter().map(|finding| finding.message.split(" could").next().unwrap()).collect();
        assert_eq!(first, ["the quotas of VPCs, addresses", "the quota of stacks"]);
    }

    #[test]
    fn what_is_there_already_is_not_needed_again() {
        assert_eq!(of(5, 2, 2, 2).status, Status::Pass);
    }

    #[test]
    fn more_than_fits_is_a_failure_that_says_by_how_much() {
        let found = of(4, 0, 2, 2);
        assert_eq!(found.status, Status::Fail);
        assert!(found.message.contains("4/5, the spec needs 2 more: over by 1 (L-"), "{}", found.message);
        assert!(found.fix.unwrap().contains("--desired-value 6 --region us-east-1"));
    }

    #[test]
    fn what_only_autoscaling_would_need_is_a_warning() {
        assert_eq!(of(2, 0, 2, 8).status, Status::Warn);
    }
}
