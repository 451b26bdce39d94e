//! The empty stack that a change set of a new stack leaves behind.

use super::CloudFormationEngine;
use super::apply::TOKEN;
use crate::aws::cloudformation::{CloudFormation, Deletion};
use crate::aws::{Poll, Result};
use crate::engine::EngineError;
use crate::render::RenderedStack;

impl CloudFormationEngine {
    /// Deletes the empty stack of a rendered one.
    pub(super) async fn remove_shell(
        &self,
        rendered: &RenderedStack,
        stack_id: &str,
    ) -> std::result::Result<(), EngineError> {
        Ok(remove_shell(self.session(&rendered.target).cloudformation(), stack_id).await?)
    }
}

/// Deletes a stack in `REVIEW_IN_PROGRESS`, which holds nothing, and waits until it is gone. Another status is left alone.
///
/// # Errors
/// When a call fails.
pub async fn remove_shell(client: &CloudFormation, stack_id: &str) -> Result<()> {
    let mut poll = Poll::default();
    let mut asked = false;
    loop {
        match client.stack(stack_id).await? {
            None => return Ok(()),
            Some(stack) if stack.status == "REVIEW_IN_PROGRESS" && !asked => {
                let token = format!("{TOKEN}shell-{}", uuid::Uuid::new_v4().simple());
                client.delete_stack(stack_id, &token, &Deletion::default()).await?;
                asked = true;
            }
            Some(stack) if stack.status == "DELETE_COMPLETE" => return Ok(()),
            Some(_) if asked => poll.pause().await,
            Some(_) => return Ok(()),
        }
    }
}
