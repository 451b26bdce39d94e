//! Calls on change sets.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::actual::{self, REVERT_DRIFT};
use super::change_set::{compute, outputs_differ};
use super::early_validation::early_validation;
use super::input::{self, check_name, put, settings, show_parameters, show_tags, take, template};
use super::stacks::{allow, new_stack};
use super::state::{ChangeSet, Event, OperationKind, OperationRecord, Settings, Stack, Validation};
use super::status::{Call, StackStatus};
use crate::simulator::clock::{after, iso8601};
use crate::simulator::identity::partition;
use crate::simulator::page::page;
use crate::simulator::request::{Fault, Reply, Request};
use crate::simulator::scenario::Occasion;
use crate::simulator::world::World;

/// Seconds until a change set is ready.
const PREPARE_SECONDS: f64 = 6.0;

const NO_CHANGES: &str =
    "The submitted information didn't contain changes. Submit different information to create a change set.";

impl ChangeSet {
    /// The status and the execution status at a time.
    pub(super) fn status_at(&self, now: jiff::Timestamp) -> (&str, &str) {
        if now < self.ready_at { ("CREATE_IN_PROGRESS", "UNAVAILABLE") } else { (&self.status, &self.execution) }
    }
}

/// A change set by ARN, or by name within a stack.
pub(super) fn find<'w>(
    world: &'w World,
    request: &Request<'_>,
    stack: Option<&str>,
    name: &str,
) -> Result<(&'w Stack, &'w ChangeSet), Fault> {
    let missing = || Fault::new("ChangeSetNotFound", format!("ChangeSet [{name}] does not exist")).with_status(404);
    let account = &request.identity.account;
    if name.starts_with("arn:") {
        return world
            .cloudformation
            .list(account, request.region)
            .into_iter()
            .find_map(|stack| Some((stack, stack.change_sets.iter().find(|one| one.id == name)?)))
            .ok_or_else(missing);
    }
    let Some(stack) = stack else {
        return Err(Fault::validation("StackName must be specified if ChangeSetName is not specified as an ARN."));
    };
    let stack = world
        .cloudformation
        .find(account, request.region, stack)
        .ok_or_else(|| Fault::validation(format!("Stack [{stack}] does not exist")))?;
    let found = stack.change_sets.iter().find(|one| one.name == name).ok_or_else(missing)?;
    Ok((stack, found))
}

pub(super) fn create(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let stack_name = request.required("StackName")?;
    let name = request.required("ChangeSetName")?;
    check_name(&name, "changeSetName")?;
    let kind = request.text("ChangeSetType").unwrap_or_else(|| "UPDATE".to_owned());
    let account = &request.identity.account;
    let existing = world.cloudformation.find(account, request.region, &stack_name);
    match (kind.as_str(), existing) {
        ("CREATE", Some(stack)) if stack.status != StackStatus::ReviewInProgress => {
            return Err(Fault::validation(format!(
                "Stack [{}] already exists and cannot be created again with the changeSet [{name}].",
                stack.name
            )));
        }
        ("CREATE", _) => {}
        ("UPDATE", None) => return Err(Fault::validation(format!("Stack [{stack_name}] does not exist"))),
        ("UPDATE", Some(stack)) => allow(stack, Call::Update, "updated")?,
        ("IMPORT", _) => {
            return Err(Fault::validation("Change sets of type IMPORT are not modelled by gwinfra's simulator"));
        }
        (other, _) => {
            return Err(input::constraint(
                other,
                "changeSetType",
                "Member must satisfy enum value set: [IMPORT, UPDATE, CREATE]",
            ));
        }
    }
    actual::check_mode(request.text("DeploymentMode").as_deref(), &kind)?;
    let token = request.text("ClientToken");
    if let Some(found) = existing.and_then(|stack| stack.change_sets.iter().find(|one| one.name == name)) {
        if token.is_some() && found.token == token {
            return Ok(json!({"Id": found.id, "StackId": existing.map(|stack| &stack.id)}));
        }
        return Err(Fault::new(
            "AlreadyExistsException",
            format!("ChangeSet {name} cannot be created due to a mismatch with existing attribute Template"),
        ));
    }
    let previous = existing.map(|stack| stack.settings.clone()).unwrap_or_default();
    let text = match template(world, request)? {
        Some(text) => text,
        None if request.flag("UsePreviousTemplate") == Some(true) => previous.template.clone(),
        None => return Err(Fault::validation("Either Template URL or Template Body must be specified.")),
    };
    let (settings, _) = settings(world, request, text, &previous)?;
    let mut stack = match existing.is_some() {
        true => take(world, request, &stack_name)?,
        false => {
            check_name(&stack_name, "stackName")?;
            let mut stack = new_stack(world, request, &stack_name, StackStatus::ReviewInProgress, Settings::default());
            review_event(world, &mut stack);
            stack
        }
    };
    let change_set = build(world, request, &mut stack, name, kind, settings, token);
    let reply = json!({"Id": change_set.id, "StackId": stack.id});
    stack.change_sets.push(change_set);
    put(world, stack);
    Ok(reply)
}

fn review_event(world: &mut World, stack: &mut Stack) {
    let id = world.new_uuid();
    let now = world.now();
    stack.status_reason = Some("User Initiated".to_owned());
    stack.events.push(Event {
        id,
        operation_id: String::new(),
        logical_id: stack.name.clone(),
        physical_id: Some(stack.id.clone()),
        type_name: "AWS::CloudFormation::Stack".to_owned(),
        at: now,
        status: StackStatus::ReviewInProgress.as_str().to_owned(),
        reason: Some("User Initiated".to_owned()),
        properties: None,
        token: None,
        detailed_status: None,
        hook: None,
    });
}

fn build(
    world: &mut World,
    request: &Request<'_>,
    stack: &mut Stack,
    name: String,
    kind: String,
    settings: Settings,
    token: Option<String>,
) -> ChangeSet {
    let id = format!(
        "arn:{}:cloudformation:{}:{}:changeSet/{name}/{}",
        partition(&stack.region),
        stack.region,
        stack.account,
        world.new_uuid()
    );
    let now = world.now();
    let mut validations = if request.flag("DisableValidation") == Some(true) {
        Vec::new()
    } else {
        early_validation(world, stack, &settings)
    };
    let occasion = Occasion::of_call(request, "cloudformation", Some(&stack.name));
    if let Some(scripted) = world.scenario.early_validation(&occasion) {
        let logical_id = scripted.path.split('/').nth(2).unwrap_or_default().to_owned();
        let type_name = crate::simulator::template::Body::parse(&settings.template)
            .ok()
            .and_then(|body| body.resource(&logical_id)?.get("Type")?.as_str().map(str::to_owned));
        validations.push(Validation {
            name: scripted.name,
            logical_id,
            type_name: type_name.unwrap_or_default(),
            path: scripted.path,
            reason: scripted.reason,
            mode: if scripted.warn { "WARN" } else { "FAIL" }.to_owned(),
        });
    }
    let mut change_set = ChangeSet {
        id: id.clone(),
        name,
        kind,
        settings,
        description: request.text("Description"),
        created_at: now,
        ready_at: after(now, world.clock.duration(PREPARE_SECONDS)),
        status: "CREATE_COMPLETE".to_owned(),
        reason: None,
        execution: "AVAILABLE".to_owned(),
        changes: Vec::new(),
        on_stack_failure: request.text("OnStackFailure"),
        deployment_mode: request.text("DeploymentMode"),
        token,
    };
    let failing: Vec<&str> = validations.iter().filter(|one| one.mode == "FAIL").map(|one| one.name.as_str()).collect();
    let failure = if !failing.is_empty() {
        let mut names: Vec<&str> = failing
            .iter()
            .map(|name| match *name {
                "PROPERTY_VALIDATION" => "AWS::EarlyValidation::PropertyValidation",
                "NAME_CONFLICT_VALIDATION" => "AWS::EarlyValidation::ResourceExistenceCheck",
                _ => "AWS::EarlyValidation",
            })
            .collect();
        names.dedup();
        Some(format!(
            "The following hook(s)/validation failed: [{}]. To troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information.",
            names.join(", ")
        ))
    } else {
        let compares_with_actual = change_set.deployment_mode.as_deref() == Some(REVERT_DRIFT);
        let drifted = if compares_with_actual { actual::drifted(world, stack) } else { BTreeMap::new() };
        match compute(world, &actual::with_actual(stack, &drifted), &change_set.settings) {
            Ok(mut changes) => {
                if compares_with_actual {
                    actual::tell(&mut changes, &drifted);
                }
                let differs = change_set.kind == "CREATE"
                    || !changes.is_empty()
                    || stack.settings.tags != change_set.settings.tags
                    || stack.status.as_str().ends_with("_FAILED")
                    || outputs_differ(&stack.settings, &change_set.settings);
                change_set.changes = changes;
                (!differs).then(|| NO_CHANGES.to_owned())
            }
            Err(text) => Some(text),
        }
    };
    let failed = failure.is_some();
    if let Some(text) = failure {
        change_set.status = "FAILED".to_owned();
        change_set.execution = "UNAVAILABLE".to_owned();
        change_set.reason = Some(text);
    }
    let operation_id = world.new_uuid();
    stack.operations.push(OperationRecord {
        id: operation_id,
        kind: OperationKind::CreateChangeSet,
        started_at: now,
        ended_at: Some(change_set.ready_at),
        status: if failed { "FAILED" } else { "SUCCEEDED" }.to_owned(),
        by: request.identity.arn.clone(),
        change_set_id: Some(id),
        validations,
    });
    change_set
}

pub(super) fn describe(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("ChangeSetName")?;
    let (stack, change_set) = find(world, request, request.text("StackName").as_deref(), &name)?;
    let (status, execution) = change_set.status_at(world.now());
    let ready = status != "CREATE_IN_PROGRESS";
    let values = request.flag("IncludePropertyValues").unwrap_or(false);
    let changes: Vec<Value> = if ready {
        change_set.changes.iter().map(|change| if values { change.clone() } else { without_values(change) }).collect()
    } else {
        Vec::new()
    };
    let (changes, next) = page(changes, 100, request.text("NextToken").as_deref(), "ValidationError")?;
    Ok(json!({
        "ChangeSetName": change_set.name,
        "ChangeSetId": change_set.id,
        "StackId": stack.id,
        "StackName": stack.name,
        "Description": change_set.description,
        "Parameters": show_parameters(&change_set.settings.parameters),
        "CreationTime": iso8601(change_set.created_at),
        "ExecutionStatus": execution,
        "Status": status,
        "StatusReason": if ready { change_set.reason.clone() } else { None },
        "NotificationARNs": change_set.settings.notification_arns,
        "RollbackConfiguration": {},
        "Capabilities": change_set.settings.capabilities,
        "Tags": show_tags(&change_set.settings.tags),
        "Changes": changes,
        "NextToken": next,
        "IncludeNestedStacks": false,
        "OnStackFailure": change_set.on_stack_failure,
        "ImportExistingResources": false,
        "DeploymentMode": change_set.deployment_mode,
    }))
}

fn without_values(change: &Value) -> Value {
    let mut change = change.clone();
    if let Some(resource) = change.get_mut("ResourceChange").and_then(Value::as_object_mut) {
        resource.shift_remove("BeforeContext");
        resource.shift_remove("AfterContext");
        for detail in resource.get_mut("Details").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(target) = detail.get_mut("Target").and_then(Value::as_object_mut) {
                for name in ["Path", "BeforeValue", "AfterValue", "AttributeChangeType"] {
                    target.shift_remove(name);
                }
            }
        }
    }
    change
}

pub(super) fn list(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let stack = input::find(world, request, &request.required("StackName")?).map_err(|_| {
        Fault::validation(format!("Stack [{}] does not exist", request.text("StackName").unwrap_or_default()))
    })?;
    let now = world.now();
    let shown: Vec<Value> = stack
        .change_sets
        .iter()
        .map(|change_set| {
            let (status, execution) = change_set.status_at(now);
            json!({
                "StackId": stack.id,
                "StackName": stack.name,
                "ChangeSetId": change_set.id,
                "ChangeSetName": change_set.name,
                "ExecutionStatus": execution,
                "Status": status,
                "StatusReason": change_set.reason,
                "CreationTime": iso8601(change_set.created_at),
                "Description": change_set.description,
                "IncludeNestedStacks": false,
                "ImportExistingResources": false,
            })
        })
        .collect();
    let (summaries, next) = page(shown, 100, request.text("NextToken").as_deref(), "ValidationError")?;
    Ok(json!({"Summaries": summaries, "NextToken": next}))
}

pub(super) fn delete(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.required("ChangeSetName")?;
    let found = find(world, request, request.text("StackName").as_deref(), &name);
    let (stack, change_set) = match found {
        Ok(found) => found,
        // A change set that is not there is deleted already.
        Err(fault) if fault.code == "ChangeSetNotFound" => return Ok(json!({})),
        Err(fault) => return Err(fault),
    };
    if change_set.execution == "EXECUTE_IN_PROGRESS" {
        let text = format!(
            "ChangeSet [{}] cannot be deleted in its current execution status of [EXECUTE_IN_PROGRESS]",
            change_set.id
        );
        return Err(Fault::new("InvalidChangeSetStatus", text));
    }
    let (stack_id, id) = (stack.id.clone(), change_set.id.clone());
    if let Some(stack) = world.cloudformation.stacks.get_mut(&stack_id) {
        stack.change_sets.retain(|one| one.id != id);
    }
    world.touch();
    Ok(json!({}))
}
