//! Stack sets: the same template in many accounts.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::{AccountFilterType, CallAs, DeploymentTargets};

use super::CloudFormation;
use crate::aws::Result;
use crate::aws::classify::plain;

/// Which stack set, and as what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackSetName {
    /// Name.
    pub name: String,
    /// `SELF` or `DELEGATED_ADMIN`.
    pub call_as: String,
}

impl StackSetName {
    pub(super) fn call_as(&self) -> CallAs {
        CallAs::from(self.call_as.as_str())
    }
}

/// The stack of a set in one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackInstance {
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// ARN of the stack, once there is one.
    pub stack_id: Option<String>,
    /// `CURRENT`, `OUTDATED`, `INOPERABLE` or `SKIPPED_SUSPENDED_ACCOUNT`.
    pub status: String,
    /// `SUCCEEDED`, `FAILED`, `PENDING` ...: how the last operation ended there.
    pub detailed_status: Option<String>,
    /// Why, in CloudFormation's words.
    pub reason: Option<String>,
}

impl StackInstance {
    /// Status of a stack that is what its set has.
    pub const CURRENT: &'static str = "CURRENT";

    /// Whether the stack is what its set has.
    pub fn is_current(&self) -> bool {
        self.status == Self::CURRENT
    }
}

/// An operation on a stack set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackSetOperation {
    /// Id.
    pub id: String,
    /// `CREATE`, `UPDATE`, `DELETE` or `DETECT_DRIFT`.
    pub action: String,
    /// `QUEUED`, `RUNNING`, `STOPPING`, `STOPPED`, `SUCCEEDED` or `FAILED`.
    pub status: String,
}

/// How an operation is in one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackSetResult {
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// `PENDING`, `RUNNING`, `SUCCEEDED`, `FAILED` or `CANCELLED`.
    pub status: String,
    /// Why, in CloudFormation's words.
    pub reason: Option<String>,
}

impl CloudFormation {
    /// Starts to bring the stacks of these accounts to what the set has, and returns the operation's id. The accounts are
    /// among those of the units.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn update_stack_instances(
        &self,
        set: &StackSetName,
        units: &[String],
        accounts: &[String],
        region: &str,
    ) -> Result<String> {
        let targets = DeploymentTargets::builder()
            .set_organizational_unit_ids(Some(units.to_vec()))
            .set_accounts(Some(accounts.to_vec()))
            .account_filter_type(AccountFilterType::Intersection)
            .build();
        let answer = self
            .caller
            .call("UpdateStackInstances", &set.name, || {
                self.client
                    .update_stack_instances()
                    .stack_set_name(&set.name)
                    .call_as(set.call_as())
                    .deployment_targets(targets.clone())
                    .regions(region)
                    .send()
            })
            .await?;
        Ok(answer.operation_id.unwrap_or_default())
    }

    /// The text of a set's template; `None` when there is no such set.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn stack_set_template(&self, set: &StackSetName) -> Result<Option<String>> {
        let answer = self
            .caller
            .call("DescribeStackSet", &set.name, || {
                self.client.describe_stack_set().stack_set_name(&set.name).call_as(set.call_as()).send()
            })
            .await;
        match answer {
            Ok(answer) => Ok(answer.stack_set.and_then(|set| set.template_body)),
            Err(error) if error.is(MISSING) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The stacks of a set, by account; none when there is no such set.
    ///
    /// # Errors
    /// When a call fails for another reason.
    pub async fn stack_instances(&self, set: &StackSetName) -> Result<BTreeMap<String, StackInstance>> {
        let mut instances = BTreeMap::new();
        let mut token = None;
        loop {
            let answer = self
                .caller
                .call("ListStackInstances", &set.name, || {
                    self.client
                        .list_stack_instances()
                        .stack_set_name(&set.name)
                        .call_as(set.call_as())
                        .set_next_token(token.clone())
                        .send()
                })
                .await;
            let answer = match answer {
                Err(error) if error.is(MISSING) => return Ok(instances),
                other => other?,
            };
            for found in answer.summaries.unwrap_or_default() {
                let Some(account) = found.account else { continue };
                let detailed = found.stack_instance_status.and_then(|own| own.detailed_status);
                let instance = StackInstance {
                    account: account.clone(),
                    region: found.region.unwrap_or_default(),
                    stack_id: found.stack_id.filter(|id| !id.is_empty()),
                    status: found.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
                    detailed_status: detailed.map(|status| status.as_str().to_owned()),
                    reason: found.status_reason.as_deref().map(plain),
                };
                instances.insert(account, instance);
            }
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(instances);
            }
        }
    }

    /// The newest operations of a set, newest first: one page, which is more than run at the same time. None when there
    /// is no such set.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn stack_set_operations(&self, set: &StackSetName) -> Result<Vec<StackSetOperation>> {
        let answer = self
            .caller
            .call("ListStackSetOperations", &set.name, || {
                self.client.list_stack_set_operations().stack_set_name(&set.name).call_as(set.call_as()).send()
            })
            .await;
        let answer = match answer {
            Err(error) if error.is(MISSING) => return Ok(Vec::new()),
            other => other?,
        };
        let operations = answer.summaries.unwrap_or_default().into_iter().map(|found| StackSetOperation {
            id: found.operation_id.unwrap_or_default(),
            action: found.action.map(|action| action.as_str().to_owned()).unwrap_or_default(),
            status: found.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        });
        Ok(operations.collect())
    }

    /// How an operation is in each account; none when there is no such set or operation any more.
    ///
    /// # Errors
    /// When a call fails for another reason.
    pub async fn stack_set_results(&self, set: &StackSetName, operation: &str) -> Result<Vec<StackSetResult>> {
        let mut results = Vec::new();
        let mut token = None;
        loop {
            let answer = self
                .caller
                .call("ListStackSetOperationResults", &set.name, || {
                    self.client
                        .list_stack_set_operation_results()
                        .stack_set_name(&set.name)
                        .operation_id(operation)
                        .call_as(set.call_as())
                        .set_next_token(token.clone())
                        .send()
                })
                .await;
            let answer = match answer {
                Err(error) if error.is(MISSING) || error.is("OperationNotFoundException") => return Ok(results),
                other => other?,
            };
            results.extend(answer.summaries.unwrap_or_default().into_iter().map(|found| StackSetResult {
                account: found.account.unwrap_or_default(),
                region: found.region.unwrap_or_default(),
                status: found.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
                reason: found.status_reason.as_deref().map(plain),
            }));
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(results);
            }
        }
    }
}

/// Code of the answer when there is no such set.
const MISSING: &str = "StackSetNotFoundException";
