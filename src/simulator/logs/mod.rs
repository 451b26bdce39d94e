//! CloudWatch Logs: log groups. Nothing writes into them.

use serde_json::{Value, json};

use super::page::{limit, page};
use super::protocol::service::unknown_action;
use super::request::{Fault, Reply, Request};
use super::world::World;

const LOG_GROUP: &str = "AWS::Logs::LogGroup";
/// The largest page of DescribeLogGroups.
const MAXIMUM_RESULTS: usize = 50;

/// Answers a CloudWatch Logs call.
pub fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    match request.action {
        "DescribeLogGroups" => describe(world, request),
        _ => Err(unknown_action(request)),
    }
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
