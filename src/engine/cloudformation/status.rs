//! How a deployment is.

use super::CloudFormationEngine;
use super::status_table;
use crate::engine::{EngineError, Outputs, StackState, Status, service};
use crate::render::Bundle;

impl CloudFormationEngine {
    /// Looks at every stack and at the service. Changes nothing.
    ///
    /// # Errors
    ///
    /// When AWS cannot be asked.
    pub async fn status(&self, bundle: &Bundle) -> Result<Status, EngineError> {
        let mut stacks = Vec::new();
        let mut names = None;
        for rendered in &bundle.stacks {
            let session = self.session(&rendered.target);
            let found = session.cloudformation().stack(&rendered.name).await?;
            if let Some(found) = &found
                && let (Some(cluster), Some(service)) =
                    (found.outputs.get("ClusterName"), found.outputs.get("ServiceName"))
            {
                names = Some((cluster.clone(), service.clone()));
            }
            let status = found.as_ref().map(|stack| stack.status.clone());
            stacks.push(StackState {
                key: rendered.key.clone(),
                name: rendered.name.clone(),
                account: rendered.target.account.clone(),
                region: rendered.target.region.clone(),
                next: status_table::lookup(status.as_deref().unwrap_or("DELETE_COMPLETE")).next.to_owned(),
                status,
                reason: found.as_ref().and_then(|stack| stack.reason.clone()),
                updated: found.and_then(|stack| stack.updated.or(stack.created)),
            });
        }
        let service = match names {
            Some((cluster, service)) => service::look(&self.session(&self.hub), &cluster, &service).await?,
            None => None,
        };
        let unfinished = self.journal.unfinished()?.map(|left| (left.command, left.started_at));
        Ok(Status { deployment: bundle.deployment.prefix.clone(), stacks, service, unfinished })
    }

    /// The outputs of every stack that exists, by key of the stack.
    ///
    /// # Errors
    ///
    /// When AWS cannot be asked.
    pub async fn outputs(&self, bundle: &Bundle) -> Result<Outputs, EngineError> {
        let mut outputs = Outputs::new();
        for rendered in &bundle.stacks {
            let session = self.session(&rendered.target);
            if let Some(found) = session.cloudformation().stack(&rendered.name).await?
                && found.status != "REVIEW_IN_PROGRESS"
            {
                outputs.insert(rendered.key.clone(), found.outputs);
            }
        }
        Ok(outputs)
    }
}
