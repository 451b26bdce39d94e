//! Targets that the load balancer does not find healthy.

use super::{Found, Signal, is_service};
use crate::aws::Result;
use crate::aws::elbv2::TargetHealth;
use crate::diagnose::investigate::Scene;
use crate::diagnose::report::{Evidence, Failure, Outcome};

/// Most targets that are named.
const NAMED: usize = 3;

pub(super) async fn look(failure: &Failure, scene: &Scene<'_>, found: &mut Found) -> Result<()> {
    let concerns = failure.outcome == Outcome::Unhealthy
        || failure.cause.iter().chain(&failure.also).any(|cause| is_service(&cause.resource_type));
    let Some((cluster, service)) = scene.service.as_ref().filter(|_| concerns) else { return Ok(()) };
    let session = scene.session();
    for group in session.ecs().target_groups(cluster, service).await? {
        let targets = session.elbv2().target_health(&group).await?;
        let ill: Vec<&TargetHealth> = targets.iter().filter(|target| target.state == "unhealthy").collect();
        if ill.is_empty() {
            continue;
        }
        let name = group.rsplit('/').nth(1).unwrap_or(&group);
        let fact = format!("{} of {} targets of {name} are unhealthy", ill.len(), targets.len());
        let lines: Vec<String> = ill.iter().take(NAMED).map(|target| line(target)).collect();
        found.signals.extend(ill.iter().take(1).map(|target| Signal::Target(why(target))));
        found.evidence.push(Evidence { from: "elasticloadbalancing".to_owned(), fact, lines });
    }
    Ok(())
}

fn why(target: &TargetHealth) -> String {
    let parts = [target.reason.as_deref(), target.description.as_deref()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
}

fn line(target: &TargetHealth) -> String {
    let port = target.port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}   {}", target.target, why(target))
}
