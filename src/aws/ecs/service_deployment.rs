//! Deployments of a service, and what came of them.

use super::{Ecs, count};
use crate::aws::classify::plain;
use crate::aws::time::rfc3339;
use crate::aws::{Error, Result};

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

/// Whether there is no such service, or no such cluster.
fn is_gone(error: &Error) -> bool {
    ["ServiceNotFoundException", "ClusterNotFoundException"].iter().any(|code| error.is(code))
}

fn has_failed(status: &str) -> bool {
    status.starts_with("ROLLBACK") || matches!(status, "STOPPED" | "FAILED")
}

impl Ecs {
    /// The newest deployment of a service; `None` when it never had one, or is not there.
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
            let answer = match self.caller.call("ListServiceDeployments", service, send).await {
                Err(error) if is_gone(&error) => return Ok(None),
                answer => answer?,
            };
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
}
