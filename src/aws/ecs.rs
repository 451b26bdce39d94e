//! ECS: whether the new tasks took over.

use aws_sdk_ecs::operation::list_tasks::builders::ListTasksFluentBuilder;

use super::Result;
use super::call::Caller;
use super::classify::plain;
use super::time::rfc3339;

/// The most tasks that one call describes.
const DESCRIBED_AT_ONCE: i32 = 100;

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

/// A deployment by itself, with what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceDeployment {
    /// ARN.
    pub arn: String,
    /// `PENDING`, `IN_PROGRESS`, `SUCCESSFUL`, `STOPPED`, `ROLLBACK_IN_PROGRESS`, `ROLLBACK_SUCCESSFUL`, `ROLLBACK_FAILED` ...
    pub status: String,
    /// Why, in ECS's words.
    pub reason: Option<String>,
    /// Why it was rolled back.
    pub rollback_reason: Option<String>,
    /// Failures that the circuit breaker has counted, and how many it takes.
    pub breaker: Option<(i32, i32)>,
    /// When it was made, RFC 3339.
    pub created_at: Option<String>,
    /// Tasks of the new revision: requested, running, pending.
    pub tasks: (u32, u32, u32),
}

impl ServiceDeployment {
    /// Whether it has not ended.
    pub fn is_under_way(&self) -> bool {
        let under_way = ["PENDING", "IN_PROGRESS", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "STOP_REQUESTED"];
        under_way.contains(&self.status.as_str())
    }

    /// Whether its tasks did not take over, or are just being replaced by the previous ones.
    pub fn has_failed(&self) -> bool {
        has_failed(&self.status)
    }
}

fn has_failed(status: &str) -> bool {
    status.starts_with("ROLLBACK") || matches!(status, "STOPPED" | "FAILED")
}

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
    pub(super) client: aws_sdk_ecs::Client,
    pub(super) caller: Caller,
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

    /// The newest deployment of a service; `None` when it never had one.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn newest_deployment(&self, cluster: &str, service: &str) -> Result<Option<ServiceDeployment>> {
        self.newest_of(cluster, service, |_| true).await
    }

    /// The newest deployment of a service that failed: CloudFormation's rollback deploys the previous tasks after it.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn newest_failed_deployment(&self, cluster: &str, service: &str) -> Result<Option<ServiceDeployment>> {
        self.newest_of(cluster, service, has_failed).await
    }

    async fn newest_of(
        &self,
        cluster: &str,
        service: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Option<ServiceDeployment>> {
        let (mut all, mut token) = (Vec::new(), None);
        // ECS does not say in which order they come.
        loop {
            let send = || {
                let call = self.client.list_service_deployments().cluster(cluster).service(service);
                call.set_next_token(token.clone()).send()
            };
            let answer = self.caller.call("ListServiceDeployments", service, send).await?;
            all.extend(answer.service_deployments.unwrap_or_default());
            token = answer.next_token.filter(|token: &String| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
        let newest = all
            .into_iter()
            .filter(|brief| wanted(brief.status.as_ref().map(|status| status.as_str()).unwrap_or_default()))
            .max_by_key(|brief| brief.created_at.map(|time| (time.secs(), time.subsec_nanos())))
            .and_then(|brief| brief.service_deployment_arn);
        let Some(arn) = newest else { return Ok(None) };
        let answer = self
            .caller
            .call("DescribeServiceDeployments", &arn, || {
                self.client.describe_service_deployments().service_deployment_arns(&arn).send()
            })
            .await?;
        Ok(answer.service_deployments.unwrap_or_default().into_iter().next().map(|found| ServiceDeployment {
            arn: arn.clone(),
            status: found.status.as_ref().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            reason: found.status_reason.as_deref().map(plain),
            rollback_reason: found.rollback.and_then(|rollback| rollback.reason).as_deref().map(plain),
            breaker: found.deployment_circuit_breaker.map(|breaker| (breaker.failure_count, breaker.threshold)),
            created_at: rfc3339(found.created_at.as_ref()),
            tasks: found.target_service_revision.map_or((0, 0, 0), |revision| {
                (
                    count(revision.requested_task_count),
                    count(revision.running_task_count),
                    count(revision.pending_task_count),
                )
            }),
        }))
    }

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
