//! Whether the accounts' quotas are what the spec routes by.

use async_trait::async_trait;

use crate::accounts::{CheckStatus, quota_check};
use crate::aws::Error;
use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::subject::Subject;
use crate::plan::count;
use crate::quotas::{BEDROCK, Defaults, one, requests};

/// Whether the accounts' quotas are what the spec routes by.
pub(super) struct ModelQuotas;

#[async_trait(?Send)]
impl Check for ModelQuotas {
    fn id(&self) -> &'static str {
        "GWD402"
    }

    fn name(&self) -> &'static str {
        "model-quotas"
    }

    fn area(&self) -> Area {
        Area::Bedrock
    }

    fn needs(&self) -> Needs {
        Needs::Accounts
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let defaults = &Defaults::default();
        subject
            .each_account(async |account, _| {
                let targets = &subject.model.bedrock.targets;
                let Some(target) = targets.iter().find(|target| target.name == account.name) else { return Vec::new() };
                let (mut findings, mut well, mut enough, mut unlisted) = (Vec::new(), 0, 0, 0);
                for (index, model, source) in subject.served_by(&account.name) {
                    for region in &account.regions {
                        let Some(session) = subject.session(&account.target, Some(region)) else { continue };
                        let asked = async {
                            let listed = defaults.of(&session, region).await?;
                            let tokens = one(&session, &model.name.0, source, target, region, &listed).await?;
                            let requests = match source.rpm {
                                Some(_) => requests(&session, source, &listed).await?,
                                None => None,
                            };
                            Ok::<_, Error>((tokens, requests))
                        };
                        let (quota, requests) = match asked.await {
                            Ok(quotas) => quotas,
                            Err(error) => {
                                findings.push(Finding::unknown("the quotas of models", &error));
                                return findings;
                            }
                        };
                        if let Some((requests, wanted)) = requests.zip(source.rpm) {
                            if requests.applied < wanted {
                                let message = format!(
                                    "{} in {region}: {} requests per minute, and the spec says {wanted}",
                                    model.name.0, requests.applied
                                );
                                let finding = Finding::fail(message, more("rpm", &requests.code, wanted, region));
                                findings.push(finding.at(subject.place(&format!("models.{index}.bedrock.rpm"))));
                            } else {
                                enough += 1;
                            }
                        }
                        let check = quota_check(&quota);
                        match check.status {
                            CheckStatus::Pass => well += 1,
                            CheckStatus::Skip => unlisted += 1,
                            CheckStatus::Fail => findings.push(
                                Finding::fail(
                                    format!("{} in {region}: {}", model.name.0, check.detail),
                                    fix(&quota, region),
                                )
                                .at(subject.place(&format!("models.{index}.bedrock.tpm"))),
                            ),
                        }
                    }
                }
                if well > 0 {
                    findings.push(Finding::pass(format!("{} as the spec says", count(well, "token quota"))));
                }
                if enough > 0 {
                    findings.push(Finding::pass(format!("{} as the spec says", count(enough, "request quota"))));
                }
                if unlisted > 0 {
                    findings.push(Finding::skip(format!("AWS lists no token quota for {}", count(unlisted, "model"))));
                }
                findings
            })
            .await
    }
}

fn fix(quota: &crate::quotas::AccountQuota, region: &str) -> String {
    match (&quota.code, quota.spec) {
        (Some(code), Some(spec)) if quota.applied > Some(0) => more("tpm", code, spec, region),
        _ => "open a support case: AWS holds the account".to_owned(),
    }
}

fn more(key: &str, code: &str, wanted: u64, region: &str) -> String {
    format!(
        "lower `bedrock.{key}`, or aws service-quotas request-service-quota-increase --service-code {BEDROCK} \
         --quota-code {code} --desired-value {wanted} --region {region}"
    )
}
