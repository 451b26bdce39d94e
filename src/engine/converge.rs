//! "Complete" is not success: an apply ends when the gateway really runs what was planned.
//!
//! CloudFormation has been seen to call a stack complete although the circuit breaker of ECS had put the old tasks back
//! (aws/containers-roadmap#1205, #1369), and Terraform does not wait for ECS at all.

use std::collections::BTreeMap;

use super::service::{is_lost, newest_deployment};
use crate::aws::ecs::ServiceDeployment;
use crate::aws::{Poll, Session};
use crate::engine::{Cancel, Cancelled, EngineError, Event, EventKind, EventSink};

/// What is waited for.
pub(in crate::engine) struct Converge<'a> {
    /// The session with the hub.
    pub session: Session,
    /// Where events go.
    pub sink: &'a dyn EventSink,
    /// What the user has asked for by signals.
    pub cancel: &'a Cancel,
    /// Key of the stack or root module that has the service.
    pub key: &'a str,
    /// Name of the cluster.
    pub cluster: &'a str,
    /// Name of the service.
    pub service: &'a str,
    /// ARN of the task definition that was planned, where it is known.
    pub task_definition: Option<&'a str>,
    /// Images that were planned, by container, with their digests.
    pub images: &'a BTreeMap<String, String>,
}

impl Converge<'_> {
    /// Waits until the newest deployment of the service has succeeded, or was taken back to what is planned now, and runs the
    /// planned images. Returns warnings.
    ///
    /// # Errors
    /// [`EngineError::Unhealthy`] when the deployment did not succeed or other images run; [`EngineError::Cancelled`]
    /// after a signal.
    pub async fn check(&self) -> Result<Vec<String>, EngineError> {
        let step = "converge".to_owned();
        self.emit(None, EventKind::StepStarted { step: step.clone() });
        let result = self.settle().await;
        match result {
            Ok(warnings) => {
                let result = "the service runs what was planned".to_owned();
                self.emit(None, EventKind::StepFinished { step, result });
                Ok(warnings)
            }
            Err(error) => {
                self.emit(None, EventKind::StepFailed { step, reason: error.to_string() });
                Err(error)
            }
        }
    }

    fn emit(&self, stack: Option<&str>, kind: EventKind) {
        self.sink.emit(Event { at: super::now(), stack: stack.map(ToOwned::to_owned), kind });
    }

    async fn settle(&self) -> Result<Vec<String>, EngineError> {
        let (cluster, service) = (self.cluster, self.service);
        let mut poll = Poll::default();
        let mut shown = None;
        loop {
            let Some(deployment) = newest_deployment(&self.session, cluster, service).await? else {
                return Err(EngineError::Unhealthy(format!(
                    "service {service} is not there in cluster {cluster}, or has no deployment"
                )));
            };
            if shown.as_ref() != Some(&deployment) {
                self.tell(&deployment);
                shown = Some(deployment.clone());
            }
            match deployment.status.as_str() {
                "SUCCESSFUL" => break,
                _ if deployment.is_under_way() => {}
                _ if !self.is_lost(&deployment).await? => break,
                status => return Err(EngineError::Unhealthy(verdict(status, service, &deployment))),
            }
            if self.cancel.stage() > Cancelled::No {
                return Err(EngineError::Cancelled(vec![format!(
                    "service {service} is still being deployed; `gwinfra status` shows how far it is"
                )]));
            }
            poll.pause().await;
        }
        self.digests().await
    }

    /// Whether a deployment took the service away from what was planned.
    async fn is_lost(&self, deployment: &ServiceDeployment) -> Result<bool, EngineError> {
        Ok(is_lost(self.session.ecs(), self.cluster, self.service, deployment, self.task_definition).await?)
    }

    fn tell(&self, deployment: &ServiceDeployment) {
        let (desired, running, pending) = deployment.tasks;
        let failed = deployment.breaker.map_or(0, |(failed, _)| u32::try_from(failed).unwrap_or_default());
        self.emit(
            Some(self.key),
            EventKind::EcsDeployment {
                service: self.service.to_owned(),
                status: deployment.status.clone(),
                tasks: (desired, running, pending, failed),
                reason: deployment.rollback_reason.clone().or_else(|| deployment.reason.clone()),
            },
        );
    }

    /// Compares the images that run with those that were planned.
    async fn digests(&self) -> Result<Vec<String>, EngineError> {
        let tasks = self.session.ecs().tasks(self.cluster, self.service, false).await?;
        let mut warnings = Vec::new();
        for (name, image) in self.images {
            let Some((_, planned)) = image.split_once('@') else { continue };
            for container in tasks.iter().flat_map(|task| &task.containers).filter(|container| container.name == *name)
            {
                match &container.digest {
                    Some(running) if running != planned => {
                        return Err(EngineError::Unhealthy(format!(
                            "container {name} of {} runs {running}, and {planned} was planned",
                            self.service
                        )));
                    }
                    None => warnings.push(format!("ECS does not say which image container {name} runs")),
                    Some(_) => {}
                }
            }
        }
        warnings.dedup();
        Ok(warnings)
    }
}

fn verdict(status: &str, service: &str, deployment: &ServiceDeployment) -> String {
    let reason = deployment.rollback_reason.as_ref().or(deployment.reason.as_ref());
    let because = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    if status.starts_with("ROLLBACK") {
        format!("ECS went back to the previous tasks of {service} ({status}){because}")
    } else {
        format!("the deployment of {service} is {status}{because}")
    }
}
