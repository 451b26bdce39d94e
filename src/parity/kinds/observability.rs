//! Logs, alarms and who hears of them.

use serde_json::{Value as Json, json};

use super::identity::as_list;
use super::{GENERATED_NAME, Kind, PLAIN};
use crate::parity::tree;

const FILTER: &str = "aws_cloudwatch_log_metric_filter";

pub(super) const KINDS: &[Kind] = &[
    Kind {
        cloudformation: "AWS::Logs::LogGroup",
        names: &[("aws_cloudwatch_log_group", "name", "log_group_name")],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::Logs::MetricFilter",
        names: &[
            (FILTER, "name", "filter_name"),
            (FILTER, "pattern", "filter_pattern"),
            (FILTER, "metric_transformation.name", "metric_transformations.metric_name"),
            (FILTER, "metric_transformation.namespace", "metric_transformations.metric_namespace"),
            (FILTER, "metric_transformation.value", "metric_transformations.metric_value"),
            (FILTER, "metric_transformation", "metric_transformations"),
        ],
        intended: &[("filter_name", GENERATED_NAME)],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::CloudWatch::Alarm",
        names: &[("aws_cloudwatch_metric_alarm", "metric_query", "metrics")],
        adapt: Some(alarm),
        ..PLAIN
    },
    Kind { cloudformation: "AWS::SNS::Topic", intended: &[("name_prefix", GENERATED_NAME)], ..PLAIN },
    Kind {
        cloudformation: "AWS::SNS::TopicPolicy",
        names: &[("aws_sns_topic_policy", "arn", "topics"), ("aws_sns_topic_policy", "policy", "policy_document")],
        adapt: Some(|_, value| as_list(value, "arn")),
        ..PLAIN
    },
];

/// A metric of an expression, in CloudFormation's words; no dimensions are none.
fn alarm(_: &str, value: &mut Json) {
    if value["dimensions"] == json!({}) {
        tree::take(value, "dimensions");
    }
    let metrics = value.get_mut("metric_query").and_then(Json::as_object_mut);
    for metric in metrics.into_iter().flat_map(|metrics| metrics.values_mut()) {
        for name in ["metric_name", "namespace", "dimensions"] {
            if let Some(part) = tree::take(metric, &format!("metric.{name}")) {
                tree::put(metric, &format!("metric_stat.metric.{name}"), part);
            }
        }
        for name in ["period", "stat", "unit"] {
            if let Some(part) = tree::take(metric, &format!("metric.{name}")) {
                tree::put(metric, &format!("metric_stat.{name}"), part);
            }
        }
    }
}
