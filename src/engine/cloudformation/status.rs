//! How a deployment is.

use serde::Serialize;

use super::Engine;
use super::status_table;
use crate::aws::ecs::ServiceDeployment;
use crate::engine::{EngineError, Outputs};
use crate::render::Bundle;

/// How a stack is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StackState {
    /// Key in the bundle.
    pub key: String,
    /// Name in CloudFormation.
    pub name: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Status; `None` when there is no such stack.
    pub status: Option<String>,
    /// Why, in CloudFormation's words.
    pub reason: Option<String>,
    /// When it was last changed, RFC 3339.
    pub updated: Option<String>,
    /// The one command to run next.
    pub next: String,
}

/// How the service is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServiceState {
    /// Name of the service.
    pub service: String,
    /// Status of its newest deployment.
    pub deployment: String,
    /// Tasks that should run, that run, and that are starting.
    pub tasks: (u32, u32, u32),
    /// Images that run, by container.
    pub images: Vec<(String, String)>,
}

/// How a deployment is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// Prefix of the deployment.
    pub deployment: String,
    /// Its stacks.
    pub stacks: Vec<StackState>,
    /// Its service, once it is there.
    pub service: Option<ServiceState>,
    /// A run that was cut off, if there is one: its command and when it began.
    pub unfinished: Option<(String, String)>,
}

impl Status {
    /// Whether a stack needs `gwinfra recover`.
    pub fn needs_attention(&self) -> bool {
        self.stacks.iter().any(|stack| stack.next == "gwinfra recover")
    }
}

impl Engine {
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
            Some((cluster, service)) => self.service(&cluster, &service).await?,
            None => None,
        };
        let unfinished = self.journal.unfinished()?.map(|left| (left.command, left.started_at));
        Ok(Status { deployment: bundle.deployment.prefix.clone(), stacks, service, unfinished })
    }

    async fn service(&self, cluster: &str, service: &str) -> Result<Option<ServiceState>, EngineError> {
        let session = self.session(&self.hub);
        let ecs = session.ecs();
        let Some(ServiceDeployment { status, tasks, .. }) = ecs.newest_deployment(cluster, service).await? else {
            return Ok(None);
        };
        let mut images: Vec<(String, String)> = ecs
            .tasks(cluster, service, false)
            .await?
            .into_iter()
            .flat_map(|task| task.containers)
            .map(|container| (container.name, container.digest.unwrap_or(container.image)))
            .collect();
        images.sort();
        images.dedup();
        Ok(Some(ServiceState { service: service.to_owned(), deployment: status, tasks, images }))
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
