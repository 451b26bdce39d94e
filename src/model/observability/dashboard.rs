//! The dashboard.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::model::Basis;
use crate::model::data::Data;
use crate::model::listener::Target;
use crate::model::naming::ALARM_LIMIT;
use crate::model::reference::substitute;

/// The dashboard.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Dashboard {
    /// Name.
    pub name: String,
    /// Body: JSON text, in which `${..}` are values that the engine knows.
    pub body: Value,
}

impl Dashboard {
    pub(super) fn new(basis: &Basis<'_>, namespace: &str, data: &Data) -> Self {
        Self {
            name: basis.names.within(ALARM_LIMIT, "gateway"),
            body: substitute(body(basis, namespace, data).to_string()),
        }
    }
}

/// Three widgets in a row: what users see, what the tasks do, what Bedrock says, what the data stores carry.
fn body(basis: &Basis<'_>, namespace: &str, data: &Data) -> Value {
    const BALANCER: &str = "${LoadBalancer.LoadBalancerFullName}";
    let targets = format!("${{{}.TargetGroupFullName}}", Target::Litellm.group(basis.spec.ingress.exposure));
    let region = &basis.place.region;
    let mut widgets: Vec<Value> = Vec::new();
    let mut add = |title: &str, mut metrics: Value| {
        shorten(&mut metrics);
        widgets.push(json!({
            "type": "metric",
            "width": 8,
            "height": 6,
            "properties": {
                "title": title, "region": region, "period": 60, "metrics": metrics,
            },
        }));
    };
    let balancer =
        |metric: &str, options: Value| json!(["AWS/ApplicationELB", metric, "LoadBalancer", BALANCER, options]);
    add("Requests", json!([balancer("RequestCount", json!({"stat": "Sum"}))]));
    add(
        "Errors",
        json!([
            balancer("HTTPCode_Target_5XX_Count", json!({"stat": "Sum", "label": "5xx"})),
            balancer("HTTPCode_ELB_5XX_Count", json!({"stat": "Sum", "label": "5xx of the load balancer"})),
            balancer("HTTPCode_Target_4XX_Count", json!({"stat": "Sum", "label": "4xx"})),
        ]),
    );
    add(
        "Time to answer",
        json!([
            balancer("TargetResponseTime", json!({"stat": "p50", "label": "p50"})),
            balancer("TargetResponseTime", json!({"stat": "p95", "label": "p95"})),
            balancer("TargetResponseTime", json!({"stat": "p99", "label": "p99"})),
        ]),
    );
    let ecs = |metric: &str| json!(["AWS/ECS", metric, "ClusterName", "${Cluster}", "ServiceName", "${Service.Name}"]);
    add("CPU and memory of the tasks (percent)", json!([ecs("CPUUtilization"), ecs("MemoryUtilization")]));
    let insights = |metric: &str| {
        json!(["ECS/ContainerInsights", metric, "ClusterName", "${Cluster}", "ServiceName", "${Service.Name}"])
    };
    add("Tasks", json!([insights("DesiredTaskCount"), insights("RunningTaskCount"), insights("PendingTaskCount")]));
    let hosts = |metric: &str, stat: &str| json!(["AWS/ApplicationELB", metric, "TargetGroup", targets, "LoadBalancer", BALANCER, {"stat": stat}]);
    add("Healthy tasks", json!([hosts("HealthyHostCount", "Minimum"), hosts("UnHealthyHostCount", "Maximum")]));
    add("Calls throttled by Bedrock, all accounts", json!([[namespace, "ThrottledCalls", {"stat": "Sum"}]]));
    add(
        "Bedrock in this account",
        json!([
            [{"expression": "SEARCH('{AWS/Bedrock,ModelId} MetricName=\"Invocations\"', 'Sum', 60)", "id": "calls"}],
            [{"expression": "SEARCH('{AWS/Bedrock,ModelId} MetricName=\"InvocationThrottles\"', 'Sum', 60)", "id": "throttles"}],
        ]),
    );
    if data.database.is_some() {
        let database = |metric: &str| json!(["AWS/RDS", metric, "DBClusterIdentifier", "${DatabaseClusterId}"]);
        add("Database", json!([database("ServerlessDatabaseCapacity"), database("DatabaseConnections")]));
    }
    if let Some(cache) = &data.cache {
        let nodes = |metric: &str| {
            (1..=cache.nodes)
                .map(|node| json!(["AWS/ElastiCache", metric, "CacheClusterId", format!("${{CacheId}}-{node:03}")]))
                .collect::<Vec<_>>()
        };
        let metrics: Vec<Value> =
            ["EngineCPUUtilization", "DatabaseMemoryUsagePercentage"].into_iter().flat_map(nodes).collect();
        add("Cache (percent)", json!(metrics));
    }
    if data.serverless_cache.is_some() {
        let cache =
            |metric: &str, stat: &str| json!(["AWS/ElastiCache", metric, "clusterId", "${CacheId}", {"stat": stat}]);
        add("Cache", json!([cache("ElastiCacheProcessingUnits", "Sum"), cache("ThrottledCmds", "Sum")]));
    }
    json!({"widgets": widgets})
}

/// Writes what a metric shares with the one above it as `.`, which is CloudWatch's own shorthand.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>
fn shorten(metrics: &mut Value) {
    let Some(metrics) = metrics.as_array_mut() else { return };
    let full = metrics.clone();
    for (metric, above) in metrics.iter_mut().skip(1).zip(&full) {
        for (field, above) in metric.as_array_mut().into_iter().flatten().zip(above.as_array().into_iter().flatten()) {
            if field.is_string() && field == above {
                *field = json!(".");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_repeats_nothing_of_the_one_above() {
        let mut metrics = json!([["N", "a", "D", "x", {"stat": "p50"}], ["N", "b", "D", "x"], ["N", "b", "D", "y"]]);
        shorten(&mut metrics);
        assert_eq!(metrics, json!([["N", "a", "D", "x", {"stat": "p50"}], [".", "b", ".", "."], [".", ".", ".", "y"]]));
    }
}
