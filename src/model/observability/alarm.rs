//! Alarms, each with what to do about it.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::model::Basis;
use crate::model::data::Data;
use crate::model::listener::Target;
use crate::model::naming::ALARM_LIMIT;
use crate::model::reference::{attribute, reference, substitute};
use crate::spec::Fargate;

/// Requests in a minute below which a share of errors says nothing.
const FEWEST_REQUESTS: u32 = 10;

/// An alarm.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Alarm {
    /// Logical id.
    pub id: &'static str,
    /// Properties but metrics, actions and tags, as CloudFormation writes them.
    pub properties: Value,
    /// Metrics and expressions of an alarm on more than one metric, as CloudFormation writes them.
    pub metrics: Vec<Value>,
}

/// Builds alarms.
pub(super) struct Alarms<'a> {
    pub(super) basis: &'a Basis<'a>,
    pub(super) namespace: &'a str,
}

/// When an alarm is raised.
struct Raised {
    above: f64,
    comparison: &'static str,
    minutes: u32,
    missing: &'static str,
}

impl Raised {
    fn above(above: f64, minutes: u32) -> Self {
        Self { above, comparison: "GreaterThanThreshold", minutes, missing: "notBreaching" }
    }
}

impl Alarms<'_> {
    fn target_group(&self, target: Target) -> Value {
        let group = target.group(self.basis.spec.ingress.exposure);
        json!([
            {"Name": "LoadBalancer", "Value": attribute("LoadBalancer", "LoadBalancerFullName")},
            {"Name": "TargetGroup", "Value": attribute(group, "TargetGroupFullName")},
        ])
    }

    pub(super) fn all(&self, fargate: &Fargate, data: &Data) -> Vec<Alarm> {
        let settings = &self.basis.spec.observability.alarms;
        let mut alarms = vec![
            self.errors(settings.error_rate_percent),
            self.simple(
                "ThrottledAlarm",
                "throttled",
                "Bedrock throttles calls: ask for more quota, or add accounts or regions",
                (self.namespace, "ThrottledCalls", "Sum", json!([])),
                Raised {
                    comparison: "GreaterThanOrEqualToThreshold",
                    ..Raised::above(settings.throttled_per_minute.into(), 5)
                },
            ),
            self.simple(
                "UnhealthyTasksAlarm",
                "unhealthy-tasks",
                "The load balancer finds tasks unhealthy",
                ("AWS/ApplicationELB", "UnHealthyHostCount", "Maximum", self.target_group(Target::Litellm)),
                Raised::above(0.0, 5),
            ),
            self.simple(
                "CpuAlarm",
                "cpu",
                "Tasks are short of CPU and autoscaling does not help: raise tasks.max or cpu",
                ("AWS/ECS", "CPUUtilization", "Average", service()),
                Raised::above(90.0, 15),
            ),
            self.simple(
                "MemoryAlarm",
                "memory",
                "Tasks are short of memory and will be stopped when it runs out: raise memory",
                ("AWS/ECS", "MemoryUtilization", "Average", service()),
                Raised::above(90.0, 15),
            ),
        ];
        if self.basis.spec.gateway.middleware.enabled {
            alarms.push(self.simple(
                "UnhealthyMiddlewareAlarm",
                "unhealthy-middleware",
                "The load balancer finds the middleware of tasks unhealthy",
                ("AWS/ApplicationELB", "UnHealthyHostCount", "Maximum", self.target_group(Target::Middleware)),
                Raised::above(0.0, 5),
            ));
        }
        // A schedule may take the service down to zero on purpose.
        let fewest = fargate.schedules.iter().map(|schedule| schedule.min).fold(fargate.tasks.min, u32::min);
        if fewest > 0 {
            alarms.push(self.simple(
                "TooFewTasksAlarm",
                "too-few-tasks",
                "Fewer tasks run than the smallest number that the spec asks for",
                ("ECS/ContainerInsights", "RunningTaskCount", "Minimum", service()),
                Raised { above: fewest.into(), comparison: "LessThanThreshold", minutes: 10, missing: "breaching" },
            ));
        }
        if data.database.is_some() {
            // The fullest instance: readers that idle would hide a full writer in an average.
            let cluster = json!([{"Name": "DBClusterIdentifier", "Value": reference("DatabaseClusterId")}]);
            alarms.push(self.simple(
                "DatabaseCapacityAlarm",
                "database-capacity",
                "The database is close to its largest capacity: raise max_acu",
                ("AWS/RDS", "ACUUtilization", "Maximum", cluster),
                Raised::above(90.0, 15),
            ));
        }
        if let Some(cache) = &data.cache {
            alarms.push(self.cache(
                "CacheCpuAlarm",
                "cache-cpu",
                "The cache is short of CPU: choose a larger node type",
                ("EngineCPUUtilization", 90.0),
                cache.nodes,
            ));
            alarms.push(self.cache(
                "CacheMemoryAlarm",
                "cache-memory",
                "The cache is almost full and forgets what was used longest ago: choose a larger node type",
                ("DatabaseMemoryUsagePercentage", 90.0),
                cache.nodes,
            ));
        }
        if data.serverless_cache.is_some() {
            let cache = json!([{"Name": "clusterId", "Value": reference("CacheId")}]);
            alarms.push(self.simple(
                "CacheThrottledAlarm",
                "cache-throttled",
                "The cache refuses commands: raise max_ecpu_per_second",
                ("AWS/ElastiCache", "ThrottledCmds", "Sum", cache),
                Raised::above(0.0, 5),
            ));
        }
        alarms
    }

    fn frame(&self, id: &'static str, what: &str, description: &str, raised: &Raised, rest: Value) -> Alarm {
        let mut properties = json!({
            "AlarmName": self.basis.names.within(ALARM_LIMIT, what),
            "AlarmDescription": description,
            "ComparisonOperator": raised.comparison,
            "Threshold": raised.above,
            "EvaluationPeriods": raised.minutes,
            "DatapointsToAlarm": raised.minutes.min(3).max(raised.minutes * 3 / 5),
            "TreatMissingData": raised.missing,
        });
        if let (Some(properties), Value::Object(rest)) = (properties.as_object_mut(), rest) {
            properties.extend(rest);
        }
        Alarm { id, properties, metrics: Vec::new() }
    }

    fn simple(
        &self,
        id: &'static str,
        what: &str,
        description: &str,
        (namespace, metric, statistic, dimensions): (&str, &str, &str, Value),
        raised: Raised,
    ) -> Alarm {
        let mut rest = json!({"Namespace": namespace, "MetricName": metric});
        if dimensions.as_array().is_some_and(|dimensions| !dimensions.is_empty()) {
            rest["Dimensions"] = dimensions;
        }
        rest["Statistic"] = json!(statistic);
        rest["Period"] = json!(60);
        self.frame(id, what, description, &raised, rest)
    }

    /// Errors of the containers and of the load balancer itself, as a share of all requests.
    fn errors(&self, percent: f64) -> Alarm {
        let metric = |id: &str, name: &str| {
            json!({
                "Id": id,
                "ReturnData": false,
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/ApplicationELB",
                        "MetricName": name,
                        "Dimensions": [{"Name": "LoadBalancer", "Value": attribute("LoadBalancer", "LoadBalancerFullName")}],
                    },
                    "Period": 60,
                    "Stat": "Sum",
                },
            })
        };
        let expression = format!(
            "IF(FILL(requests, 0) + FILL(balancer, 0) >= {FEWEST_REQUESTS}, \
             100 * (FILL(targets, 0) + FILL(balancer, 0)) / (FILL(requests, 0) + FILL(balancer, 0)), 0)"
        );
        let metrics = vec![
            json!({"Id": "share", "Expression": expression, "Label": "5xx answers in percent", "ReturnData": true}),
            metric("targets", "HTTPCode_Target_5XX_Count"),
            metric("balancer", "HTTPCode_ELB_5XX_Count"),
            metric("requests", "RequestCount"),
        ];
        let frame = self.frame(
            "ErrorRateAlarm",
            "error-rate",
            "Too many requests are answered with a 5xx status",
            &Raised::above(percent, 5),
            json!({}),
        );
        Alarm { metrics, ..frame }
    }

    /// The busiest of the nodes: any of them may be the primary.
    fn cache(&self, id: &'static str, what: &str, description: &str, (metric, above): (&str, f64), nodes: u8) -> Alarm {
        let mut metrics =
            vec![json!({"Id": "highest", "Expression": "MAX(METRICS())", "Label": metric, "ReturnData": true})];
        metrics.extend((1..=nodes).map(|node| {
            json!({
                "Id": format!("node{node}"),
                "ReturnData": false,
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/ElastiCache",
                        "MetricName": metric,
                        "Dimensions": [{"Name": "CacheClusterId", "Value": substitute(format!("${{CacheId}}-{node:03}"))}],
                    },
                    "Period": 60,
                    "Stat": "Average",
                },
            })
        }));
        Alarm { metrics, ..self.frame(id, what, description, &Raised::above(above, 15), json!({})) }
    }
}

fn service() -> Value {
    json!([
        {"Name": "ClusterName", "Value": reference("Cluster")},
        {"Name": "ServiceName", "Value": attribute("Service", "Name")},
    ])
}
