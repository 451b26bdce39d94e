//! How the service is.

use std::collections::BTreeMap;

use super::ServiceState;
use crate::aws::ecs::{Ecs, ServiceDeployment};
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

/// Looks at the newest deployment of a service and at what its tasks run. `None` when there is none.
///
/// # Errors
/// When AWS cannot be asked.
pub(in crate::engine) async fn look(session: &Session, cluster: &str, service: &str) -> Result<Option<ServiceState>> {
    let ecs = session.ecs();
    let Some(ServiceDeployment { status, tasks, .. }) = ecs.newest_deployment(cluster, service).await? else {
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
