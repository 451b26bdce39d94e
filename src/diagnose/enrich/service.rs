//! Tasks that did not start: the circuit breaker, why tasks stopped, and what they wrote before.

use std::cmp::Reverse;

use super::{Found, Signal, is_service, service_events};
use crate::aws::ecs::{Container, Task};
use crate::aws::{Result, Session};
use crate::diagnose::investigate::Scene;
use crate::diagnose::is_later;
use crate::diagnose::report::{Evidence, Failure};
use crate::diagnostics::redacted;

/// Most kinds of stopped tasks that are told of.
const KINDS: usize = 2;
/// Last lines of a log that are read and shown.
const LINES: u16 = 8;

pub(super) async fn look(failure: &Failure, scene: &Scene<'_>, found: &mut Found) -> Result<()> {
    let Some((cluster, service)) = scene.service.as_ref().filter(|_| concerns(failure)) else { return Ok(()) };
    let session = scene.session();
    if session.ecs().service(cluster, service).await?.is_none_or(|service| service.status == "INACTIVE") {
        let fact = "the service is gone, and its tasks with it: `gwinfra apply --no-rollback` keeps them for a look";
        found.evidence.push(Evidence::fact("ecs", fact));
        return Ok(());
    }
    let began = failure.operation.as_ref().and_then(|operation| operation.started_at.clone());
    let failed = session.ecs().newest_failed_deployment(cluster, service).await?;
    if let Some(deployment) = failed.filter(|found| is_later(found.created_at.as_deref(), began.as_deref())) {
        if let Some((failed, threshold)) = deployment.breaker.filter(|(failed, _)| *failed > 0) {
            let fact = format!("circuit breaker: {failed} tasks failed, and it takes {threshold} of them");
            found.evidence.push(Evidence::fact("ecs", fact));
        }
        if let Some(reason) = deployment.rollback_reason.or(deployment.reason) {
            found.evidence.push(Evidence::fact("ecs", format!("the deployment is {}: {reason}", deployment.status)));
        }
    }
    let said = service_events::troubles(session.ecs().service_events(cluster, service).await?, began.as_deref());
    for words in said.iter().map(|words| redacted(words)) {
        found.evidence.push(Evidence::fact("ecs", format!("the service {words}")));
        found.signals.push(Signal::Said(words));
    }
    for task in kinds(session.ecs().tasks(cluster, service, true).await?, began.as_deref()) {
        tell(&session, &task, found).await?;
    }
    Ok(())
}

/// Whether the service has to do with a failure.
fn concerns(failure: &Failure) -> bool {
    let causes = failure.cause.iter().chain(&failure.also);
    failure.outcome == crate::diagnose::report::Outcome::Unhealthy
        || causes.into_iter().any(|cause| is_service(&cause.resource_type))
}

/// Tasks that stopped in different ways, the newest of each.
fn kinds(mut tasks: Vec<Task>, began: Option<&str>) -> Vec<Task> {
    tasks.retain(|task| {
        let ours = is_later(task.stopped_at.as_deref(), began);
        // What scaling or the rollback itself has stopped did nothing wrong.
        let stopped_by_ecs = task.stopped_reason.as_deref().is_some_and(|reason| {
            reason.starts_with("Scaling activity initiated") || reason.starts_with("Task stopped by")
        });
        ours && !stopped_by_ecs
    });
    tasks.sort_by_key(|task| Reverse(task.stopped_at.clone()));
    let mut kinds: Vec<Task> = Vec::new();
    for task in tasks {
        if kinds.len() < KINDS && !kinds.iter().any(|known| way(known) == way(&task)) {
            kinds.push(task);
        }
    }
    kinds
}

/// How a task stopped: its reason, and the codes of its containers.
fn way(task: &Task) -> (Option<&str>, Vec<(&str, Option<i32>)>) {
    let containers = task.containers.iter().map(|container| (container.name.as_str(), container.exit_code));
    (task.stopped_reason.as_deref(), containers.collect())
}

async fn tell(session: &Session, task: &Task, found: &mut Found) -> Result<()> {
    let id = task.arn.rsplit('/').next().unwrap_or(&task.arn);
    let short: String = id.chars().take(8).collect();
    let reason = task.stopped_reason.clone().unwrap_or_else(|| "no reason given".to_owned());
    let failed: Vec<&Container> = task.containers.iter().filter(|container| is_failed(container)).collect();
    let mut fact = format!("task {short} stopped: {}", redacted(&reason));
    for container in &failed {
        fact.push_str(&ending(container));
    }
    found.evidence.push(Evidence::fact("ecs", fact));
    found.signals.push(Signal::Stopped(redacted(&reason)));
    for container in &failed {
        found.signals.extend(container.reason.as_deref().map(|reason| Signal::Stopped(redacted(reason))));
        if let Some(code) = container.exit_code {
            found.signals.push(Signal::Exit { container: container.name.clone(), code });
        }
    }
    let logs = session.ecs().logs(&task.task_definition).await?;
    for log in logs.iter().filter(|log| failed.iter().any(|container| container.name == log.container)) {
        let lines = session.logs().last_lines(&log.group, &log.stream(id), LINES).await?;
        let lines: Vec<String> = lines.iter().map(|line| redacted(line)).collect();
        if lines.is_empty() {
            let fact = format!("{} has written nothing to {}", log.container, log.group);
            found.evidence.push(Evidence::fact("logs", fact));
            continue;
        }
        found.signals.extend(lines.iter().cloned().map(Signal::Line));
        let fact = format!("last lines of {}", log.container);
        found.evidence.push(Evidence { from: "logs".to_owned(), fact, lines });
    }
    Ok(())
}

fn is_failed(container: &Container) -> bool {
    container.exit_code.is_some_and(|code| code != 0) || container.reason.is_some()
}

fn ending(container: &Container) -> String {
    let code = container.exit_code.map(|code| format!(" with {code}")).unwrap_or_default();
    let reason = container.reason.as_deref().map(|reason| format!(" ({})", redacted(reason))).unwrap_or_default();
    format!("; {} ended{code}{reason}", container.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(id: &str, stopped_at: &str, reason: &str, code: i32) -> Task {
        Task {
            arn: format!("arn:aws:ecs:us-east-1:111122223333:task/acme/{id}"),
            task_definition: "acme:2".to_owned(),
            status: "STOPPED".to_owned(),
            stopped_reason: Some(reason.to_owned()),
            stopped_at: Some(stopped_at.to_owned()),
            containers: vec![Container {
                name: "litellm".to_owned(),
                image: String::new(),
                digest: None,
                exit_code: Some(code),
                reason: None,
            }],
        }
    }

    const EXITED: &str = "Essential container in task exited";

    #[test]
    fn tasks_that_stopped_alike_are_told_of_once() {
        let tasks = vec![task("a", "2026-01-01T00:00:01Z", EXITED, 1), task("b", "2026-01-01T00:00:02Z", EXITED, 1)];
        let kinds = kinds(tasks, None);
        assert!(kinds.len() == 1 && kinds[0].arn.ends_with("/b"), "{kinds:?}");
    }

    #[test]
    fn tasks_from_before_the_operation_and_those_that_scaling_stopped_do_not_count() {
        let tasks = vec![
            task("a", "2026-01-01T00:00:01Z", EXITED, 1),
            task("b", "2026-01-01T00:00:09Z", "Scaling activity initiated by (deployment ecs-svc/1)", 0),
        ];
        assert!(kinds(tasks, Some("2026-01-01T00:00:07Z")).is_empty());
    }
}
