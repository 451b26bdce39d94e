//! "Complete" is not success: an apply ends when the gateway really runs what was planned.
//!
//! CloudFormation has been seen to call a stack complete although the circuit breaker of ECS had put the old tasks back
//! (aws/containers-roadmap#1205, #1369).

use super::apply::Apply;
use crate::aws::Poll;
use crate::aws::ecs::ServiceDeployment;
use crate::engine::{Cancelled, EngineError, EventKind};

/// Key of the stack that has the service.
const GATEWAY: &str = "gateway";

/// Waits until the newest deployment of the service has succeeded and runs the planned images. Returns warnings.
pub(super) async fn check(apply: &Apply<'_>) -> Result<Vec<String>, EngineError> {
    let (cluster, service) = {
        let facts = apply.known.facts();
        let outputs = facts.outputs.get(GATEWAY);
        let output = |name: &str| outputs.and_then(|outputs| outputs.get(name)).cloned();
        match (output("ClusterName"), output("ServiceName")) {
            (Some(cluster), Some(service)) => (cluster, service),
            _ => return Ok(Vec::new()),
        }
    };
    let engine = apply.engine;
    let step = "converge".to_owned();
    engine.emit(None, EventKind::StepStarted { step: step.clone() });
    let result = settle(apply, &cluster, &service).await;
    match result {
        Ok(warnings) => {
            let result = "the service runs what was planned".to_owned();
            engine.emit(None, EventKind::StepFinished { step, result });
            Ok(warnings)
        }
        Err(error) => {
            engine.emit(None, EventKind::StepFailed { step, reason: error.to_string() });
            Err(error)
        }
    }
}

async fn settle(apply: &Apply<'_>, cluster: &str, service: &str) -> Result<Vec<String>, EngineError> {
    let session = apply.engine.session(&apply.engine.hub);
    let ecs = session.ecs();
    let mut poll = Poll::default();
    let mut shown = None;
    loop {
        let Some(deployment) = ecs.newest_deployment(cluster, service).await? else {
            return Err(EngineError::Unhealthy(format!("service {service} has no deployment in cluster {cluster}")));
        };
        if shown.as_ref() != Some(&deployment) {
            emit(apply, service, &deployment);
            shown = Some(deployment.clone());
        }
        match deployment.status.as_str() {
            "SUCCESSFUL" => break,
            "PENDING" | "IN_PROGRESS" | "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" | "STOP_REQUESTED" => {}
            status => return Err(EngineError::Unhealthy(verdict(status, service, &deployment))),
        }
        if apply.engine.cancel.stage() > Cancelled::No {
            return Err(EngineError::Cancelled(vec![format!(
                "service {service} is still being deployed; `gwinfra status` shows how far it is"
            )]));
        }
        poll.pause().await;
    }
    digests(apply, cluster, service).await
}

fn emit(apply: &Apply<'_>, service: &str, deployment: &ServiceDeployment) {
    let (desired, running, pending) = deployment.tasks;
    let failed = deployment.breaker.map_or(0, |(failed, _)| u32::try_from(failed).unwrap_or_default());
    apply.engine.emit(
        Some(GATEWAY),
        EventKind::EcsDeployment {
            service: service.to_owned(),
            status: deployment.status.clone(),
            tasks: (desired, running, pending, failed),
            reason: deployment.rollback_reason.clone().or_else(|| deployment.reason.clone()),
        },
    );
}

fn verdict(status: &str, service: &str, deployment: &ServiceDeployment) -> String {
    let reason = deployment.rollback_reason.as_ref().or(deployment.reason.as_ref());
    let because = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    if status.starts_with("ROLLBACK") {
        format!(
            "CloudFormation reports success while ECS went back to the previous tasks of {service} ({status}){because}"
        )
    } else {
        format!("the deployment of {service} is {status}{because}")
    }
}

/// Compares the images that run with those that were planned.
async fn digests(apply: &Apply<'_>, cluster: &str, service: &str) -> Result<Vec<String>, EngineError> {
    let session = apply.engine.session(&apply.engine.hub);
    let tasks = session.ecs().tasks(cluster, service, false).await?;
    let mut warnings = Vec::new();
    for (name, image) in &apply.plan.inputs.images {
        let Some((_, planned)) = image.split_once('@') else { continue };
        for container in tasks.iter().flat_map(|task| &task.containers).filter(|container| container.name == *name) {
            match &container.digest {
                Some(running) if running != planned => {
                    return Err(EngineError::Unhealthy(format!(
                        "container {name} of {service} runs {running}, and {planned} was planned"
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
