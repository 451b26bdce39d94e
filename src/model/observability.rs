//! Logs, dashboard and alarms.

use serde::Serialize;
use serde_json::{Value, json};

use super::Basis;
use super::data::Data;
use super::reference::{attribute, reference, substitute};
use crate::spec::{Fargate, Notify};

/// Requests in a minute below which a share of errors says nothing.
const FEWEST_REQUESTS: u32 = 10;

/// Logs, dashboard and alarms.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observability {
    /// Days that logs are kept.
    pub log_retention_days: u32,
    /// Log groups of the gateway stack.
    pub log_groups: LogGroups,
    /// Namespace of the gateway's own metrics.
    pub namespace: String,
    /// What a line says when Bedrock throttled a call: a filter pattern of CloudWatch Logs.
    pub throttle_pattern: &'static str,
    /// Alarms.
    pub alarms: Vec<Alarm>,
    /// Who is told.
    pub notify: Notification,
    /// The dashboard.
    pub dashboard: Option<Dashboard>,
}

/// Names of log groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogGroups {
    /// LiteLLM's.
    pub litellm: String,
    /// The middleware's.
    pub middleware: String,
    /// Sessions of ECS Exec.
    pub exec: String,
}

/// Who is told when an alarm changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Notification {
    /// Address that a new topic sends mail to.
    pub email: Option<String>,
    /// What alarms publish to: the new topic, one that exists, or nothing.
    pub actions: Vec<Value>,
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alarm {
    /// Logical id.
    pub id: &'static str,
    /// Properties but metrics, actions and tags, as CloudFormation writes them.
    pub properties: Value,
    /// Metrics and expressions of an alarm on more than one metric, as CloudFormation writes them.
    pub metrics: Vec<Value>,
}

/// The dashboard.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dashboard {
    /// Name.
    pub name: String,
    /// Body: JSON text, in which `${..}` are values that the engine knows.
    pub body: Value,
}

impl Observability {
    /// What shows that the spec's gateway works.
    pub fn new(basis: &Basis<'_>, fargate: &Fargate, data: &Data) -> Self {
        let settings = &basis.spec.observability;
        let notify = match &settings.alarms.notify {
            Some(Notify::Email(address)) => {
                Notification { email: Some(address.clone()), actions: vec![reference("AlarmTopic")] }
            }
            Some(Notify::Topic(arn)) => Notification { email: None, actions: vec![json!(arn)] },
            None => Notification { email: None, actions: Vec::new() },
        };
        let namespace = format!("gwinfra/{}", basis.names.prefix());
        Self {
            log_retention_days: settings.log_retention_days,
            log_groups: LogGroups {
                litellm: basis.names.log_group("litellm"),
                middleware: basis.names.log_group("middleware"),
                exec: basis.names.log_group("exec"),
            },
            alarms: Alarms { basis, namespace: &namespace }.all(fargate, data),
            // LiteLLM's own word for it, and Bedrock's. It sees every account, where Bedrock's own metric does not.
            throttle_pattern: "?RateLimitError ?ThrottlingException",
            notify,
            dashboard: settings.dashboard.then(|| Dashboard {
                name: basis.names.within(super::naming::ALARM_LIMIT, "gateway"),
                body: substitute(dashboard(basis, &namespace, data).to_string()),
            }),
            namespace,
        }
    }
}

/// Builds alarms.
struct Alarms<'a> {
    basis: &'a Basis<'a>,
    namespace: &'a str,
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
    fn all(&self, fargate: &Fargate, data: &Data) -> Vec<Alarm> {
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
                ("AWS/ApplicationELB", "UnHealthyHostCount", "Maximum", target_group()),
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
            "AlarmName": self.basis.names.within(super::naming::ALARM_LIMIT, what),
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

fn target_group() -> Value {
    json!([
        {"Name": "LoadBalancer", "Value": attribute("LoadBalancer", "LoadBalancerFullName")},
        {"Name": "TargetGroup", "Value": attribute("LitellmTargetGroup", "TargetGroupFullName")},
    ])
}

/// Three widgets in a row: what users see, what the tasks do, what Bedrock says, what the data stores carry.
fn dashboard(basis: &Basis<'_>, namespace: &str, data: &Data) -> Value {
    const BALANCER: &str = "${LoadBalancer.LoadBalancerFullName}";
    const TARGETS: &str = "${LitellmTargetGroup.TargetGroupFullName}";
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
    let hosts = |metric: &str, stat: &str| json!(["AWS/ApplicationELB", metric, "TargetGroup", TARGETS, "LoadBalancer", BALANCER, {"stat": stat}]);
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
    use crate::model::testing::spec;

    fn of(changes: Value) -> Observability {
        let spec = spec(changes);
        let crate::spec::Compute::Fargate(fargate) = &spec.compute else { panic!("not Fargate") };
        let basis = Basis::new(&spec, None);
        Observability::new(&basis, fargate, &Data::new(&basis))
    }

    fn ids(changes: Value) -> Vec<&'static str> {
        of(changes).alarms.iter().map(|alarm| alarm.id).collect()
    }

    #[test]
    fn each_data_store_has_its_alarms() {
        assert!(ids(json!({})).contains(&"DatabaseCapacityAlarm"));
        assert!(ids(json!({})).contains(&"CacheMemoryAlarm"));
        assert!(ids(json!({"cache": {"serverless": {}}})).contains(&"CacheThrottledAlarm"));
        let none = ids(json!({"database": {"none": {}}, "cache": {"none": {}}}));
        assert!(none.iter().all(|id| !id.starts_with("Cache") && !id.starts_with("Database")), "{none:?}");
    }

    #[test]
    fn idle_readers_do_not_hide_a_full_writer() {
        let alarms = of(json!({"database": {"aurora_postgres": {"readers": 2}}})).alarms;
        let alarm = alarms.iter().find(|alarm| alarm.id == "DatabaseCapacityAlarm").unwrap();
        assert_eq!(alarm.properties["Statistic"], "Maximum");
    }

    #[test]
    fn a_service_that_sleeps_at_night_has_no_alarm_on_few_tasks() {
        let night = json!({"name": "night", "cron": "0 20 ? * MON-FRI *", "min": 0, "max": 0});
        assert!(!ids(json!({"compute": {"fargate": {"schedules": [night]}}})).contains(&"TooFewTasksAlarm"));
        assert!(ids(json!({})).contains(&"TooFewTasksAlarm"));
    }

    #[test]
    fn alarms_take_their_thresholds_from_the_spec() {
        let alarms =
            of(json!({"observability": {"alarms": {"error_rate_percent": 2.5, "throttled_per_minute": 7}}})).alarms;
        assert_eq!(alarms[0].properties["Threshold"], 2.5);
        assert_eq!(alarms[1].properties["Threshold"], 7.0);
    }

    #[test]
    fn every_alarm_needs_no_more_points_than_it_looks_at() {
        for alarm in of(json!({})).alarms {
            let (points, periods) = (&alarm.properties["DatapointsToAlarm"], &alarm.properties["EvaluationPeriods"]);
            assert!(points.as_u64() <= periods.as_u64() && points.as_u64() >= Some(1), "{}", alarm.id);
        }
    }

    #[test]
    fn an_address_gets_a_topic_and_a_topic_is_used_as_it_is() {
        let email = of(json!({"observability": {"alarms": {"notify": {"email": "oncall@example.com"}}}})).notify;
        assert_eq!(
            (email.email.as_deref(), email.actions),
            (Some("oncall@example.com"), vec![reference("AlarmTopic")])
        );
        let arn = "arn:aws:sns:us-east-1:111122223333:oncall";
        let topic = of(json!({"observability": {"alarms": {"notify": {"topic": arn}}}})).notify;
        assert_eq!((topic.email, topic.actions), (None, vec![json!(arn)]));
    }

    #[test]
    fn the_dashboard_is_json_with_a_widget_for_each_data_store() {
        let titles = |changes| {
            let body = of(changes).dashboard.unwrap().body;
            let body: Value = serde_json::from_str(body["Fn::Sub"].as_str().unwrap()).unwrap();
            let widgets = body["widgets"].as_array().unwrap().clone();
            widgets.iter().map(|widget| widget["properties"]["title"].clone()).collect::<Vec<_>>()
        };
        assert!(titles(json!({})).contains(&json!("Database")));
        assert!(!titles(json!({"database": {"none": {}}})).contains(&json!("Database")));
    }

    #[test]
    fn a_metric_repeats_nothing_of_the_one_above() {
        let mut metrics = json!([["N", "a", "D", "x", {"stat": "p50"}], ["N", "b", "D", "x"], ["N", "b", "D", "y"]]);
        shorten(&mut metrics);
        assert_eq!(metrics, json!([["N", "a", "D", "x", {"stat": "p50"}], [".", "b", ".", "."], [".", ".", ".", "y"]]));
    }

    #[test]
    fn the_dashboard_can_be_left_out() {
        assert_eq!(of(json!({"observability": {"dashboard": false}})).dashboard, None);
    }
}
