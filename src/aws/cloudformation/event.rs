//! What happened to a stack.

use aws_sdk_cloudformation::types::EventFilter;

use super::CloudFormation;
use super::stack::is_missing;
use crate::aws::Result;
use crate::aws::classify::plain;
use crate::aws::time::rfc3339;

/// An event of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackEvent {
    /// Id; the same event may be listed twice.
    pub id: String,
    /// When, RFC 3339.
    pub at: String,
    /// Operation that it belongs to, where CloudFormation says so.
    pub operation_id: Option<String>,
    /// Logical id; the stack's name for an event of the stack itself.
    pub logical_id: String,
    /// Physical id.
    pub physical_id: Option<String>,
    /// Type.
    pub resource_type: String,
    /// `CREATE_IN_PROGRESS` ...
    pub status: String,
    /// Why, in CloudFormation's words.
    pub reason: Option<String>,
    /// `CONFIGURATION_COMPLETE`: configured, not ready yet.
    pub detailed_status: Option<String>,
    /// Token of the request that began the operation.
    pub token: Option<String>,
    /// The hook that it is of: such an event has the status of the resource that the hook looks at.
    pub hook: Option<String>,
    /// Why the hook has refused the resource; `None` for one that has not, or only warns.
    pub refusal: Option<String>,
}

/// How a resource says that a hook has refused it, without what the hook said.
pub const HOOK_FAILED: &str = "hook(s) failed";

/// Statuses of a stack that say that an operation begins.
const BEGINNINGS: [&str; 4] = ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"];

impl StackEvent {
    /// Whether it is about the stack itself.
    pub fn is_of_stack(&self, stack_id: &str) -> bool {
        self.resource_type == "AWS::CloudFormation::Stack" && self.physical_id.as_deref() == Some(stack_id)
    }

    /// Whether an operation on the stack begins with it. In the middle of one the stack says in the same status that
    /// everything is configured.
    pub fn begins(&self, stack_id: &str) -> bool {
        self.is_of_stack(stack_id) && self.is_plain() && BEGINNINGS.contains(&self.status.as_str())
    }

    /// Whether it says that something has come to its status, and nothing about that status.
    pub fn is_plain(&self) -> bool {
        self.detailed_status.is_none() && self.hook.is_none()
    }
}

/// Something that failed in an operation, in more detail than the stack's events have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedEvent {
    /// `PROVISIONING_ERROR`, `VALIDATION_ERROR`, `HOOK_INVOCATION_ERROR`, `STACK_EVENT`.
    pub kind: String,
    /// When, RFC 3339.
    pub at: Option<String>,
    /// Operation that it belongs to.
    pub operation_id: Option<String>,
    /// Logical id.
    pub logical_id: Option<String>,
    /// Type.
    pub resource_type: Option<String>,
    /// Name of the validation or type of the hook.
    pub check: Option<String>,
    /// Path in the template that a validation is about.
    pub path: Option<String>,
    /// Why.
    pub reason: String,
    /// Whether it only warns.
    pub warning: bool,
}

impl CloudFormation {
    /// Events that are not known yet, oldest first. Reads back page by page until a page has a known one. The newest
    /// events may be listed late and out of order: ask again, and tell them apart by id.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn events(&self, stack: &str, mut known: impl FnMut(&StackEvent) -> bool) -> Result<Vec<StackEvent>> {
        let mut events = Vec::new();
        let mut token = None;
        loop {
            let answer = self
                .caller
                .call("DescribeStackEvents", stack, || {
                    self.client.describe_stack_events().stack_name(stack).set_next_token(token.clone()).send()
                })
                .await;
            let answer = match answer {
                Err(error) if is_missing(&error) => return Ok(Vec::new()),
                other => other?,
            };
            let mut reached = false;
            for event in answer.stack_events.unwrap_or_default().into_iter().map(event) {
                if known(&event) {
                    reached = true;
                } else {
                    events.push(event);
                }
            }
            token = answer.next_token.filter(|token| !token.is_empty());
            if reached || token.is_none() {
                events.reverse();
                return Ok(events);
            }
        }
    }

    /// What failed in the operations of a stack, newest first. Early validation says its reasons nowhere else.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn failed_events(&self, stack: &str) -> Result<Vec<FailedEvent>> {
        self.failed(stack, |request| request.stack_name(stack)).await
    }

    /// What failed while a change set was made.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn failed_events_of_change_set(&self, change_set: &str) -> Result<Vec<FailedEvent>> {
        self.failed(change_set, |request| request.change_set_name(change_set)).await
    }

    async fn failed(
        &self,
        resource: &str,
        of: impl Fn(
            aws_sdk_cloudformation::operation::describe_events::builders::DescribeEventsFluentBuilder,
        ) -> aws_sdk_cloudformation::operation::describe_events::builders::DescribeEventsFluentBuilder,
    ) -> Result<Vec<FailedEvent>> {
        let filter = EventFilter::builder().failed_events(true).build();
        let mut events = Vec::new();
        let mut token = None;
        loop {
            let answer = self
                .caller
                .call("DescribeEvents", resource, || {
                    of(self.client.describe_events()).filters(filter.clone()).set_next_token(token.clone()).send()
                })
                .await?;
            events.extend(answer.operation_events.unwrap_or_default().into_iter().map(failed_event));
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(events);
            }
        }
    }
}

fn event(found: aws_sdk_cloudformation::types::StackEvent) -> StackEvent {
    let refused = found.hook_status.as_ref().is_some_and(|status| status.as_str().ends_with("_FAILED"))
        && found.hook_failure_mode.as_ref().is_none_or(|mode| mode.as_str() != "WARN");
    let said = found.hook_status_reason.as_deref().unwrap_or("no reason given");
    StackEvent {
        refusal: refused.then(|| plain(said)),
        hook: found.hook_type.as_deref().map(plain),
        id: found.event_id.unwrap_or_default(),
        at: rfc3339(found.timestamp.as_ref()).unwrap_or_default(),
        operation_id: found.operation_id,
        logical_id: found.logical_resource_id.unwrap_or_default(),
        physical_id: found.physical_resource_id.filter(|id| !id.is_empty()),
        resource_type: found.resource_type.unwrap_or_default(),
        status: found.resource_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        reason: found.resource_status_reason.as_deref().map(plain),
        detailed_status: found.detailed_status.map(|status| status.as_str().to_owned()),
        token: found.client_request_token,
    }
}

fn failed_event(found: aws_sdk_cloudformation::types::OperationEvent) -> FailedEvent {
    let mode = found.validation_failure_mode.as_ref().or(found.hook_failure_mode.as_ref());
    let reason = found.validation_status_reason.or(found.hook_status_reason).or(found.resource_status_reason);
    FailedEvent {
        kind: found.event_type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
        at: rfc3339(found.timestamp.as_ref()),
        operation_id: found.operation_id,
        logical_id: found.logical_resource_id,
        resource_type: found.resource_type,
        check: found.validation_name.or(found.hook_type),
        path: found.validation_path,
        warning: mode.is_some_and(|mode| mode.as_str() == "WARN"),
        reason: plain(reason.as_deref().unwrap_or("no reason given")),
    }
}
