//! What ends, mends or protects a stack.

use aws_sdk_cloudformation::types::DeletionMode;

use super::CloudFormation;
use crate::aws::Result;

/// How a stack is deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deletion {
    /// Logical ids that are left behind; only for a stack in `DELETE_FAILED`.
    pub retain: Vec<String>,
    /// Leave behind whatever cannot be deleted; only for a stack in `DELETE_FAILED`.
    pub force: bool,
}

/// How a rollback that failed goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RollbackContinuation {
    /// Logical ids that are left as they are. They are then inconsistent with the stack.
    pub skip: Vec<String>,
    /// Leave whatever the rollback could not undo as it is; not together with `skip`.
    pub force: bool,
}

impl CloudFormation {
    /// Starts to delete a stack. One that is not there is no error.
    ///
    /// # Errors
    /// When the call fails, as for a protected stack.
    pub async fn delete_stack(&self, stack: &str, token: &str, deletion: &Deletion) -> Result<()> {
        let retain = (!deletion.retain.is_empty()).then(|| deletion.retain.clone());
        let mode = deletion.force.then_some(DeletionMode::ForceDeleteStack);
        self.caller
            .call("DeleteStack", stack, || {
                self.client
                    .delete_stack()
                    .stack_name(stack)
                    .client_request_token(token)
                    .set_retain_resources(retain.clone())
                    .set_deletion_mode(mode.clone())
                    .send()
            })
            .await?;
        Ok(())
    }

    /// Cancels an update, which is then rolled back; only while the stack is in `UPDATE_IN_PROGRESS`.
    ///
    /// # Errors
    /// When the call fails, as for a stack that is not in that status.
    pub async fn cancel_update(&self, stack: &str, token: &str) -> Result<()> {
        self.caller
            .call("CancelUpdateStack", stack, || {
                self.client.cancel_update_stack().stack_name(stack).client_request_token(token).send()
            })
            .await?;
        Ok(())
    }

    /// Goes on with a rollback; only from `UPDATE_ROLLBACK_FAILED`.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn continue_update_rollback(
        &self,
        stack: &str,
        token: &str,
        continuation: &RollbackContinuation,
    ) -> Result<()> {
        let skip = (!continuation.skip.is_empty()).then(|| continuation.skip.clone());
        self.caller
            .call("ContinueUpdateRollback", stack, || {
                self.client
                    .continue_update_rollback()
                    .stack_name(stack)
                    .client_request_token(token)
                    .set_resources_to_skip(skip.clone())
                    .set_force_rollback(continuation.force.then_some(true))
                    .send()
            })
            .await?;
        Ok(())
    }

    /// Rolls a stack back that failed with rollback switched off; only from `CREATE_FAILED` and `UPDATE_FAILED`.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn rollback_stack(&self, stack: &str, token: &str) -> Result<()> {
        self.caller
            .call("RollbackStack", stack, || {
                self.client
                    .rollback_stack()
                    .stack_name(stack)
                    .client_request_token(token)
                    .retain_except_on_create(true)
                    .send()
            })
            .await?;
        Ok(())
    }

    /// Protects a stack against deletion, or no longer.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn set_termination_protection(&self, stack: &str, enabled: bool) -> Result<()> {
        self.caller
            .call("UpdateTerminationProtection", stack, || {
                self.client
                    .update_termination_protection()
                    .stack_name(stack)
                    .enable_termination_protection(enabled)
                    .send()
            })
            .await?;
        Ok(())
    }
}
