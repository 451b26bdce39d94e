//! Stacks that a scenario puts into a status.

use super::engine;
use super::stacks::new_stack;
use super::state::{OperationKind, Phase, Settings, StackResource};
use super::status::StackStatus;
use crate::simulator::clock::after;
use crate::simulator::identity::Identity;
use crate::simulator::request::Request;
use crate::simulator::scenario::StackState;
use crate::simulator::world::World;
use jiff::SignedDuration;

const PLACEHOLDER: &str = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  Placeholder:\n    Type: AWS::CloudFormation::WaitConditionHandle\n";

/// Puts a stack into a status, whatever it was doing, and makes it if it does not exist. It stays there until someone calls.
pub(crate) fn pin(world: &mut World, wanted: &StackState) {
    let Some(status) = StackStatus::parse(&wanted.status) else { return };
    let identity = Identity::root(&wanted.account);
    let params = serde_json::Value::Null;
    let request =
        Request { identity: &identity, region: &wanted.region, action: "CreateStack", params: &params, request_id: "" };
    let found = world.cloudformation.find(&wanted.account, &wanted.region, &wanted.name).map(|stack| stack.id.clone());
    let mut stack = match found.and_then(|id| world.cloudformation.stacks.swap_remove(&id)) {
        Some(stack) => stack,
        None => {
            let settings = Settings { template: PLACEHOLDER.to_owned(), ..Settings::default() };
            let mut stack = new_stack(world, &request, &wanted.name, StackStatus::CreateInProgress, settings);
            if status != StackStatus::ReviewInProgress {
                let now = world.now();
                let id = format!(
                    "https://cloudformation-waitcondition-{}.s3.amazonaws.com/{}",
                    wanted.region,
                    world.new_uuid()
                );
                let resource = StackResource {
                    logical_id: "Placeholder".to_owned(),
                    type_name: "AWS::CloudFormation::WaitConditionHandle".to_owned(),
                    physical_id: Some(id.clone()),
                    identifier: Some(id),
                    declared: serde_json::json!({}),
                    tags: Vec::new(),
                    metadata: None,
                    deletion_policy: None,
                    replace_policy: None,
                    needs: Vec::new(),
                    status: "CREATE_COMPLETE".to_owned(),
                    reason: None,
                    at: now,
                    drift: None,
                    skipped: false,
                    rollback_failed: false,
                };
                stack.resources.insert("Placeholder".to_owned(), resource);
            }
            stack
        }
    };
    let name = status.as_str();
    let kind = if name.starts_with("DELETE") {
        OperationKind::DeleteStack
    } else if name.starts_with("CREATE") || name.starts_with("ROLLBACK") || name.starts_with("REVIEW") {
        OperationKind::CreateStack
    } else {
        OperationKind::UpdateStack
    };
    let by = wanted.by.clone().unwrap_or_else(|| format!("arn:aws:iam::{}:user/administrator", wanted.account));
    let operation = engine::begin(world, &mut stack, kind, Phase::Forward, status, &by, None);
    let at = after(world.now(), -SignedDuration::from_secs(i64::from(wanted.seconds_ago)));
    if let Some(event) = stack.events.last_mut() {
        event.at = at;
        event.reason.clone_from(&wanted.reason);
    }
    if let Some(record) = stack.operations.last_mut() {
        record.started_at = at;
        if !status.in_progress() {
            record.ended_at = Some(at);
            record.status =
                if name.ends_with("_FAILED") || name.contains("ROLLBACK") { "FAILED" } else { "SUCCEEDED" }.to_owned();
        }
    }
    stack.status_reason.clone_from(&wanted.reason);
    stack.created_at = stack.created_at.min(at);
    stack.updated_at = (kind == OperationKind::UpdateStack).then_some(at);
    stack.deleted_at = (status == StackStatus::DeleteComplete).then_some(at);
    let verb = match kind {
        OperationKind::CreateStack => "CREATE_FAILED",
        OperationKind::DeleteStack => "DELETE_FAILED",
        _ => "UPDATE_FAILED",
    };
    for id in &wanted.failed {
        if let Some(resource) = stack.resources.get_mut(id) {
            resource.status = verb.to_owned();
            resource.reason.clone_from(&wanted.reason);
            resource.rollback_failed = status == StackStatus::UpdateRollbackFailed;
        }
    }
    if status == StackStatus::UpdateRollbackFailed && stack.before.is_none() {
        stack.before = Some(Box::new(super::state::Before {
            settings: stack.settings.clone(),
            resources: stack.resources.clone(),
            outputs: stack.outputs.clone(),
        }));
    }
    drop(operation);
    world.touch();
    world.cloudformation.stacks.insert(stack.id.clone(), stack);
}
