//! Logs, dashboard and alarms.

mod alarm;
mod dashboard;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

pub use self::alarm::Alarm;
use self::alarm::Alarms;
pub use self::dashboard::Dashboard;
use super::Basis;
use super::data::Data;
use super::reference::reference;
use crate::spec::{Fargate, Notify};

/// Logs, dashboard and alarms.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LogGroups {
    /// LiteLLM's.
    pub litellm: String,
    /// The middleware's.
    pub middleware: String,
    /// Sessions of ECS Exec.
    pub exec: String,
}

/// Who is told when an alarm changes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Notification {
    /// Address that a new topic sends mail to.
    pub email: Option<String>,
    /// What alarms publish to: the new topic, one that exists, or nothing.
    pub actions: Vec<Value>,
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
            // LiteLLM's words for a call that Bedrock has throttled; of a limit of a key or a budget it has others. It sees
            // every account, where Bedrock's own metric does not.
            throttle_pattern: "\"RateLimitError: BedrockException\"",
            notify,
            dashboard: settings.dashboard.then(|| Dashboard::new(basis, &namespace, data)),
            namespace,
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
    fn the_dashboard_can_be_left_out() {
        assert_eq!(of(json!({"observability": {"dashboard": false}})).dashboard, None);
    }
}
