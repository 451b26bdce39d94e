//! CloudWatch Logs: log groups, and what the tasks that a scenario lets fail have written.

mod retention;
mod subscription_filters;

use serde_json::{Value, json};

use super::ecs;
use super::page::{limit, page};
use super::protocol::service::unknown_action;
use super::request::{Fault, Reply, Request};
use super::world::World;

const LOG_GROUP: &str = "AWS::Logs::LogGroup";
/// The largest page of DescribeLogGroups.
const MAXIMUM_RESULTS: usize = 50;
/// The most events of one GetLogEvents.
const MAXIMUM_EVENTS: usize = 10_000;

/// Answers a CloudWatch Logs call.
pub fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    match request.action {
        "DescribeLogGroups" => describe(world, request),
        "GetLogEvents" => get_events(world, request),
        "PutRetentionPolicy" => retention::put(world, request),
        "DeleteRetentionPolicy" => retention::delete(world, request),
        "DescribeSubscriptionFilters" => subscription_filters::describe(world, request),
        "PutSubscriptionFilter" => subscription_filters::put(world, request),
        "DeleteSubscriptionFilter" => subscription_filters::delete(world, request),
        _ => Err(unknown_action(request)),
    }
}

fn not_found(what: &str) -> Fault {
    Fault::new("ResourceNotFoundException", format!("The specified log {what} does not exist."))
}

fn no_group() -> Fault {
    not_found("group")
}

fn get_events(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let (group, stream) = (request.required("logGroupName")?, request.required("logStreamName")?);
    let account = &request.identity.account;
    world.resource(account, request.region, LOG_GROUP, &group).ok_or_else(no_group)?;
    let lines = ecs::lines(world, request, &group, &stream).ok_or_else(|| not_found("stream"))?;
    let size = limit(request, "limit", MAXIMUM_EVENTS);
    // The newest lines unless the first ones are asked for; oldest first either way.
    let skipped = if request.flag("startFromHead").unwrap_or(false) { 0 } else { lines.len().saturating_sub(size) };
    let events: Vec<Value> = lines
        .iter()
        .skip(skipped)
        .take(size)
        .map(|(at, line)| json!({"timestamp": at.as_millisecond(), "message": line, "ingestionTime": at.as_millisecond()}))
        .collect();
    let token = world.stable_token(&["log-events", &group, &stream], 56);
    Ok(json!({"events": events, "nextForwardToken": format!("f/{token}"), "nextBackwardToken": format!("b/{token}")}))
}

fn describe(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let prefix = request.text("logGroupNamePrefix").unwrap_or_default();
    let pattern = request.text("logGroupNamePattern").unwrap_or_default();
    let mut groups: Vec<Value> = world
        .resources_of(&request.identity.account, request.region, LOG_GROUP)
        .filter(|group| group.identifier.starts_with(&prefix) && group.identifier.contains(&pattern))
        .map(|group| {
            json!({
                "logGroupName": group.identifier,
                "creationTime": group.created_at.as_millisecond(),
                "retentionInDays": group.property("RetentionInDays"),
                "metricFilterCount": 0,
                "arn": group.text("Arn"),
                "logGroupArn": group.text("Arn").map(|arn| arn.trim_end_matches(":*").to_owned()),
                "storedBytes": 0,
                "kmsKeyId": group.text("KmsKeyId"),
                "logGroupClass": group.text("LogGroupClass").unwrap_or("STANDARD"),
            })
        })
        .collect();
    groups.sort_by_key(|group| group["logGroupName"].as_str().unwrap_or_default().to_owned());
    let size = limit(request, "limit", MAXIMUM_RESULTS);
    let (groups, next) = page(groups, size, request.text("nextToken").as_deref(), "InvalidParameterException")?;
    Ok(json!({"logGroups": groups, "nextToken": next}))
}
