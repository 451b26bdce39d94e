//! Whether every account has access to the models that it serves.

use async_trait::async_trait;

use crate::accounts::{CheckStatus, model_access};
use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::subject::Subject;
use crate::plan::count;

/// Whether every account has access to the models that it serves.
pub(super) struct ModelAccess;

#[async_trait(?Send)]
impl Check for ModelAccess {
    fn id(&self) -> &'static str {
        "GWD401"
    }

    fn name(&self) -> &'static str {
        "model-access"
    }

    fn area(&self) -> Area {
        Area::Bedrock
    }

    fn needs(&self) -> Needs {
        Needs::Accounts
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        subject
            .each_account(async |account, _| {
                let (mut findings, mut well) = (Vec::new(), 0);
                for (index, _, source) in subject.served_by(&account.name) {
                    for region in &account.regions {
                        let Some(session) = subject.session(&account.target, Some(region)) else { continue };
                        let check = match model_access(&session, &source.model).await {
                            Ok(check) => check,
                            Err(error) => {
                                let what = format!("access to {} in {region}", source.model);
                                findings.push(Finding::unknown(&what, &error));
                                continue;
                            }
                        };
                        if check.status == CheckStatus::Pass {
                            well += 1;
                            continue;
                        }
                        findings.push(
                            Finding::fail(
                                format!("{} in {region}: {}", source.model, check.detail),
                                format!(
                                    "open the model in account {}, {region}: Bedrock > Model catalog; or leave the \
                                     account out of the model's `accounts`",
                                    account.target.account
                                ),
                            )
                            .at(subject.place(&format!("models.{index}.bedrock.model"))),
                        );
                    }
                }
                if well > 0 && findings.is_empty() {
                    findings.push(Finding::pass(format!("access to {}", count(well, "model"))));
                }
                findings
            })
            .await
    }
}
