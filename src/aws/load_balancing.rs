//! Elastic Load Balancing: how the targets of a load balancer are.

use super::Result;
use super::call::Caller;
use super::classify::plain;

/// A target of a target group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetHealth {
    /// Address or instance.
    pub target: String,
    /// Port.
    pub port: Option<i32>,
    /// `healthy`, `unhealthy`, `initial`, `draining`, `unused`, `unavailable`.
    pub state: String,
    /// `Target.Timeout`, `Target.ResponseCodeMismatch`, `Target.FailedHealthChecks` ...
    pub reason: Option<String>,
    /// Why, in the service's words.
    pub description: Option<String>,
}

/// Elastic Load Balancing in one account and region.
#[derive(Debug)]
pub struct LoadBalancing {
    client: aws_sdk_elasticloadbalancingv2::Client,
    caller: Caller,
}

impl LoadBalancing {
    pub(super) fn new(client: aws_sdk_elasticloadbalancingv2::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    /// How the targets of a group are; none when there is no such group.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn target_health(&self, group: &str) -> Result<Vec<TargetHealth>> {
        let answer = self
            .caller
            .call("DescribeTargetHealth", group, || self.client.describe_target_health().target_group_arn(group).send())
            .await;
        let answer = match answer {
            Err(error) if error.is("TargetGroupNotFound") => return Ok(Vec::new()),
            other => other?,
        };
        let found = answer.target_health_descriptions.unwrap_or_default().into_iter();
        Ok(found
            .map(|one| {
                let (target, health) = (one.target, one.target_health);
                TargetHealth {
                    port: target.as_ref().and_then(|target| target.port),
                    target: target.and_then(|target| target.id).unwrap_or_default(),
                    state: health
                        .as_ref()
                        .and_then(|health| health.state.as_ref())
                        .map(|state| state.as_str().to_owned())
                        .unwrap_or_default(),
                    reason: health
                        .as_ref()
                        .and_then(|health| health.reason.as_ref())
                        .map(|reason| reason.as_str().to_owned()),
                    description: health.and_then(|health| health.description).as_deref().map(plain),
                }
            })
            .collect())
    }
}
