//! ECS: whether the new tasks took over.

mod events;
mod fargate;
mod service_deployment;
mod task;

use super::Result;
use super::call::Caller;
use super::classify::plain;
pub use events::ServiceEvent;
pub use fargate::FargateUse;
pub use service_deployment::ServiceDeployment;
pub use task::{Container, Task};

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// ARN.
    pub arn: String,
    /// ARN of its cluster.
    pub cluster: String,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: String,
    /// ARN of the task definition that it is to run.
    pub task_definition: String,
    /// Tasks: desired, running, pending.
    pub tasks: (u32, u32, u32),
    /// Its deployments, `PRIMARY` and older ones.
    pub deployments: Vec<Deployment>,
}

impl Service {
    /// Whether all its tasks are those of a task definition, by its ARN.
    pub fn runs(&self, task_definition: &str) -> bool {
        let settled = |one: &Deployment| one.rollout_state.as_deref().is_none_or(|state| state == "COMPLETED");
        let mut deployments = self.deployments.iter().filter(|one| one.status != "INACTIVE");
        deployments.next().is_some_and(|one| one.task_definition == task_definition && settled(one))
            && deployments.next().is_none()
    }
}

/// A deployment as the service shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// `PRIMARY`, `ACTIVE` or `INACTIVE`.
    pub status: String,
    /// Its task definition.
    pub task_definition: String,
    /// Tasks: desired, running, pending, failed.
    pub tasks: (u32, u32, u32, u32),
    /// `IN_PROGRESS`, `COMPLETED` or `FAILED`.
    pub rollout_state: Option<String>,
    /// Why, in ECS's words.
    pub rollout_reason: Option<String>,
}

/// Where a container writes its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerLog {
    /// Name of the container.
    pub container: String,
    /// Log group.
    pub group: String,
    /// What the name of its stream begins with.
    pub prefix: String,
}

impl ContainerLog {
    /// Name of the stream of a task: `prefix/container/task`.
    pub fn stream(&self, task: &str) -> String {
        let id = task.rsplit('/').next().unwrap_or(task);
        format!("{}/{}/{id}", self.prefix, self.container)
    }
}

/// ECS in one account and region.
#[derive(Debug)]
pub struct Ecs {
    client: aws_sdk_ecs::Client,
    caller: Caller,
}

impl Ecs {
    pub(super) fn new(client: aws_sdk_ecs::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    /// A service by ARN; `None` when it is not there.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn service(&self, cluster: &str, service: &str) -> Result<Option<Service>> {
        Ok(self.described(cluster, service).await?.map(|found| Service {
            arn: found.service_arn.unwrap_or_else(|| service.to_owned()),
            cluster: found.cluster_arn.unwrap_or_else(|| cluster.to_owned()),
            status: found.status.unwrap_or_default(),
            task_definition: found.task_definition.unwrap_or_default(),
            tasks: (count(found.desired_count), count(found.running_count), count(found.pending_count)),
            deployments: found.deployments.unwrap_or_default().into_iter().map(deployment).collect(),
        }))
    }

    /// What ECS says of a service; `None` when it or its cluster is not there.
    async fn described(&self, cluster: &str, service: &str) -> Result<Option<aws_sdk_ecs::types::Service>> {
        let answer = self
            .caller
            .call("DescribeServices", service, || {
                self.client.describe_services().cluster(cluster).services(service).send()
            })
            .await;
        match answer {
            Ok(answer) => Ok(answer.services.unwrap_or_default().into_iter().next()),
            Err(error) if error.is("ClusterNotFoundException") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Where the containers of a task definition write their logs, as far as it is CloudWatch Logs.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn logs(&self, task_definition: &str) -> Result<Vec<ContainerLog>> {
        let answer = self
            .caller
            .call("DescribeTaskDefinition", task_definition, || {
                self.client.describe_task_definition().task_definition(task_definition).send()
            })
            .await?;
        let containers = answer.task_definition.and_then(|definition| definition.container_definitions);
        let log = |container: aws_sdk_ecs::types::ContainerDefinition| {
            let options = container.log_configuration?.options?;
            Some(ContainerLog {
                container: container.name?,
                group: options.get("awslogs-group")?.clone(),
                prefix: options.get("awslogs-stream-prefix")?.clone(),
            })
        };
        Ok(containers.unwrap_or_default().into_iter().filter_map(log).collect())
    }

    /// Target groups that a service puts its tasks into.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn target_groups(&self, cluster: &str, service: &str) -> Result<Vec<String>> {
        let balancers = self.described(cluster, service).await?.and_then(|found| found.load_balancers);
        Ok(balancers.unwrap_or_default().into_iter().filter_map(|balancer| balancer.target_group_arn).collect())
    }

    /// Sets how many tasks a service is to run.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn set_tasks(&self, cluster: &str, service: &str, tasks: u32) -> Result<()> {
        let tasks = i32::try_from(tasks).unwrap_or(i32::MAX);
        self.caller
            .call("UpdateService", service, || {
                self.client.update_service().cluster(cluster).service(service).desired_count(tasks).send()
            })
            .await?;
        Ok(())
    }
}

fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

fn deployment(found: aws_sdk_ecs::types::Deployment) -> Deployment {
    Deployment {
        status: found.status.unwrap_or_default(),
        task_definition: found.task_definition.unwrap_or_default(),
        tasks: (
            count(found.desired_count),
            count(found.running_count),
            count(found.pending_count),
            count(found.failed_tasks),
        ),
        rollout_state: found.rollout_state.map(|state| state.as_str().to_owned()),
        rollout_reason: found.rollout_state_reason.as_deref().map(plain),
    }
}
