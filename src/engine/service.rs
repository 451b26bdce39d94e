//! How the service is.

use super::{EngineError, ServiceState};
use crate::aws::Session;
use crate::aws::ecs::ServiceDeployment;

/// Looks at the newest deployment of a service and at what its tasks run. `None` when there is none.
///
/// # Errors
/// When AWS cannot be asked.
pub(in crate::engine) async fn look(
    session: &Session,
    cluster: &str,
    service: &str,
) -> Result<Option<ServiceState>, EngineError> {
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
