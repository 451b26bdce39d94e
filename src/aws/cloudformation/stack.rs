//! Stacks and what is in them.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::{StackStatus, TemplateStage};

use super::CloudFormation;
use crate::aws::classify::plain;
use crate::aws::time::rfc3339;
use crate::aws::{Error, Result};

/// An operation on a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Id; every operation has its own.
    pub id: String,
    /// `CREATE_STACK`, `UPDATE_STACK`, `DELETE_STACK`, `ROLLBACK`, `CONTINUE_ROLLBACK`, `CREATE_CHANGESET` ...
    pub kind: String,
}

/// A stack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stack {
    /// ARN. Unlike the name it never comes to mean another stack.
    pub id: String,
    /// Name.
    pub name: String,
    /// `CREATE_COMPLETE` ...
    pub status: String,
    /// Why, in CloudFormation's words.
    pub reason: Option<String>,
    /// `CONFIGURATION_COMPLETE` or `VALIDATION_FAILED`, while or after an operation.
    pub detailed_status: Option<String>,
    /// Parameters; values of `NoEcho` ones are stars.
    pub parameters: BTreeMap<String, String>,
    /// Outputs.
    pub outputs: BTreeMap<String, String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Operations that CloudFormation lists with the stack, change sets included.
    pub operations: Vec<Operation>,
    /// When it was made, RFC 3339.
    pub created: Option<String>,
    /// When it was last updated, RFC 3339.
    pub updated: Option<String>,
    /// Whether it is protected against deletion.
    pub termination_protection: bool,
    /// Whether a failure leaves things as they are.
    pub disable_rollback: bool,
    /// ARN of the stack that contains it.
    pub parent: Option<String>,
}

impl Stack {
    /// Id of the newest operation that may have changed the stack. Making or deleting a change set changes nothing.
    pub fn last_operation(&self) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.kind != "CREATE_CHANGESET")
    }

    /// Ids of the operations that the newest failure belongs to: a rollback is an operation of its own, and what it rolls back
    /// tells why.
    pub fn last_failed(&self) -> Vec<&str> {
        let mut ids = Vec::new();
        for operation in self.operations.iter().filter(|operation| operation.kind != "CREATE_CHANGESET") {
            ids.push(operation.id.as_str());
            if !matches!(operation.kind.as_str(), "ROLLBACK" | "CONTINUE_ROLLBACK") {
                break;
            }
        }
        ids
    }

    /// Whether nothing has changed the stack since it had a revision, and was last changed at that time. Where CloudFormation
    /// lists change sets only, the operation that the revision names is no longer among the newest ones, and the time tells.
    pub fn is_at(&self, revision: Option<&str>, changed: Option<&str>) -> bool {
        if self.last_operation().is_some() || self.operations.is_empty() {
            return self.revision().as_deref() == revision;
        }
        changed.is_some() && self.changed() == changed
    }

    /// When it was last changed, RFC 3339.
    pub fn changed(&self) -> Option<&str> {
        self.updated.as_deref().or(self.created.as_deref())
    }

    /// What is another after each operation: the id of the newest one or, where CloudFormation does not give it, when
    /// the stack was last changed.
    pub fn revision(&self) -> Option<String> {
        let operation = self.last_operation().map(|operation| operation.id.clone());
        operation.or_else(|| self.changed().map(ToOwned::to_owned))
    }
}

/// A stack in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackSummary {
    /// ARN.
    pub id: String,
    /// Name.
    pub name: String,
    /// `CREATE_COMPLETE` ...
    pub status: String,
    /// When it was deleted, RFC 3339.
    pub deleted: Option<String>,
}

/// A resource of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackResource {
    /// Logical id.
    pub logical_id: String,
    /// Physical id, once it has one.
    pub physical_id: Option<String>,
    /// Type.
    pub resource_type: String,
    /// `CREATE_COMPLETE` ...
    pub status: String,
    /// Why, in CloudFormation's words.
    pub reason: Option<String>,
    /// When that status began, RFC 3339.
    pub updated: Option<String>,
}

impl CloudFormation {
    /// A stack by name or ARN; `None` when there is none. A deleted stack is found by its ARN only.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn stack(&self, name: &str) -> Result<Option<Stack>> {
        let answer =
            self.caller.call("DescribeStacks", name, || self.client.describe_stacks().stack_name(name).send()).await;
        match answer {
            Ok(answer) => Ok(answer.stacks.unwrap_or_default().into_iter().next().map(stack)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The text of a stack's template as it was given; `None` when there is no such stack.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn template(&self, name: &str) -> Result<Option<String>> {
        let answer = self
            .caller
            .call("GetTemplate", name, || {
                self.client.get_template().stack_name(name).template_stage(TemplateStage::Original).send()
            })
            .await;
        match answer {
            Ok(answer) => Ok(answer.template_body),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All stacks that are not deleted.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn stacks(&self) -> Result<Vec<StackSummary>> {
        let there = documented_statuses().iter().filter(|status| **status != "DELETE_COMPLETE");
        self.with_statuses(there.map(|status| StackStatus::from(*status)).collect()).await
    }

    /// The stacks that were deleted in the last 90 days.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn deleted_stacks(&self) -> Result<Vec<StackSummary>> {
        self.with_statuses(vec![StackStatus::DeleteComplete]).await
    }

    async fn with_statuses(&self, wanted: Vec<StackStatus>) -> Result<Vec<StackSummary>> {
        let mut stacks = Vec::new();
        let mut token = None;
        loop {
            let answer = self
                .caller
                .call("ListStacks", "*", || {
                    self.client
                        .list_stacks()
                        .set_stack_status_filter(Some(wanted.clone()))
                        .set_next_token(token.clone())
                        .send()
                })
                .await?;
            stacks.extend(answer.stack_summaries.unwrap_or_default().into_iter().map(|summary| StackSummary {
                id: summary.stack_id.unwrap_or_default(),
                name: summary.stack_name.unwrap_or_default(),
                status: summary.stack_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
                deleted: rfc3339(summary.deletion_time.as_ref()),
            }));
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(stacks);
            }
        }
    }

    /// The resources of a stack, also of a deleted one by its ARN.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn resources(&self, stack: &str) -> Result<Vec<StackResource>> {
        let mut resources = Vec::new();
        let mut token = None;
        loop {
            let answer = self
                .caller
                .call("ListStackResources", stack, || {
                    self.client.list_stack_resources().stack_name(stack).set_next_token(token.clone()).send()
                })
                .await?;
            resources.extend(answer.stack_resource_summaries.unwrap_or_default().into_iter().map(|found| {
                StackResource {
                    logical_id: found.logical_resource_id.unwrap_or_default(),
                    physical_id: found.physical_resource_id.filter(|id| !id.is_empty()),
                    resource_type: found.resource_type.unwrap_or_default(),
                    status: found.resource_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
                    reason: found.resource_status_reason.as_deref().map(plain),
                    updated: rfc3339(found.last_updated_timestamp.as_ref()),
                }
            }));
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(resources);
            }
        }
    }
}

/// Every stack status that the API's model has.
pub fn documented_statuses() -> &'static [&'static str] {
    StackStatus::values()
}

/// `ValidationError: Stack with id NAME does not exist`: CloudFormation has no code of its own for it.
pub(super) fn is_missing(error: &Error) -> bool {
    error.is("ValidationError") && error.message().is_some_and(|message| message.ends_with("does not exist"))
}

fn stack(found: aws_sdk_cloudformation::types::Stack) -> Stack {
    let pairs = |list: Vec<(Option<String>, Option<String>)>| -> BTreeMap<String, String> {
        list.into_iter().filter_map(|(key, value)| Some((key?, value.unwrap_or_default()))).collect()
    };
    let parameters = found.parameters.unwrap_or_default().into_iter();
    let outputs = found.outputs.unwrap_or_default().into_iter();
    let tags = found.tags.unwrap_or_default().into_iter();
    Stack {
        id: found.stack_id.unwrap_or_default(),
        name: found.stack_name.unwrap_or_default(),
        status: found.stack_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        reason: found.stack_status_reason.as_deref().map(plain),
        detailed_status: found.detailed_status.map(|status| status.as_str().to_owned()),
        parameters: pairs(parameters.map(|own| (own.parameter_key, own.parameter_value)).collect()),
        outputs: pairs(outputs.map(|own| (own.output_key, own.output_value)).collect()),
        tags: pairs(tags.map(|own| (own.key, own.value)).collect()),
        operations: found
            .last_operations
            .unwrap_or_default()
            .into_iter()
            .filter_map(|entry| {
                let kind = entry.operation_type.map(|kind| kind.as_str().to_owned()).unwrap_or_default();
                Some(Operation { id: entry.operation_id?, kind })
            })
            .collect(),
        created: rfc3339(found.creation_time.as_ref()),
        updated: rfc3339(found.last_updated_time.as_ref()),
        termination_protection: found.enable_termination_protection.unwrap_or(false),
        disable_rollback: found.disable_rollback.unwrap_or(false),
        parent: found.parent_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(operations: &[(&str, &str)]) -> Stack {
        let operation = |(id, kind): &(&str, &str)| Operation { id: (*id).to_owned(), kind: (*kind).to_owned() };
        Stack {
            operations: operations.iter().map(operation).collect(),
            updated: Some("2026-01-02T03:04:05Z".to_owned()),
            ..Stack::default()
        }
    }

    #[test]
    fn a_failure_belongs_to_what_was_rolled_back_as_well() {
        let stack = with(&[("c", "CREATE_CHANGESET"), ("r", "ROLLBACK"), ("u", "UPDATE_STACK"), ("a", "CREATE_STACK")]);
        assert_eq!(stack.last_failed(), ["r", "u"]);
        let stack = with(&[("d", "CONTINUE_ROLLBACK"), ("r", "ROLLBACK"), ("u", "UPDATE_STACK")]);
        assert_eq!(stack.last_failed(), ["d", "r", "u"]);
        assert_eq!(with(&[("u", "UPDATE_STACK"), ("a", "CREATE_STACK")]).last_failed(), ["u"]);
    }

    #[test]
    fn change_sets_that_push_the_last_operation_out_of_the_list_change_nothing() {
        let stack = with(&[("c", "CREATE_CHANGESET"), ("b", "CREATE_CHANGESET")]);
        assert!(stack.is_at(Some("u"), Some("2026-01-02T03:04:05Z")));
        // Whatever the clock of the machine that made the plan says.
        for other in [Some("2026-01-02T03:05:00Z"), Some("2026-01-02T03:04:00Z"), None] {
            assert!(!stack.is_at(Some("u"), other));
        }
        let stack = with(&[("c", "CREATE_CHANGESET"), ("v", "UPDATE_STACK")]);
        assert!(stack.is_at(Some("v"), None) && !stack.is_at(Some("u"), Some("2026-01-02T03:04:05Z")));
    }
}
