//! Stack sets: the same template in several accounts and regions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::drift::DETECT_SECONDS;
use super::input::put;
use super::stacks::{begin_create, begin_delete, begin_update, new_stack};
use super::state::{Settings, Stack};
use super::status::{Call, StackStatus};
use crate::simulator::clock::after;
use crate::simulator::identity::{Identity, partition};
use crate::simulator::request::Request;
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
    /// Targets of a service-managed set.
    #[serde(default)]
    pub organizational_units: Vec<String>,
    pub instances: Vec<Instance>,
    /// In order of time.
    pub operations: Vec<SetOperation>,
    /// Ids of the operations that the resource of a stack waits for.
    #[serde(default)]
    pub awaited: Vec<String>,
    /// What the newest drift detection has found.
    #[serde(default)]
    pub drifts: Vec<InstanceDrift>,
}

/// What a drift detection has found of the stack of one account and region.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct InstanceDrift {
    /// Id of the operation.
    pub operation: String,
    pub account: String,
    pub region: String,
    /// Results by resource, as the API shows those of a stack.
    pub resources: Vec<Value>,
}

/// The action of an operation that compares, and changes no stack.
pub(super) const DETECT_DRIFT: &str = "DETECT_DRIFT";

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
    /// `CREATE`, `UPDATE`, `DELETE` or [`DETECT_DRIFT`].
    pub action: String,
    /// `QUEUED`, `RUNNING`, `STOPPED`, `SUCCEEDED` or `FAILED`.
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
    /// `PENDING`, `RUNNING`, `SUCCEEDED`, `FAILED` or `CANCELLED`.
    pub status: String,
    pub reason: Option<String>,
}

/// Looks at the stacks of running operations, and starts those that wait for them.
pub(super) fn advance(world: &mut World, now: Timestamp) {
    look(world, now);
    let waiting: Vec<String> = world
        .cloudformation
        .stack_sets
        .iter()
        .filter(|(_, set)| set.has("QUEUED") && !set.has("RUNNING"))
        .map(|(key, _)| key.clone())
        .collect();
    for key in waiting {
        start(world, &key);
    }
}

impl StackSet {
    /// Whether it has an operation in that status.
    pub fn has(&self, status: &str) -> bool {
        self.operations.iter().any(|operation| operation.status == status)
    }
}

fn look(world: &mut World, now: Timestamp) {
    let detection = world.clock.duration(DETECT_SECONDS);
    let state = &mut world.cloudformation;
    let stacks = &state.stacks;
    for set in state.stack_sets.values_mut() {
        let Some(operation) = set.operations.iter_mut().find(|operation| operation.status == "RUNNING") else {
            continue;
        };
        if operation.action == DETECT_DRIFT {
            if now >= after(operation.created_at, detection) {
                let compared = operation.results.iter_mut().filter(|result| result.status == "RUNNING");
                compared.for_each(|result| "SUCCEEDED".clone_into(&mut result.status));
                end(operation, now);
            }
            continue;
        }
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
                result.reason = Some(reason(stack));
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
        end(operation, now);
    }
}

/// Ends an operation whose accounts have all ended.
fn end(operation: &mut SetOperation, now: Timestamp) {
    let failures = operation.results.iter().filter(|result| result.status == "FAILED").count();
    operation.status = if failures > tolerance(operation) { "FAILED" } else { "SUCCEEDED" }.to_owned();
    operation.ended_at = Some(now);
}

/// Adds an operation that begins once those before it have ended.
pub(super) fn queue(
    world: &mut World,
    key: &str,
    id: &str,
    action: &str,
    targets: Vec<(String, String)>,
    preferences: Value,
    retain_stacks: bool,
) {
    let created_at = world.now();
    world.touch();
    let Some(set) = world.cloudformation.stack_sets.get_mut(key) else { return };
    let pending =
        |(account, region)| SetResult { account, region, stack_id: None, status: "PENDING".to_owned(), reason: None };
    set.operations.push(SetOperation {
        id: id.to_owned(),
        action: action.to_owned(),
        status: "QUEUED".to_owned(),
        preferences,
        created_at,
        ended_at: None,
        retain_stacks,
        results: targets.into_iter().map(pending).collect(),
    });
}

/// Starts the next operation of a set, unless one runs: in all its accounts and regions at once.
pub(super) fn start(world: &mut World, key: &str) {
    let Some(set) = world.cloudformation.stack_sets.get(key).filter(|set| !set.has("RUNNING")).cloned() else {
        return;
    };
    let Some(at) = set.operations.iter().position(|operation| operation.status == "QUEUED") else { return };
    let mut operation = set.operations[at].clone();
    operation.status = "RUNNING".to_owned();
    let (action, retain) = (operation.action.clone(), operation.retain_stacks);
    for result in &mut operation.results {
        let (stack_id, reason) = match work(world, &set, &action, &result.account, &result.region, retain) {
            Ok(stack_id) => (stack_id, None),
            Err(reason) => (None, Some(reason)),
        };
        result.status = match (&reason, &stack_id) {
            (Some(_), _) => "FAILED",
            (None, Some(_)) if !(retain && action == "DELETE") => "RUNNING",
            _ => "SUCCEEDED",
        }
        .to_owned();
        result.stack_id = stack_id;
        result.reason = reason;
    }
    world.touch();
    let Some(set) = world.cloudformation.stack_sets.get_mut(key) else { return };
    for result in &operation.results {
        match set.instances.iter_mut().find(|one| one.account == result.account && one.region == result.region) {
            Some(instance) => {
                instance.last_operation.clone_from(&operation.id);
                instance.stack_id = result.stack_id.clone().or(instance.stack_id.take());
            }
            None if action != "DELETE" => set.instances.push(Instance {
                account: result.account.clone(),
                region: result.region.clone(),
                stack_id: result.stack_id.clone(),
                status: "OUTDATED".to_owned(),
                reason: result.reason.clone(),
                last_operation: operation.id.clone(),
            }),
            None => {}
        }
    }
    set.operations[at] = operation;
}

/// Begins to make, change or delete the stack of one account and region.
fn work(
    world: &mut World,
    set: &StackSet,
    action: &str,
    account: &str,
    region: &str,
    retain: bool,
) -> Result<Option<String>, String> {
    let role = &set.execution_role;
    if set.permission_model == "SELF_MANAGED" && world.resource(account, region, "AWS::IAM::Role", role).is_none() {
        return Err(format!(
            "Account {account} should have '{role}' role with trust relationship to Role 'AWSCloudFormationStackSetAdministrationRole'."
        ));
    }
    let identity = Identity {
        account: account.to_owned(),
        arn: format!("arn:{}:sts::{account}:assumed-role/{role}/stackset", partition(region)),
        user_id: format!("AROASTACKSET:{account}"),
        session: None,
    };
    let nothing = serde_json::json!({});
    let request_id = world.new_uuid();
    let inner = Request {
        identity: &identity,
        region,
        action: "CreateStackInstances",
        params: &nothing,
        request_id: &request_id,
    };
    let instance = set.instances.iter().find(|instance| instance.account == account && instance.region == region);
    let known = instance
        .and_then(|instance| instance.stack_id.clone())
        .filter(|id| {
            let stack = world.cloudformation.stacks.get(id);
            stack.is_some_and(|stack| stack.status != StackStatus::DeleteComplete)
        })
        .and_then(|id| world.cloudformation.stacks.swap_remove(&id));
    match (action, known) {
        ("DELETE", None) => Ok(None),
        ("DELETE", Some(mut stack)) => {
            let id = stack.id.clone();
            if !retain && stack.status.allows(Call::Delete) {
                begin_delete(world, &identity.arn, None, &mut stack, Vec::new(), false);
            }
            put(world, stack);
            Ok(Some(id))
        }
        (_, Some(mut stack)) => {
            let id = stack.id.clone();
            let allowed = stack.status.allows(Call::Update);
            if allowed {
                begin_update(world, &inner, &mut stack, set.settings.clone(), false);
            }
            let status = stack.status;
            put(world, stack);
            if allowed {
                Ok(Some(id))
            } else {
                Err(format!("Stack {id} is in {} state and can not be updated.", status.as_str()))
            }
        }
        (_, None) => {
            let digits = world.new_uuid();
            let name = format!("StackSet-{}-{digits}", set.name);
            let mut stack = new_stack(world, &inner, &name, StackStatus::CreateInProgress, set.settings.clone());
            // A stack that could not be made is deleted by itself, so that the next operation can make it anew.
            begin_create(world, &inner, &mut stack, true);
            let id = stack.id.clone();
            put(world, stack);
            Ok(Some(id))
        }
    }
}

/// Why the stack of an instance is not what the set wants: the first resource that failed by itself.
fn reason(stack: &Stack) -> String {
    let failed = |record: &&super::state::OperationRecord| record.kind != super::state::OperationKind::Rollback;
    let operation = stack.operations.iter().rev().find(failed).map(|operation| operation.id.as_str());
    let event = stack.events.iter().find(|event| {
        Some(event.operation_id.as_str()) == operation
            && event.type_name != "AWS::CloudFormation::Stack"
            && event.status.ends_with("_FAILED")
    });
    match event {
        Some(event) => format!(
            "ResourceLogicalId:{}, ResourceType:{}, ResourceStatusReason:{}.",
            event.logical_id,
            event.type_name,
            event.reason.as_deref().unwrap_or_default()
        ),
        None => stack.status_reason.clone().unwrap_or_else(|| format!("Stack is in {}", stack.status.as_str())),
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
