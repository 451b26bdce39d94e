//! Whether a saved plan still fits reality.

use super::plan::absent;
use crate::aws::{Clients, Error};
use crate::engine::{EngineError, Images, resolve};
use crate::plan::{PlannedStack, SavedPlan, StackAction};
use crate::render::Target;

/// What moved since the plan was made, one sentence each; empty when the plan is current. `bundle_sha256` is the digest
/// of what the spec renders to now, if it was rendered.
///
/// # Errors
/// When a call fails.
pub(super) async fn moved(
    clients: &Clients,
    images: &Images,
    saved: &SavedPlan,
    bundle_sha256: Option<&str>,
) -> Result<Vec<String>, EngineError> {
    let mut moved = Vec::new();
    let inputs = &saved.plan.inputs;
    if inputs.bundle_sha256 != saved.bundle.digest {
        moved.push("the plan and the bundle in the file are not from the same run".to_owned());
    }
    if bundle_sha256.is_some_and(|now| now != inputs.bundle_sha256) {
        moved.push("the spec or the blueprint renders to something else than when the plan was made".to_owned());
    }
    let mut checked: Vec<Target> = Vec::new();
    for stack in saved.plan.reached() {
        let target = target(stack);
        if !checked.contains(&target) {
            match clients.session(&target).verify_account().await {
                Ok(_) => {}
                Err(Error::WrongAccount { expected, actual, .. }) => moved
                    .push(format!("the plan is for account {expected}, but the credentials are for account {actual}")),
                Err(error) => return Err(error.into()),
            }
            checked.push(target);
        }
    }
    // In another account every stack would look deleted.
    if !moved.is_empty() {
        return Ok(moved);
    }
    for stack in saved.plan.reached() {
        moved.extend(of_stack(clients, stack).await?);
    }
    for (name, planned) in &inputs.images {
        match resolve::image(clients, images, &saved.bundle, name).await.map(|found| found.reference) {
            Ok(Some(now)) if now == *planned => {}
            Ok(Some(now)) => moved.push(format!("image {name} is {now} now, and the plan was made for {planned}")),
            Ok(None) | Err(EngineError::ImageMissing(_)) => {
                moved.push(format!("image {name} ({planned}) is no longer in its repository"));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(moved)
}

fn target(stack: &PlannedStack) -> Target {
    Target { account: stack.account.clone(), region: stack.region.clone(), deploy_role: stack.deploy_role.clone() }
}

async fn of_stack(clients: &Clients, planned: &PlannedStack) -> Result<Vec<String>, EngineError> {
    let session = clients.session(&target(planned));
    let client = session.cloudformation();
    let name = &planned.name;
    let found = client.stack(name).await?;
    let mut moved = Vec::new();
    let now = found.as_ref().filter(|stack| !absent(&stack.status));
    match (&planned.status, now) {
        (None, None) => {}
        (None, Some(stack)) => {
            moved.push(format!("stack {name} did not exist when the plan was made, and is {} now", stack.status));
        }
        (Some(before), None) if planned.action == StackAction::Delete => {
            moved.push(format!("stack {name} was {before} when the plan was made, and is gone already"));
        }
        (Some(before), None) => {
            moved.push(format!("stack {name} was {before} when the plan was made, and is gone now"))
        }
        (Some(before), Some(stack)) if *before != stack.status => {
            moved.push(format!("stack {name} was {before} when the plan was made, and is {} now", stack.status));
        }
        (Some(_), Some(stack)) if planned.stack_id.as_deref().is_some_and(|id| id != stack.id) => {
            moved.push(format!("stack {name} was deleted and made anew since the plan was made"));
        }
        (Some(_), Some(stack)) if !stack.is_at(planned.last_operation.as_deref(), planned.last_changed.as_deref()) => {
            moved.push(format!(
                "stack {name} was changed by another operation since the plan was made{}",
                stack.updated.as_ref().map(|at| format!(", last at {at}")).unwrap_or_default()
            ));
        }
        (Some(_), Some(_)) => {}
    }
    if let Some(id) = &planned.change_set {
        // A change set ends with its stack, also one that only held change sets.
        let change_set = if found.is_some() { client.change_set(id).await? } else { None };
        match change_set {
            None => moved.push(format!("the change set of stack {name} was deleted since the plan was made")),
            Some(found) if found.execution_status != "AVAILABLE" => {
                moved.push(format!("the change set of stack {name} is {} now", found.execution_status));
            }
            Some(_) => {}
        }
    }
    Ok(moved)
}
