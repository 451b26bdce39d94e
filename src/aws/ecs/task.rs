//! Tasks and their containers.

use aws_sdk_ecs::operation::list_tasks::builders::ListTasksFluentBuilder;

use super::Ecs;
use crate::aws::Result;
use crate::aws::classify::plain;
use crate::aws::time::rfc3339;

/// The most tasks that one call describes.
const DESCRIBED_AT_ONCE: i32 = 100;

/// A task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// ARN.
    pub arn: String,
    /// Its task definition.
    pub task_definition: String,
    /// `PROVISIONING`, `PENDING`, `RUNNING`, `STOPPED` ...
    pub status: String,
    /// Why it stopped.
    pub stopped_reason: Option<String>,
    /// When it stopped, RFC 3339.
    pub stopped_at: Option<String>,
    /// Its containers.
    pub containers: Vec<Container>,
}

/// A container of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Name.
    pub name: String,
    /// Image, as the task definition names it.
    pub image: String,
    /// Digest that runs.
    pub digest: Option<String>,
    /// Exit code, when it has ended.
    pub exit_code: Option<i32>,
    /// Why it ended.
    pub reason: Option<String>,
}

impl Ecs {
    /// The tasks of a service: those that run or start, or with `stopped` those that stopped in the last hour.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn tasks(&self, cluster: &str, service: &str, stopped: bool) -> Result<Vec<Task>> {
        use aws_sdk_ecs::types::DesiredStatus;
        let wanted = if stopped { DesiredStatus::Stopped } else { DesiredStatus::Running };
        let list = || self.client.list_tasks().cluster(cluster).service_name(service).desired_status(wanted.clone());
        Ok(self.described_tasks(cluster, service, list).await?.into_iter().map(task).collect())
    }

    /// The tasks of a cluster that a list names, page by page. `about` is what the calls are about.
    pub(super) async fn described_tasks(
        &self,
        cluster: &str,
        about: &str,
        list: impl Fn() -> ListTasksFluentBuilder,
    ) -> Result<Vec<aws_sdk_ecs::types::Task>> {
        let (mut tasks, mut token) = (Vec::new(), None);
        loop {
            let send = || list().max_results(DESCRIBED_AT_ONCE).set_next_token(token.clone()).send();
            let answer = self.caller.call("ListTasks", about, send).await?;
            let arns = answer.task_arns.unwrap_or_default();
            if !arns.is_empty() {
                let send = || self.client.describe_tasks().cluster(cluster).set_tasks(Some(arns.clone())).send();
                tasks.extend(self.caller.call("DescribeTasks", about, send).await?.tasks.unwrap_or_default());
            }
            token = answer.next_token.filter(|token: &String| !token.is_empty());
            if token.is_none() {
                return Ok(tasks);
            }
        }
    }
}

fn task(found: aws_sdk_ecs::types::Task) -> Task {
    Task {
        arn: found.task_arn.unwrap_or_default(),
        task_definition: found.task_definition_arn.unwrap_or_default(),
        status: found.last_status.unwrap_or_default(),
        stopped_reason: found.stopped_reason.as_deref().map(plain),
        stopped_at: rfc3339(found.stopped_at.as_ref()),
        containers: found
            .containers
            .unwrap_or_default()
            .into_iter()
            .map(|container| Container {
                name: container.name.unwrap_or_default(),
                image: container.image.unwrap_or_default(),
                digest: container.image_digest,
                exit_code: container.exit_code,
                reason: container.reason.as_deref().map(plain),
            })
            .collect(),
    }
}
