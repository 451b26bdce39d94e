//! Stacks of this deployment that the spec no longer has: of a feature that was switched off, of an account that was
//! taken out.

use futures::StreamExt;

use super::live::StackPlan;
use super::rows::deletion_policy;
use super::{Planner, lock, note};
use crate::aws::cloudformation::{CloudFormation, Stack};
use crate::cfn::template::Template;
use crate::engine::cloudformation::status_table::{self, Verdict};
use crate::engine::preflight::{self, Refused};
use crate::engine::{ACCOUNTS_AT_ONCE, EngineError};
use crate::hexadecimal::sha256;
use crate::model::tags;
use crate::plan::{Change, PlanNote, PlannedStack, SeenBy, StackAction, is_stateful};
use crate::render::{Bundle, Target};

/// Plans the deletion of what is left over.
pub(super) async fn find(
    planner: &Planner<'_>,
    bundle: &Bundle,
    refused: &Refused,
) -> Result<(Vec<StackPlan>, Vec<PlanNote>), EngineError> {
    let current = preflight::targets(bundle);
    let mut targets = preflight::wanted(bundle, &planner.options.left_out);
    targets.retain(|target| !refused.contains_key(&target.account));
    // An account that the spec no longer names is known from the journal only.
    for stack in planner.previous.iter().flat_map(|previous| &previous.stacks) {
        let known = |target: &Target| target.account == stack.target.account && target.region == stack.target.region;
        if !targets.iter().any(known) && !current.iter().any(known) {
            targets.push(stack.target.clone());
        }
    }
    let found = futures::stream::iter(&targets)
        .map(|target| async move { (target, in_target(planner, bundle, target).await) })
        .buffered(planner.options.concurrency.unwrap_or(ACCOUNTS_AT_ONCE))
        .collect::<Vec<_>>()
        .await;
    let mut planned = Vec::new();
    let mut notes = Vec::new();
    for (target, result) in found {
        match result {
            Ok(stacks) => planned.extend(stacks),
            Err(EngineError::Aws(error)) if !current.contains(target) => {
                let message = format!(
                    "account {} is no longer in the spec and cannot be looked at, so what was deployed there stays: {error}",
                    target.account
                );
                notes.push(note(
                    "warning",
                    message,
                    Some("delete its stacks by hand, or put the account back and run `gwinfra destroy` for it first"),
                ));
            }
            // Its stack is told of already, or was planned a moment ago: what is left over there waits.
            Err(error) if preflight::of_account(bundle, target, &error).is_some() => {
                notes.push(note("warning", format!("{error}: stacks that are left over there stay"), None));
            }
            Err(error) => return Err(error),
        }
    }
    // What was deployed last goes first.
    planned.reverse();
    Ok((planned, notes))
}

async fn in_target(planner: &Planner<'_>, bundle: &Bundle, target: &Target) -> Result<Vec<StackPlan>, EngineError> {
    let session = planner.clients.session(target);
    let client = session.cloudformation();
    let prefix = &bundle.deployment.prefix;
    let mut planned = Vec::new();
    let mut listed = client.stacks().await?;
    // Newest first as CloudFormation lists them; a plan has an order of its own.
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    for summary in listed {
        let wanted = bundle.stacks.iter().any(|stack| {
            stack.name == summary.name && stack.target.account == target.account && stack.target.region == target.region
        });
        let ours = summary.name.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with('-'));
        if wanted || !ours || summary.status == "REVIEW_IN_PROGRESS" {
            continue;
        }
        let Some(stack) = client.stack(&summary.id).await? else { continue };
        // The names of `acme` and `acme-dev` begin alike: the tag tells whose a stack is.
        if stack.parent.is_some() || stack.tags.get(tags::DEPLOYMENT) != Some(prefix) {
            continue;
        }
        match status_table::lookup(&stack.status).destroy {
            Verdict::Absent => continue,
            Verdict::Locked => return Err(lock::locked(client, &stack).await),
            _ if stack.status == "DELETE_IN_PROGRESS" => return Err(lock::locked(client, &stack).await),
            _ => planned.push(deletion(bundle, target, client, &stack).await?),
        }
    }
    Ok(planned)
}

async fn deletion(
    bundle: &Bundle,
    target: &Target,
    client: &CloudFormation,
    stack: &Stack,
) -> Result<StackPlan, EngineError> {
    let hub = &bundle.deployment.hub;
    let in_hub = target.account == hub.account && target.region == hub.region;
    let kind = stack.tags.get(tags::STACK).cloned().unwrap_or_else(|| stack.name.clone());
    let key = if in_hub { kind } else { format!("{kind}@{}", target.account) };
    // Two stacks never share a key, not even a left-over one and one of the bundle.
    let key = if bundle.stacks.iter().any(|other| other.key == key) { stack.name.clone() } else { key };
    let text = client.template(&stack.id).await?.unwrap_or_default();
    let template = Template::parse(stack.name.as_str(), &text).ok();
    let prefix = if in_hub { String::new() } else { format!("{}:", target.account) };
    let mut rows = Vec::new();
    for resource in client.resources(&stack.id).await? {
        if resource.status == "DELETE_COMPLETE" {
            continue;
        }
        rows.push(Change {
            address: format!("{prefix}{}/{}", stack.name, resource.logical_id),
            node: None,
            stack: key.clone(),
            account: target.account.clone(),
            actions: vec!["delete".to_owned()],
            replace: None,
            stateful: is_stateful(&resource.resource_type),
            before: None,
            after: None,
            paths: Vec::new(),
            seen_by: vec![SeenBy::TemplateDiff],
            source: Vec::new(),
            policy: Some(deletion_policy(template.as_ref(), &resource.logical_id, &resource.resource_type)),
            note: None,
            resource_type: resource.resource_type,
        });
    }
    let mut notes = Vec::new();
    if stack.termination_protection {
        let message =
            format!("stack {} is protected against deletion; an apply takes the protection off first", stack.name);
        notes.push(note("warning", message, None));
    }
    let planned = PlannedStack {
        key,
        name: stack.name.clone(),
        account: target.account.clone(),
        region: target.region.clone(),
        deploy_role: target.deploy_role.clone(),
        status: Some(stack.status.clone()),
        action: StackAction::Delete,
        changes: rows.len(),
        stack_id: Some(stack.id.clone()),
        last_operation: stack.revision(),
        last_changed: stack.changed().map(ToOwned::to_owned),
        change_set: None,
        template_only: None,
        parameters: stack.parameters.clone(),
        template_sha256: sha256(&text),
        estimated_seconds: template.as_ref().map_or(0, |template| super::estimate::seconds(&rows, template)),
    };
    Ok(StackPlan { planned, rows, settled: Default::default(), output_changes: Vec::new(), notes })
}
