//! Logs, alarms and dashboard.

use serde_json::{Value as Json, json};

use super::Expectations;
use super::gateway::STACK;
use crate::model::Model;

pub(super) fn expect(model: &Model, said: &mut Expectations<'_>) {
    let observability = &model.gateway.observability;
    let days = observability.log_retention_days;
    let groups = &observability.log_groups;
    let middleware = model.gateway.images.middleware.is_some().then_some(("MiddlewareLogGroup", &groups.middleware));
    let exec = model.gateway.service.exec.then_some(("ExecLogGroup", &groups.exec));
    for (id, name) in [Some(("LitellmLogGroup", &groups.litellm)), middleware, exec].into_iter().flatten() {
        said.log_group(STACK, id, name, days);
    }
    let filter = json!({
        "FilterPattern": observability.throttle_pattern,
        "MetricTransformations": [{"MetricNamespace": observability.namespace, "MetricName": "ThrottledCalls"}],
    });
    said.expect(STACK, "ThrottledCalls", "AWS::Logs::MetricFilter", filter);
    let notify = &observability.notify;
    for alarm in &observability.alarms {
        let mut properties = alarm.properties.clone();
        if let Some(members) = properties.as_object_mut() {
            members.insert("Metrics".to_owned(), Json::from(alarm.metrics.clone()));
            members.insert("AlarmActions".to_owned(), Json::from(notify.actions.clone()));
            members.insert("OKActions".to_owned(), Json::from(notify.actions.clone()));
        }
        said.expect(STACK, alarm.id, "AWS::CloudWatch::Alarm", properties);
    }
    if let Some(email) = &notify.email {
        said.expect(
            STACK,
            "AlarmSubscription",
            "AWS::SNS::Subscription",
            json!({"Protocol": "email", "Endpoint": email}),
        );
        said.expect(STACK, "AlarmTopic", "AWS::SNS::Topic", json!({"KmsMasterKeyId": {"Ref": "KmsKeyArn"}}));
    }
    if let Some(dashboard) = &observability.dashboard {
        let properties = json!({"DashboardName": dashboard.name, "DashboardBody": dashboard.body});
        said.expect(STACK, "Dashboard", "AWS::CloudWatch::Dashboard", properties);
    }
}
