//! CloudFormation's drift detection of the stacks of a set: it works with the set's own roles in the accounts.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::StackSetOperationPreferences;

use super::drift::told;
use super::{CloudFormation, ResourceDrift, StackInstance, StackSetName};
use crate::aws::{Poll, Result};

/// A resource of the stack of a set, and what detection says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceResourceDrift {
    /// Its name in the template.
    pub logical_id: String,
    /// Type.
    pub resource_type: String,
    /// What detection says. It tells no properties but those that differ.
    pub drift: ResourceDrift,
}

/// Statuses of an operation that has not ended.
const UNDER_WAY: [&str; 3] = ["QUEUED", "RUNNING", "STOPPING"];

impl CloudFormation {
    /// Compares the stacks of a set with its template, in all accounts at the same time, and waits for the end. Gives the id of
    /// the operation, and why an account could not be compared. Nothing is changed, but no other operation of the set begins meanwhile.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DetectStackSetDrift.html>
    ///
    /// # Errors
    /// When a call fails, such as because another operation of the set is in progress.
    pub async fn detect_stack_set_drift(&self, set: &StackSetName) -> Result<(String, BTreeMap<String, String>)> {
        const ACTION: &str = "DetectStackSetDrift";
        let all = StackSetOperationPreferences::builder()
            .max_concurrent_percentage(100)
            // An account that cannot be looked into keeps none of the others from it.
            .failure_tolerance_percentage(100)
            .build();
        let answer = self
            .caller
            .call(ACTION, &set.name, || {
                self.client
                    .detect_stack_set_drift()
                    .stack_set_name(&set.name)
                    .call_as(set.call_as())
                    .operation_preferences(all.clone())
                    .send()
            })
            .await?;
        let id = self.caller.required(answer.operation_id, ACTION, &set.name, "OperationId")?;
        let mut poll = Poll::default();
        loop {
            let answer = self
                .caller
                .call("DescribeStackSetOperation", &set.name, || {
                    self.client
                        .describe_stack_set_operation()
                        .stack_set_name(&set.name)
                        .operation_id(&id)
                        .call_as(set.call_as())
                        .send()
                })
                .await?;
            let status = answer.stack_set_operation.and_then(|operation| operation.status);
            if status.is_none_or(|status| !UNDER_WAY.contains(&status.as_str())) {
                break;
            }
            poll.pause().await;
        }
        let results = self.stack_set_results(set, &id).await?;
        let failed = results.into_iter().filter(|result| result.status != "SUCCEEDED");
        let failed = failed.map(|result| (result.account, result.reason.unwrap_or(result.status))).collect();
        Ok((id, failed))
    }

    /// What that operation has said of the resources of a stack of the set.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackInstanceResourceDrifts.html>
    ///
    /// # Errors
    /// When a call fails.
    pub async fn instance_resource_drifts(
        &self,
        set: &StackSetName,
        instance: &StackInstance,
        operation: &str,
    ) -> Result<Vec<InstanceResourceDrift>> {
        let mut all = Vec::new();
        let mut token = None;
        loop {
            let answer = self
                .caller
                .call("ListStackInstanceResourceDrifts", &set.name, || {
                    self.client
                        .list_stack_instance_resource_drifts()
                        .stack_set_name(&set.name)
                        .stack_instance_account(&instance.account)
                        .stack_instance_region(&instance.region)
                        .operation_id(operation)
                        .call_as(set.call_as())
                        .set_next_token(token.clone())
                        .send()
                })
                .await?;
            all.extend(answer.summaries.unwrap_or_default().into_iter().map(|found| InstanceResourceDrift {
                logical_id: found.logical_resource_id.unwrap_or_default(),
                resource_type: found.resource_type.unwrap_or_default(),
                drift: told(found.stack_resource_drift_status.as_ref(), found.property_differences, None),
            }));
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
    }
}
