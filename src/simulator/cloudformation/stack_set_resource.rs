//! A stack set that is a resource of a stack: CloudFormation makes, changes and deletes it, and waits for its operations.
//!
//! Every account is in every organizational unit, and the organization trusts CloudFormation: an account that a target
//! names gets a stack.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::input::settings;
use super::stack_set::{self, StackSet};
use super::state::Settings;
use crate::simulator::identity::Identity;
use crate::simulator::provision::{Failure, Place};
use crate::simulator::request::{Request, scalar};
use crate::simulator::world::World;

/// The type of the resource.
pub(super) const TYPE: &str = "AWS::CloudFormation::StackSet";
/// Seconds between two looks at an operation.
const POLL_SECONDS: f64 = 5.0;
/// The least time between two looks, however fast the clock is: a set that was made, failed and went in one moment could
/// not be followed.
const SHORTEST_POLL: SignedDuration = SignedDuration::from_millis(250);

/// How long a resource waits before it looks at its operations again.
pub(super) fn pause(world: &World) -> SignedDuration {
    world.clock.duration(POLL_SECONDS).max(SHORTEST_POLL)
}

/// How far the operations are that a resource waits for.
pub(super) enum Settled {
    /// They run.
    Waiting,
    /// They have succeeded.
    Done,
    /// One has failed, or was stopped.
    Failed(Failure),
}

/// Makes a set and the stacks of its accounts. `id` is `NAME:UUID`.
pub(super) fn create(world: &mut World, place: Place<'_>, id: &str, declared: &Value) -> Result<(), Failure> {
    let name = text(declared, "StackSetName").unwrap_or_default();
    let key = key(place, &name);
    if world.cloudformation.stack_sets.contains_key(&key) {
        return Err(Failure::new("AlreadyExists", format!("StackSet {name} already exists")));
    }
    let targets = targets(declared)?;
    let set = StackSet {
        id: id.to_owned(),
        account: place.account.to_owned(),
        region: place.region.to_owned(),
        settings: wanted(world, place, declared)?,
        description: text(declared, "Description"),
        permission_model: text(declared, "PermissionModel").unwrap_or_default(),
        administration_role: text(declared, "AdministrationRoleARN"),
        execution_role: execution_role(declared),
        organizational_units: units(declared),
        instances: Vec::new(),
        operations: Vec::new(),
        awaited: Vec::new(),
        drifts: Vec::new(),
        name,
    };
    world.cloudformation.stack_sets.insert(key.clone(), set);
    queue(world, &key, "CREATE", targets, declared);
    stack_set::start(world, &key);
    Ok(())
}

/// Changes a set and the stacks of its accounts: those that are no longer wanted go, the others are changed, new ones
/// are made.
pub(super) fn update(world: &mut World, place: Place<'_>, before: &Value, declared: &Value) -> Result<(), Failure> {
    let name = text(declared, "StackSetName").unwrap_or_default();
    let key = key(place, &name);
    let targets = targets(declared)?;
    let settings = wanted(world, place, declared)?;
    let Some(set) = world.cloudformation.stack_sets.get_mut(&key) else {
        return Err(Failure::new("NotFound", format!("StackSet {name} not found")));
    };
    set.settings = settings;
    set.description = text(declared, "Description");
    set.organizational_units = units(declared);
    set.awaited.clear();
    let present: Vec<(String, String)> =
        set.instances.iter().map(|instance| (instance.account.clone(), instance.region.clone())).collect();
    let (kept, gone): (Vec<_>, Vec<_>) = present.iter().cloned().partition(|one| targets.contains(one));
    let new: Vec<_> = targets.into_iter().filter(|one| !present.contains(one)).collect();
    let same = |name: &str| before.get(name) == declared.get(name);
    let changed = !["TemplateBody", "TemplateURL", "Parameters", "Tags", "Capabilities"].into_iter().all(same);
    queue(world, &key, "DELETE", gone, declared);
    if changed {
        queue(world, &key, "UPDATE", kept, declared);
    }
    queue(world, &key, "CREATE", new, declared);
    stack_set::start(world, &key);
    Ok(())
}

/// Deletes the stacks of a set's accounts; [`settled`] deletes the set after them.
pub(super) fn delete(world: &mut World, place: Place<'_>, id: &str) {
    let Some(key) = find(world, place, id) else { return };
    let Some(set) = world.cloudformation.stack_sets.get_mut(&key) else { return };
    set.awaited.clear();
    let all = set.instances.iter().map(|instance| (instance.account.clone(), instance.region.clone())).collect();
    queue(world, &key, "DELETE", all, &json!({}));
    stack_set::start(world, &key);
}

/// Looks at the operations that a resource waits for. A set whose stacks are all deleted goes when `deleting`.
pub(super) fn settled(world: &mut World, place: Place<'_>, id: &str, deleting: bool, at: Timestamp) -> Settled {
    stack_set::advance(world, at);
    let Some(key) = find(world, place, id) else { return Settled::Done };
    let Some(set) = world.cloudformation.stack_sets.get_mut(&key) else { return Settled::Done };
    let awaited = set.operations.iter().filter(|operation| set.awaited.contains(&operation.id));
    let failed = awaited.clone().find(|operation| matches!(operation.status.as_str(), "FAILED" | "STOPPED"));
    if let Some(failed) = failed {
        let mut reasons: Vec<&str> = Vec::new();
        for reason in failed.results.iter().filter_map(|result| result.reason.as_deref()) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        let message = format!(
            "Resource of type 'Stack set operation [{}] was unexpectedly stopped or failed. status reason(s): [{}]' with identifier '{}' did not stabilize.",
            failed.id,
            reasons.join(", "),
            set.id
        );
        // What would come after it is not begun.
        for waiting in set.operations.iter_mut().filter(|operation| operation.status == "QUEUED") {
            waiting.status = "STOPPED".to_owned();
            waiting.ended_at = Some(at);
            waiting.results.iter_mut().for_each(|result| result.status = "CANCELLED".to_owned());
        }
        set.awaited.clear();
        world.touch();
        return Settled::Failed(Failure::new("NotStabilized", message));
    }
    if awaited.clone().any(|operation| operation.status != "SUCCEEDED") {
        return Settled::Waiting;
    }
    set.awaited.clear();
    if deleting {
        world.cloudformation.stack_sets.shift_remove(&key);
    }
    world.touch();
    Settled::Done
}

/// Queues an operation that the resource waits for, unless it would do nothing.
fn queue(world: &mut World, key: &str, action: &str, targets: Vec<(String, String)>, declared: &Value) {
    if targets.is_empty() {
        return;
    }
    let id = world.new_uuid();
    let preferences = declared.get("OperationPreferences").cloned().unwrap_or_else(|| json!({}));
    stack_set::queue(world, key, &id, action, targets, preferences, false);
    if let Some(set) = world.cloudformation.stack_sets.get_mut(key) {
        set.awaited.push(id);
    }
}

fn key(place: Place<'_>, name: &str) -> String {
    format!("{}/{}/{name}", place.account, place.region)
}

fn find(world: &World, place: Place<'_>, id: &str) -> Option<String> {
    let key = key(place, id.split(':').next().unwrap_or(id));
    world.cloudformation.stack_sets.get(&key).filter(|set| set.id == id).map(|_| key)
}

fn text(declared: &Value, name: &str) -> Option<String> {
    declared.get(name).and_then(scalar)
}

fn execution_role(declared: &Value) -> String {
    let service_managed = text(declared, "PermissionModel").as_deref() == Some("SERVICE_MANAGED");
    text(declared, "ExecutionRoleName").unwrap_or_else(|| {
        // What CloudFormation makes in the accounts of an organization carries the set's own hash.
        let role = if service_managed { "stacksets-exec" } else { "AWSCloudFormationStackSetExecutionRole" };
        role.to_owned()
    })
}

/// What the stacks of a set are made with, checked as CloudFormation checks it.
fn wanted(world: &World, place: Place<'_>, declared: &Value) -> Result<Settings, Failure> {
    let body = text(declared, "TemplateBody").unwrap_or_default();
    let identity =
        Identity { account: place.account.to_owned(), arn: String::new(), user_id: String::new(), session: None };
    let request = Request {
        identity: &identity,
        region: place.region,
        action: "CreateStackSet",
        params: declared,
        request_id: "",
    };
    settings(world, &request, body, &Settings::default())
        .map(|(settings, _)| settings)
        .map_err(|fault| Failure::new("InvalidRequest", fault.message))
}

fn groups(declared: &Value) -> impl Iterator<Item = &Value> {
    declared.get("StackInstancesGroup").and_then(Value::as_array).into_iter().flatten()
}

fn texts(value: Option<&Value>) -> Vec<String> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(scalar).collect()
}

fn units(declared: &Value) -> Vec<String> {
    let targets = groups(declared).filter_map(|group| group.get("DeploymentTargets"));
    targets.flat_map(|targets| texts(targets.get("OrganizationalUnitIds"))).collect()
}

/// The accounts and regions of the groups. Units hold every account, so an intersection with accounts is those accounts;
/// which accounts are in a unit by itself nobody here knows.
fn targets(declared: &Value) -> Result<Vec<(String, String)>, Failure> {
    let service_managed = text(declared, "PermissionModel").as_deref() == Some("SERVICE_MANAGED");
    let mut all = Vec::new();
    for group in groups(declared) {
        let targets = group.get("DeploymentTargets").unwrap_or(&Value::Null);
        if service_managed && texts(targets.get("OrganizationalUnitIds")).is_empty() {
            let message = "StackSets with SERVICE_MANAGED permission model can only have OrganizationalUnit as target";
            return Err(Failure::new("InvalidRequest", message));
        }
        for region in texts(group.get("Regions")) {
            for account in texts(targets.get("Accounts")) {
                let one = (account, region.clone());
                if !all.contains(&one) {
                    all.push(one);
                }
            }
        }
    }
    Ok(all)
}
