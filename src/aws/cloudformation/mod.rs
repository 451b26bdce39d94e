//! CloudFormation: stacks, change sets, stack sets, events and what ends or mends an operation.

mod change_set;
mod drift;
mod event;
mod operate;
mod registry;
mod stack;
mod stack_set;
mod stack_set_drift;

pub use change_set::{
    ChangeDetail, ChangeSet, ChangeSetKind, ChangeSetRequest, NO_CHANGES, ResourceChange, RevertRequest, is_no_change,
};
pub use drift::{DetectedDifference, DetectedProperties, ResourceDrift};
pub use event::{FailedEvent, HOOK_FAILED, StackEvent};
pub use operate::{Deletion, RollbackContinuation};
pub use stack::{Operation, Stack, StackResource, StackSummary, documented_statuses};
pub use stack_set::{StackInstance, StackSetName, StackSetOperation, StackSetResult};
pub use stack_set_drift::InstanceResourceDrift;

use super::call::Caller;

/// CloudFormation in one account and region.
#[derive(Debug)]
pub struct CloudFormation {
    client: aws_sdk_cloudformation::Client,
    caller: Caller,
}

impl CloudFormation {
    pub(super) fn new(client: aws_sdk_cloudformation::Client, caller: Caller) -> Self {
        Self { client, caller }
    }
}
