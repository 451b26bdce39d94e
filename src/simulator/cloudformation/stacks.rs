//! Create, update, delete, protect.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::engine::{self, plan_apply, plan_delete};
use super::input::{check_name, find, find_mut, put, remember, repeated, settings, take, template};
use super::lookup::{Inputs, Live};
use super::state::{Before, Operation, OperationKind, Phase, Settings, Stack};
use super::status::{Call, StackStatus};
use crate::simulator::clock::after;
use crate::simulator::identity::partition;
use crate::simulator::request::{Fault, Reply, Request};
use crate::simulator::world::World;

pub(super) fn create(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("StackName")?;
    check_name(&name, "stackName")?;
    if let Some(stack) = world.cloudformation.find(&request.identity.account, request.region, &name) {
        if repeated(stack, request)? {
            return Ok(json!({"StackId": stack.id}));
        }
        return Err(Fault::new("AlreadyExistsException", format!("Stack [{name}] already exists")));
    }
    let text = template(world, request)?
        .ok_or_else(|| Fault::validation("Either Template URL or Template Body must be specified."))?;
    let (settings, _) = settings(world, request, text, &Settings::default())?;
    let on_failure = request.text("OnFailure");
    if on_failure.is_some() && request.flag("DisableRollback").is_some() {
        return Err(Fault::validation("Only one of DisableRollback or OnFailure may be specified"));
    }
    let mut stack = new_stack(world, request, &name, StackStatus::CreateInProgress, settings);
    stack.timeout_in_minutes = request.integer("TimeoutInMinutes");
    stack.termination_protection = request.flag("EnableTerminationProtection").unwrap_or(false);
    stack.policy = request.text("StackPolicyBody");
    stack.retain_except_on_create = request.flag("RetainExceptOnCreate").unwrap_or(false);
    stack.disable_rollback =
        request.flag("DisableRollback").unwrap_or(false) || on_failure.as_deref() == Some("DO_NOTHING");
    remember(&mut stack, request);
    begin_create(world, request, &mut stack, on_failure.as_deref() == Some("DELETE"));
    let (id, operation) = (stack.id.clone(), stack.operation.as_ref().map(|operation| operation.id.clone()));
    put(world, stack);
    Ok(json!({"StackId": id, "OperationId": operation}))
}

/// A stack without anything in it.
pub(super) fn new_stack(
    world: &mut World,
    request: &Request<'_>,
    name: &str,
    status: StackStatus,
    settings: Settings,
) -> Stack {
    let account = &request.identity.account;
    let region = request.region;
    let id = format!("arn:{}:cloudformation:{region}:{account}:stack/{name}/{}", partition(region), world.new_uuid());
    Stack {
        id,
        name: name.to_owned(),
        account: account.clone(),
        region: region.to_owned(),
        status,
        status_reason: None,
        settings,
        created_at: world.now(),
        updated_at: None,
        deleted_at: None,
        disable_rollback: false,
        timeout_in_minutes: None,
        termination_protection: false,
        policy: None,
        retain_except_on_create: false,
        outputs: Vec::new(),
        resources: IndexMap::new(),
        leftovers: Vec::new(),
        before: None,
        events: Vec::new(),
        change_sets: Vec::new(),
        change_set_id: None,
        operation: None,
        operations: Vec::new(),
        tokens: std::collections::BTreeMap::new(),
        drift: None,
    }
}

/// Starts the creation of what a stack's settings say.
pub(super) fn begin_create(world: &mut World, request: &Request<'_>, stack: &mut Stack, delete_on_failure: bool) {
    let token = request.text("ClientRequestToken");
    let by = request.identity.arn.clone();
    let mut operation = engine::begin(
        world,
        stack,
        OperationKind::CreateStack,
        Phase::Forward,
        StackStatus::CreateInProgress,
        &by,
        token,
    );
    operation.disable_rollback = stack.disable_rollback;
    operation.delete_on_failure = delete_on_failure;
    operation.retain_except_on_create = stack.retain_except_on_create;
    operation.deadline =
        stack.timeout_in_minutes.map(|minutes| after(world.now(), world.clock.duration(minutes as f64 * 60.0)));
    plan(world, stack, &mut operation);
    stack.operation = Some(operation);
}

fn plan(world: &World, stack: &Stack, operation: &mut Operation) {
    let body = engine::body(operation, &stack.settings.template);
    let inputs = Inputs::new(stack, &stack.settings);
    let live = Live { world, stack };
    let evaluator = inputs.evaluator(&body, &live);
    // A condition that cannot be evaluated was refused with the call.
    operation.tasks = plan_apply(&body, &|resource| evaluator.exists(resource).unwrap_or(true), operation.wake);
}

/// Refuses what a stack's status does not allow.
pub(super) fn allow(stack: &Stack, call: Call, verb: &str) -> Result<(), Fault> {
    if stack.status.allows(call) {
        return Ok(());
    }
    Err(Fault::validation(format!("Stack:{} is in {} state and can not be {verb}.", stack.id, stack.status.as_str())))
}

pub(super) fn update(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("StackName")?;
    let missing = |_| Fault::validation(format!("Stack [{name}] does not exist"));
    let stack = find(world, request, &name).map_err(missing)?;
    if repeated(stack, request)? {
        return Ok(json!({"StackId": stack.id}));
    }
    allow(stack, Call::Update, "updated")?;
    let previous = stack.settings.clone();
    let text = match template(world, request)? {
        Some(text) => text,
        None if request.flag("UsePreviousTemplate") == Some(true) => previous.template.clone(),
        None => return Err(Fault::validation("Either Template URL or Template Body must be specified.")),
    };
    let (settings, _) = settings(world, request, text, &previous)?;
    let mut stack = take(world, request, &name)?;
    let changes = match super::change_set::compute(world, &stack, &settings) {
        Ok(changes) => changes,
        Err(text) => {
            put(world, stack);
            return Err(Fault::validation(text));
        }
    };
    let unstable = stack.status.as_str().ends_with("_FAILED");
    if changes.is_empty()
        && !unstable
        && !super::change_set::outputs_differ(&previous, &settings)
        && previous.tags == settings.tags
    {
        put(world, stack);
        return Err(Fault::validation("No updates are to be performed."));
    }
    if let Some(policy) = request.text("StackPolicyBody") {
        stack.policy = Some(policy);
    }
    let policy = request.text("StackPolicyDuringUpdateBody").or_else(|| stack.policy.clone());
    if let Some(refused) = policy.as_deref().and_then(|policy| super::stack_policy::denied(policy, &changes)) {
        put(world, stack);
        return Err(Fault::validation(format!("Action denied by stack policy: {refused}")));
    }
    let disable = request.flag("DisableRollback").unwrap_or(false);
    remember(&mut stack, request);
    begin_update(world, request, &mut stack, settings, disable);
    let (id, operation) = (stack.id.clone(), stack.operation.as_ref().map(|operation| operation.id.clone()));
    put(world, stack);
    Ok(json!({"StackId": id, "OperationId": operation}))
}

/// Starts an update of a stack to other settings.
pub(super) fn begin_update(
    world: &mut World,
    request: &Request<'_>,
    stack: &mut Stack,
    settings: Settings,
    disable_rollback: bool,
) {
    if stack.before.is_none() {
        stack.before = Some(Box::new(Before {
            settings: stack.settings.clone(),
            resources: stack.resources.clone(),
            outputs: stack.outputs.clone(),
        }));
    }
    // Whatever was planned before is out of date.
    for change_set in stack.change_sets.iter_mut().filter(|change_set| change_set.execution == "AVAILABLE") {
        change_set.execution = "OBSOLETE".to_owned();
    }
    stack.settings = settings;
    stack.updated_at = Some(world.now());
    let token = request.text("ClientRequestToken");
    let by = request.identity.arn.clone();
    let mut operation = engine::begin(
        world,
        stack,
        OperationKind::UpdateStack,
        Phase::Forward,
        StackStatus::UpdateInProgress,
        &by,
        token,
    );
    operation.disable_rollback = disable_rollback;
    operation.retain_except_on_create = request.flag("RetainExceptOnCreate").unwrap_or(false);
    stack.disable_rollback = disable_rollback;
    plan(world, stack, &mut operation);
    stack.operation = Some(operation);
}

pub(super) fn delete(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("StackName")?;
    // Deleting what is not there succeeds.
    let Some(stack) = world.cloudformation.find(&request.identity.account, request.region, &name) else {
        return Ok(json!({}));
    };
    if stack.status == StackStatus::DeleteComplete
        || stack.status == StackStatus::DeleteInProgress
        || repeated(stack, request)?
    {
        return Ok(json!({}));
    }
    if stack.termination_protection {
        return Err(Fault::validation(format!(
            "Stack [{}] cannot be deleted while TerminationProtection is enabled",
            stack.name
        )));
    }
    if !stack.status.allows(Call::Delete) {
        return Err(Fault::validation(format!(
            "Stack [{}] cannot be deleted while in status {}",
            stack.name,
            stack.status.as_str()
        )));
    }
    let retain = request.texts("RetainResources");
    if !retain.is_empty() && stack.status != StackStatus::DeleteFailed {
        return Err(Fault::validation(
            "Invalid operation on stack. RetainResources can only be used with stacks in DELETE_FAILED state",
        ));
    }
    if let Some(unknown) = retain.iter().find(|id| !stack.resources.contains_key(*id)) {
        return Err(Fault::validation(format!("Resource {unknown} does not exist in stack {}", stack.name)));
    }
    let force = request.text("DeletionMode").as_deref() == Some("FORCE_DELETE_STACK");
    if force && stack.status != StackStatus::DeleteFailed {
        return Err(Fault::validation("FORCE_DELETE_STACK can only be used with stacks in DELETE_FAILED state"));
    }
    for output in &stack.outputs {
        let Some(export) = &output.export else { continue };
        let importers = super::describe::importers(world, request, export);
        if !importers.is_empty() {
            let text = format!("Export {export} cannot be deleted as it is in use by {}", importers.join(", "));
            return Err(Fault::validation(text));
        }
    }
    let mut stack = take(world, request, &name)?;
    remember(&mut stack, request);
    begin_delete(world, &request.identity.arn, request.text("ClientRequestToken"), &mut stack, retain, force);
    put(world, stack);
    Ok(json!({}))
}

/// Starts the deletion of a stack.
pub(super) fn begin_delete(
    world: &mut World,
    by: &str,
    token: Option<String>,
    stack: &mut Stack,
    retain: Vec<String>,
    force: bool,
) {
    let mut operation = engine::begin(
        world,
        stack,
        OperationKind::DeleteStack,
        Phase::Delete,
        StackStatus::DeleteInProgress,
        by,
        token,
    );
    operation.retain = retain;
    operation.force = force;
    operation.tasks = plan_delete(engine::everything(stack), operation.wake);
    stack.operation = Some(operation);
}

pub(super) fn protect(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("StackName")?;
    let Some(enable) = request.flag("EnableTerminationProtection") else {
        return Err(Fault::validation("EnableTerminationProtection must be specified"));
    };
    let stack = find_mut(world, request, &name)?;
    if stack.status == StackStatus::DeleteComplete || stack.status == StackStatus::DeleteInProgress {
        return Err(Fault::validation(format!("Stack [{}] is in {} state", stack.name, stack.status.as_str())));
    }
    stack.termination_protection = enable;
    Ok(json!({"StackId": stack.id}))
}

pub(super) fn set_policy(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("StackName")?;
    let policy = request
        .text("StackPolicyBody")
        .ok_or_else(|| Fault::validation("Either StackPolicyBody or StackPolicyURL must be specified"))?;
    let readable = serde_json::from_str::<Value>(&policy).is_ok_and(|policy| policy.get("Statement").is_some());
    if !readable {
        return Err(Fault::validation("Error validating stack policy: Invalid stack policy"));
    }
    find_mut(world, request, &name)?.policy = Some(policy);
    Ok(json!({}))
}

pub(super) fn get_policy(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("StackName")?;
    Ok(json!({"StackPolicyBody": find(world, request, &name)?.policy}))
}
