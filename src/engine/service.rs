//! How the service is.

use std::collections::BTreeMap;

use super::ServiceState;
use crate::aws::ecs::{Ecs, Service, ServiceDeployment};
use crate::aws::{Result, Session};

/// Cluster and service that the outputs of a stack or root module name; `None` for one without a service.
pub(in crate::engine) fn named(outputs: &BTreeMap<String, String>) -> Option<(&str, &str)> {
    Some((outputs.get("ClusterName")?, outputs.get("ServiceName")?))
}

/// ARN of the task definition that the outputs of a stack or root module name: what its service is to run.
pub(in crate::engine) fn planned(outputs: &BTreeMap<String, String>) -> Option<&str> {
    outputs.get("TaskDefinitionArn").map(String::as_str)
}

/// Whether a deployment that failed took the service away from what is `planned`. One that failed before leaves it there:
/// ECS went back to the tasks of the last deployment that had succeeded, and when those are planned again, there is
/// nothing to deploy.
///
/// # Errors
/// When AWS cannot be asked.
pub(in crate::engine) async fn is_lost(
    ecs: &Ecs,
    cluster: &str,
    service: &str,
    deployment: &ServiceDeployment,
    planned: Option<&str>,
) -> Result<bool> {
    if !deployment.has_failed() {
        return Ok(false);
    }
    let Some(planned) = planned else { return Ok(true) };
    Ok(!ecs.service(cluster, service).await?.is_some_and(|found| found.runs(planned)))
}

/// The newest deployment of a service; `None` when there is no such service. ECS keeps the deployments of the last 90 days: of
/// a service that was deployed longer ago only the rollout is known.
///
/// # Errors
/// When AWS cannot be asked.
pub(in crate::engine) async fn newest_deployment(
    session: &Session,
    cluster: &str,
    service: &str,
) -> Result<Option<ServiceDeployment>> {
    if let Some(found) = session.ecs().newest_deployment(cluster, service).await? {
        return Ok(Some(found));
    }
    Ok(session.ecs().service(cluster, service).await?.as_ref().and_then(rollout))
}

/// The primary deployment that a service itself tells of, in the words of a service deployment.
fn rollout(service: &Service) -> Option<ServiceDeployment> {
    let primary = service.deployments.iter().find(|deployment| deployment.status == "PRIMARY")?;
    let (desired, running, pending, failed) = primary.tasks;
    let status = match primary.rollout_state.as_deref() {
        Some("COMPLETED") => "SUCCESSFUL",
        Some("FAILED") => "FAILED",
        None if running >= desired && pending == 0 => "SUCCESSFUL",
        _ => "IN_PROGRESS",
    };
    Some(ServiceDeployment {
        arn: service.arn.clone(),
        status: status.to_owned(),
        reason: primary.rollout_reason.clone(),
        rollback_reason: None,
        breaker: i32::try_from(failed).ok().filter(|failed| *failed > 0).map(|failed| (failed, failed)),
        created_at: None,
        tasks: (desired, running, pending),
    })
}

/// Looks at the newest deployment of a service and at what its tasks run. `None` when there is none.
///
/// # Errors
/// When AWS cannot be asked.
pub(in crate::engine) async fn look(session: &Session, cluster: &str, service: &str) -> Result<Option<ServiceState>> {
    let ecs = session.ecs();
    let Some(ServiceDeployment { status, tasks, .. }) = newest_deployment(session, cluster, service).await? else {
        return Ok(None);
    };
    // A deployment counts the tasks that it began with; autoscaling goes on.
    let tasks = ecs.service(cluster, service).await?.map_or(tasks, |found| found.tasks);
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

/// The same. What cannot be asked is a note: everything else is known all the same.
pub(in crate::engine) async fn look_or_note(
    session: &Session,
    cluster: &str,
    service: &str,
    notes: &mut Vec<String>,
) -> Option<ServiceState> {
    match look(session, cluster, service).await {
        Ok(found) => found,
        Err(error) => {
            notes.push(format!("the service {service} could not be looked at: {error}"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::ecs::Deployment;

    fn service(rollout_state: Option<&str>, running: u32) -> Service {
        Service {
            arn: "arn:service".to_owned(),
            cluster: "acme".to_owned(),
            status: "ACTIVE".to_owned(),
            task_definition: "acme:3".to_owned(),
            tasks: (2, running, 0),
            deployments: vec![Deployment {
                status: "PRIMARY".to_owned(),
                task_definition: "acme:3".to_owned(),
                tasks: (2, running, 0, 0),
                rollout_state: rollout_state.map(ToOwned::to_owned),
                rollout_reason: None,
            }],
        }
    }

    #[test]
    fn a_service_whose_deployments_ecs_has_forgotten_is_as_its_rollout_is() {
        let status = |state: Option<&str>, running| rollout(&service(state, running)).unwrap().status;
        assert_eq!(status(Some("COMPLETED"), 1), "SUCCESSFUL");
        assert_eq!(status(Some("FAILED"), 0), "FAILED");
        assert_eq!(status(Some("IN_PROGRESS"), 1), "IN_PROGRESS");
        assert_eq!((status(None, 2), status(None, 1)), ("SUCCESSFUL".to_owned(), "IN_PROGRESS".to_owned()));
    }

    #[test]
    fn a_service_without_a_deployment_has_none() {
        assert_eq!(rollout(&Service { deployments: Vec::new(), ..service(None, 2) }), None);
    }
}
