//! How many tasks run, when, and on what.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::listener::{Rule, Target};
use super::reference::substitute;
use crate::spec::{Exposure, Fargate};

/// How many tasks run.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Scaling {
    /// Fewest tasks.
    pub min: u32,
    /// Tasks when the service is made.
    pub desired: u32,
    /// Most tasks.
    pub max: u32,
    /// Target-tracking policies.
    pub policies: Vec<Policy>,
    /// Changes of the range at fixed times, as CloudFormation writes them.
    pub schedules: Vec<Value>,
    /// Shares of on-demand and spot tasks, as CloudFormation writes them.
    pub capacity: Vec<Value>,
}

/// A target-tracking policy.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Policy {
    /// Logical id.
    pub id: &'static str,
    /// Name: the last part of the policy's own.
    pub name: &'static str,
    /// Value to keep.
    pub target: f64,
    /// The metric, as CloudFormation writes it.
    pub metric: Value,
}

impl Scaling {
    /// How the spec's tasks scale, given the listener's rules.
    pub fn new(fargate: &Fargate, rules: &[Rule], exposure: Exposure) -> Self {
        Self {
            min: fargate.tasks.min,
            desired: fargate.tasks.desired,
            max: fargate.tasks.max,
            policies: policies(fargate, rules, exposure),
            schedules: schedules(fargate),
            capacity: capacity(fargate),
        }
    }
}

fn policies(fargate: &Fargate, rules: &[Rule], exposure: Exposure) -> Vec<Policy> {
    let on = &fargate.scale_on;
    let mut policies = Vec::new();
    if let Some(percent) = on.cpu_percent {
        let metric = json!({"PredefinedMetricType": "ECSServiceAverageCPUUtilization"});
        policies.push(Policy { id: "ScaleOnCpu", name: "cpu", target: percent.into(), metric });
    }
    if let Some(percent) = on.memory_percent {
        let metric = json!({"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"});
        policies.push(Policy { id: "ScaleOnMemory", name: "memory", target: percent.into(), metric });
    }
    if let Some(requests) = on.requests_per_task {
        policies.push(requests_to(Target::Litellm.group(exposure), "ScaleOnRequests", "requests", requests));
        // The metric knows one target group, and chat goes to the middleware's: without a policy of its own nobody would
        // see most of the load. Tasks are added when either asks for it, and removed when both agree.
        if rules.iter().any(|rule| rule.target == Target::Middleware) {
            let (id, name) = ("ScaleOnMiddlewareRequests", "middleware-requests");
            policies.push(requests_to(Target::Middleware.group(exposure), id, name, requests));
        }
    }
    policies
}

fn requests_to(target_group: &str, id: &'static str, name: &'static str, requests: u32) -> Policy {
    let label = format!("${{LoadBalancer.LoadBalancerFullName}}/${{{target_group}.TargetGroupFullName}}");
    let metric = json!({"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": substitute(&label)});
    Policy { id, name, target: requests.into(), metric }
}

fn schedules(fargate: &Fargate) -> Vec<Value> {
    fargate
        .schedules
        .iter()
        .map(|schedule| {
            json!({
                "ScheduledActionName": schedule.name,
                "Schedule": format!("cron({})", schedule.cron),
                "Timezone": schedule.timezone,
                "ScalableTargetAction": {"MinCapacity": schedule.min, "MaxCapacity": schedule.max},
            })
        })
        .collect()
}

/// The first `min` tasks are on demand; the rest is shared by weight. On-demand capacity keeps a weight of 1 even at 100
/// percent of spot: ECS places nothing, not even a base, on a provider of weight 0.
fn capacity(fargate: &Fargate) -> Vec<Value> {
    let spot = u32::from(fargate.spot_percent);
    let on_demand = json!({
        "CapacityProvider": "FARGATE",
        "Base": fargate.tasks.min,
        "Weight": 100_u32.saturating_sub(spot).max(1),
    });
    if spot == 0 {
        return vec![on_demand];
    }
    vec![on_demand, json!({"CapacityProvider": "FARGATE_SPOT", "Weight": spot})]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::listener;
    use crate::model::testing::spec;

    fn fargate(changes: Value) -> Scaling {
        Scaling::new(&serde_json::from_value(changes).unwrap(), &[], Exposure::Internal)
    }

    #[test]
    fn each_given_target_is_tracked() {
        let ids = |changes| fargate(changes).policies.iter().map(|policy| policy.id).collect::<Vec<_>>();
        assert_eq!(ids(json!({})), ["ScaleOnCpu", "ScaleOnMemory", "ScaleOnRequests"]);
        assert_eq!(ids(json!({"scale_on": {"cpu_percent": 50}})), ["ScaleOnCpu"]);
        assert!(ids(json!({"scale_on": {}})).is_empty());
    }

    #[test]
    fn requests_to_the_middleware_are_counted_too() {
        let rules = listener::rules(&spec(json!({})));
        let policies = policies(&serde_json::from_value(json!({})).unwrap(), &rules, Exposure::Internal);
        let labels: Vec<_> =
            policies.iter().filter_map(|policy| policy.metric["ResourceLabel"]["Fn::Sub"].as_str()).collect();
        assert_eq!(
            labels,
            [
                "${LoadBalancer.LoadBalancerFullName}/${LitellmTargetGroup.TargetGroupFullName}",
                "${LoadBalancer.LoadBalancerFullName}/${MiddlewareTargetGroup.TargetGroupFullName}",
            ]
        );
    }

    #[test]
    fn without_spot_everything_is_on_demand() {
        let expected = [json!({"CapacityProvider": "FARGATE", "Base": 2, "Weight": 100})];
        assert_eq!(fargate(json!({})).capacity, expected);
    }

    #[test]
    fn spot_shares_what_is_above_the_minimum() {
        let capacity = fargate(json!({"spot_percent": 70, "tasks": {"min": 3, "desired": 3, "max": 9}})).capacity;
        assert_eq!(capacity[0], json!({"CapacityProvider": "FARGATE", "Base": 3, "Weight": 30}));
        assert_eq!(capacity[1], json!({"CapacityProvider": "FARGATE_SPOT", "Weight": 70}));
    }

    #[test]
    fn with_only_spot_the_minimum_can_still_be_placed() {
        assert_eq!(fargate(json!({"spot_percent": 100})).capacity[0]["Weight"], 1);
    }

    #[test]
    fn a_schedule_keeps_its_time_zone() {
        let night =
            json!({"name": "night", "cron": "0 20 ? * MON-FRI *", "timezone": "Europe/Paris", "min": 0, "max": 0});
        let schedules = fargate(json!({"schedules": [night]})).schedules;
        assert_eq!(schedules[0]["Schedule"], "cron(0 20 ? * MON-FRI *)");
        assert_eq!(schedules[0]["Timezone"], "Europe/Paris");
        assert_eq!(schedules[0]["ScalableTargetAction"], json!({"MinCapacity": 0, "MaxCapacity": 0}));
    }
}
