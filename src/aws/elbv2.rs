//! Elastic Load Balancing: the listeners of a load balancer and their rules, as a template would write them, and how targets are.

use serde_json::{Value, json};

use super::Result;
use super::call::Caller;
use super::classify::plain;

/// A rule of a listener.
#[derive(Debug, Clone, PartialEq)]
pub struct ListenerRule {
    /// Its ARN.
    pub arn: String,
    /// Its properties: priority, conditions, actions.
    pub properties: Value,
}

/// A listener of a load balancer.
#[derive(Debug, Clone, PartialEq)]
pub struct Listener {
    /// Its ARN.
    pub arn: String,
    /// Its properties: port, protocol, certificates, actions.
    pub properties: Value,
}

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
pub struct Elbv2 {
    client: aws_sdk_elasticloadbalancingv2::Client,
    caller: Caller,
}

impl Elbv2 {
    pub(super) fn new(client: aws_sdk_elasticloadbalancingv2::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    /// The listeners of a load balancer.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn listeners(&self, balancer: &str) -> Result<Vec<Listener>> {
        let (mut all, mut marker) = (Vec::new(), None);
        loop {
            let answer = self
                .caller
                .call("DescribeListeners", balancer, || {
                    self.client.describe_listeners().load_balancer_arn(balancer).set_marker(marker.clone()).send()
                })
                .await?;
            all.extend(answer.listeners.unwrap_or_default().into_iter().filter_map(|listener| {
                let certificates = listener.certificates.iter().flatten();
                let certificates: Vec<Value> =
                    certificates.map(|one| json!({"CertificateArn": one.certificate_arn})).collect();
                let mut properties = json!({
                    "Port": listener.port,
                    "Protocol": listener.protocol.as_ref().map(|protocol| protocol.as_str()),
                    "DefaultActions": listener.default_actions.iter().flatten().map(action).collect::<Vec<Value>>(),
                });
                if !certificates.is_empty() {
                    properties["Certificates"] = Value::Array(certificates);
                }
                Some(Listener { arn: listener.listener_arn?, properties })
            }));
            marker = answer.next_marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                return Ok(all);
            }
        }
    }

    /// The rules of a listener, without its default action.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn rules(&self, listener: &str) -> Result<Vec<ListenerRule>> {
        let (mut all, mut marker) = (Vec::new(), None);
        loop {
            let answer = self
                .caller
                .call("DescribeRules", listener, || {
                    self.client.describe_rules().listener_arn(listener).set_marker(marker.clone()).send()
                })
                .await?;
            let rules = answer.rules.unwrap_or_default().into_iter();
            all.extend(rules.filter(|rule| !rule.is_default.unwrap_or_default()).filter_map(|rule| {
                let conditions: Vec<Value> = rule.conditions.iter().flatten().map(condition).collect();
                let actions: Vec<Value> = rule.actions.iter().flatten().map(action).collect();
                let priority = rule.priority.as_deref().and_then(|number| number.parse::<u32>().ok());
                Some(ListenerRule {
                    arn: rule.rule_arn?,
                    properties: json!({"Priority": priority, "Conditions": conditions, "Actions": actions}),
                })
            }));
            marker = answer.next_marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                return Ok(all);
            }
        }
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

fn action(action: &aws_sdk_elasticloadbalancingv2::types::Action) -> Value {
    json!({"Type": action.r#type.as_ref().map(|kind| kind.as_str()), "TargetGroupArn": action.target_group_arn})
}

fn condition(condition: &aws_sdk_elasticloadbalancingv2::types::RuleCondition) -> Value {
    let configured = [
        condition.path_pattern_config.as_ref().and_then(|config| config.values.as_ref()),
        condition.host_header_config.as_ref().and_then(|config| config.values.as_ref()),
        condition.source_ip_config.as_ref().and_then(|config| config.values.as_ref()),
        condition.http_request_method_config.as_ref().and_then(|config| config.values.as_ref()),
        condition.http_header_config.as_ref().and_then(|config| config.values.as_ref()),
        condition.values.as_ref(),
    ];
    json!({"Field": condition.field, "Values": configured.into_iter().flatten().next()})
}
