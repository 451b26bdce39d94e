//! Stack sets: the same template in several accounts and regions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::state::Settings;
use super::status::StackStatus;
use crate::simulator::world::World;

/// A stack set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StackSet {
    pub name: String,
    pub id: String,
    pub account: String,
    pub region: String,
    pub settings: Settings,
    pub description: Option<String>,
    /// `SELF_MANAGED` or `SERVICE_MANAGED`.
    pub permission_model: String,
    pub administration_role: Option<String>,
    pub execution_role: String,
    pub instances: Vec<Instance>,
    pub operations: Vec<SetOperation>,
}

/// The stack of a set in one account and region.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Instance {
    pub account: String,
    pub region: String,
    pub stack_id: Option<String>,
    /// `CURRENT`, `OUTDATED` or `INOPERABLE`.
    pub status: String,
    pub reason: Option<String>,
    pub last_operation: String,
}

/// An operation on a set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SetOperation {
    pub id: String,
    /// `CREATE`, `UPDATE` or `DELETE`.
    pub action: String,
    /// `RUNNING`, `STOPPED`, `SUCCEEDED` or `FAILED`.
    pub status: String,
    pub preferences: Value,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub retain_stacks: bool,
    pub results: Vec<SetResult>,
}

/// What an operation did in one account and region.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SetResult {
    pub account: String,
    pub region: String,
    pub stack_id: Option<String>,
    /// `RUNNING`, `SUCCEEDED`, `FAILED` or `CANCELLED`.
    pub status: String,
    pub reason: Option<String>,
}

/// Looks at the stacks of running operations.
pub(super) fn advance(world: &mut World, now: Timestamp) {
    let state = &mut world.cloudformation;
    let stacks = &state.stacks;
    for set in state.stack_sets.values_mut() {
        let Some(operation) = set.operations.iter_mut().find(|operation| operation.status == "RUNNING") else {
            continue;
        };
        for result in operation.results.iter_mut().filter(|result| result.status == "RUNNING") {
            let stack = result.stack_id.as_ref().and_then(|id| stacks.get(id));
            let Some(stack) = stack else {
                result.status = "SUCCEEDED".to_owned();
                continue;
            };
            if stack.status.in_progress() {
                continue;
            }
            let good = match operation.action.as_str() {
                "DELETE" => stack.status == StackStatus::DeleteComplete,
                _ => matches!(stack.status, StackStatus::CreateComplete | StackStatus::UpdateComplete),
            };
            result.status = if good { "SUCCEEDED" } else { "FAILED" }.to_owned();
            if !good {
                result.reason = Some(
                    stack.status_reason.clone().unwrap_or_else(|| format!("Stack is in {}", stack.status.as_str())),
                );
            }
        }
        for result in &operation.results {
            let here =
                |instance: &&mut Instance| instance.account == result.account && instance.region == result.region;
            if let Some(instance) = set.instances.iter_mut().find(here) {
                match result.status.as_str() {
                    "SUCCEEDED" => {
                        "CURRENT".clone_into(&mut instance.status);
                        instance.reason = None;
                    }
                    "FAILED" => {
                        instance.status =
                            if operation.action == "DELETE" { "INOPERABLE" } else { "OUTDATED" }.to_owned();
                        instance.reason.clone_from(&result.reason);
                    }
                    _ => {}
                }
            }
        }
        if operation.results.iter().any(|result| result.status == "RUNNING") {
            continue;
        }
        if operation.action == "DELETE" {
            let gone = |instance: &Instance| {
                operation.results.iter().any(|result| {
                    result.status == "SUCCEEDED"
                        && result.account == instance.account
                        && result.region == instance.region
                })
            };
            set.instances.retain(|instance| !gone(instance));
        }
        let failures = operation.results.iter().filter(|result| result.status == "FAILED").count();
        operation.status = if failures > tolerance(operation) { "FAILED" } else { "SUCCEEDED" }.to_owned();
        operation.ended_at = Some(now);
    }
}

/// How many failures an operation forgives. A percentage is rounded down.
fn tolerance(operation: &SetOperation) -> usize {
    let number = |name: &str| {
        let value = operation.preferences.get(name)?;
        crate::simulator::request::scalar(value)?.parse::<usize>().ok()
    };
    number("FailureToleranceCount")
        .or_else(|| number("FailureTolerancePercentage").map(|percent| percent * operation.results.len() / 100))
        .unwrap_or(0)
}
