//! One stack of an apply: its change set, its execution, its end.

use std::collections::BTreeMap;

use super::apply::{Apply, StepError};
use super::delete::{Doomed, delete};
use super::outcome;
use super::stack_set::{self, Progress};
use super::status_table::{self, Verdict};
use super::watch::Watch;
use crate::aws::cloudformation::{ChangeSet, ChangeSetKind, ChangeSetRequest, CloudFormation, HOOK_FAILED, Stack};
use crate::engine::journal::Record;
use crate::engine::{EngineError, resolve};
use crate::plan::{Action, PlannedStack, StackAction};
use crate::render::{ParameterValue, RenderedStack};

/// Brings one stack to what is rendered and returns what came of it, in words.
pub(super) async fn deploy(apply: &Apply<'_>, rendered: &RenderedStack) -> Result<String, StepError> {
    let session = apply.engine.session(&rendered.target);
    let client = session.cloudformation();
    let planned = apply.planned(&rendered.key);
    let mut existing = client.stack(&rendered.name).await.map_err(EngineError::from)?;
    if existing.as_ref().is_some_and(|stack| status_table::lookup(&stack.status).apply == Verdict::DeleteFirst) {
        let target = rendered.target.clone();
        let doomed = Doomed {
            key: &rendered.key,
            name: &rendered.name,
            target,
            rendered: Some(rendered),
            retain: Vec::new(),
            force: false,
        };
        delete(apply.engine, apply.run, &doomed).await?;
        existing = None;
    }
    resolve_images(apply, rendered).await?;
    let parameters = apply.known.parameters(rendered).map_err(|missing| {
        apply.inconsistent(&format!("parameters {} of {} are not known", missing.join(", "), rendered.name))
    })?;
    let same = planned.is_some_and(|planned| planned.parameters == parameters);
    if let Some(existing) = &existing
        && same
        && planned.is_some_and(|planned| planned.action == StackAction::NoOp)
    {
        apply.known.facts().outputs.insert(rendered.key.clone(), existing.outputs.clone());
        return Ok("no changes".to_owned());
    }
    let step = Step { apply, rendered, planned, existing: existing.as_ref() };
    let change_set = match planned.and_then(|planned| planned.change_set.clone()).filter(|_| same) {
        Some(id) => step.kept(&id).await?,
        None => step.make(&parameters).await?,
    };
    let Some(change_set) = change_set else {
        step.protect(existing.as_ref()).await?;
        let outputs = existing.map(|stack| stack.outputs).unwrap_or_default();
        apply.known.facts().outputs.insert(rendered.key.clone(), outputs);
        return Ok(match retry(apply, rendered).await? {
            0 => "no changes".to_owned(),
            tried => format!("{} tried again", crate::plan::count(tried, "account")),
        });
    };
    step.execute(&change_set).await
}

/// Tries the accounts again in which a stack set failed before, and says how many there were.
async fn retry(apply: &Apply<'_>, rendered: &RenderedStack) -> Result<usize, StepError> {
    let session = apply.engine.session(&rendered.target);
    let client = session.cloudformation();
    let mut tried = 0;
    for set in stack_set::of_template(&rendered.template) {
        let behind: Vec<String> =
            stack_set::behind(client, &set).await?.into_iter().map(|instance| instance.account).collect();
        if behind.is_empty() {
            continue;
        }
        tried += behind.len();
        let mut progress = Progress::begin(apply.engine, client, Some(rendered), &rendered.key).await;
        let region = &rendered.target.region;
        let operation = client.update_stack_instances(&stack_set::called(&set), &set.units, &behind, region).await;
        progress.follow(&set, &operation.map_err(EngineError::from)?).await?;
        if let Some(failure) = stack_set::forgiven(progress.failures()) {
            return Err(StepError::Stack(Box::new(failure)));
        }
    }
    Ok(tried)
}

/// Resolves images that could not be resolved when the plan was made, because this run made their repositories.
async fn resolve_images(apply: &Apply<'_>, rendered: &RenderedStack) -> Result<(), EngineError> {
    for value in rendered.parameters.values() {
        let ParameterValue::Image(name) = value else { continue };
        if apply.known.value(value).is_none()
            && let Some(reference) =
                resolve::image(&apply.engine.clients, &apply.engine.images, apply.bundle, name).await?.reference
        {
            apply.known.facts().images.insert(name.clone(), reference);
        }
    }
    Ok(())
}

/// Why a change set failed. Early validation and hooks tell their reasons only in the events of the change set.
pub(super) async fn reason_of(client: &CloudFormation, made: &ChangeSet) -> Result<String, EngineError> {
    let reason = made.reason.clone().unwrap_or_else(|| "no reason given".to_owned());
    let by_hook = reason.contains(HOOK_FAILED);
    if !by_hook && !reason.contains("AWS::EarlyValidation") {
        return Ok(reason);
    }
    let events = client.failed_events_of_change_set(&made.id).await?;
    let details: Vec<String> = events
        .iter()
        .filter(|event| !event.warning)
        .map(|event| match (&event.logical_id, &event.path) {
            (_, Some(path)) => format!("{path}: {}", event.reason),
            (Some(logical_id), None) => format!("{logical_id}: {}", event.reason),
            _ => event.reason.clone(),
        })
        .collect();
    Ok(match details.join("; ") {
        details if details.is_empty() => reason,
        // Which hook it was stands in the reason only.
        details if by_hook => format!("{reason}: {details}"),
        details => details,
    })
}

struct Step<'a> {
    apply: &'a Apply<'a>,
    rendered: &'a RenderedStack,
    planned: Option<&'a PlannedStack>,
    existing: Option<&'a Stack>,
}

impl Step<'_> {
    /// The change set that the plan kept, if it can still be executed.
    async fn kept(&self, id: &str) -> Result<Option<ChangeSet>, StepError> {
        let session = self.apply.engine.session(&self.rendered.target);
        let found = session.cloudformation().change_set(id).await.map_err(EngineError::from)?;
        match found {
            Some(found) if found.execution_status == "AVAILABLE" => Ok(Some(found)),
            Some(found) => Err(EngineError::Stale(vec![format!(
                "the change set of stack {} is {} now",
                self.rendered.name, found.execution_status
            )])
            .into()),
            None => {
                Err(EngineError::Stale(vec![format!("the change set of stack {} is gone", self.rendered.name)]).into())
            }
        }
    }

    /// Makes the change set now that everything it needs is known, and checks that it does nothing worse than the plan
    /// showed. `None` when there is nothing to change.
    async fn make(&self, parameters: &BTreeMap<String, String>) -> Result<Option<ChangeSet>, StepError> {
        let session = self.apply.engine.session(&self.rendered.target);
        let client = session.cloudformation();
        let exists = self.existing.is_some_and(|stack| stack.status != "REVIEW_IN_PROGRESS");
        let name = format!("gwinfra-{}", self.apply.run.id);
        let token = self.apply.token(&self.rendered.key);
        let request = ChangeSetRequest {
            stack: &self.rendered.name,
            name: &name,
            kind: if exists { ChangeSetKind::Update } else { ChangeSetKind::Create },
            template: &self.rendered.template,
            parameters,
            tags: &self.rendered.tags,
            capabilities: &self.rendered.capabilities,
            token: &token,
        };
        let (id, _) = client.create_change_set(&request).await.map_err(EngineError::from)?;
        let made = client.wait_for_change_set(&id).await.map_err(EngineError::from)?;
        if made.has_no_changes() {
            client.delete_change_set(&id).await.map_err(EngineError::from)?;
            return Ok(None);
        }
        if made.status == "FAILED" {
            let reason = reason_of(client, &made).await?;
            client.delete_change_set(&id).await.map_err(EngineError::from)?;
            self.apply.engine.remove_shell(self.rendered, &made.stack_id).await?;
            return Err(StepError::Stack(Box::new(crate::engine::StackFailure {
                stack: self.rendered.name.clone(),
                account: self.rendered.target.account.clone(),
                status: self.existing.map_or_else(|| "not there".to_owned(), |stack| stack.status.clone()),
                rolled_back: true,
                causes: Vec::new(),
                reason: Some(reason),
                next: "gwinfra plan".to_owned(),
            })));
        }
        let worse = self.worse_than_planned(&made);
        if !worse.is_empty() {
            client.delete_change_set(&id).await.map_err(EngineError::from)?;
            return Err(EngineError::Stale(worse).into());
        }
        Ok(Some(made))
    }

    /// Replacements and deletions that the plan did not show.
    fn worse_than_planned(&self, made: &ChangeSet) -> Vec<String> {
        let mut worse = Vec::new();
        for change in &made.changes {
            let address = self.rendered.address(&self.apply.engine.hub, &change.logical_id);
            let planned = self.apply.plan.changes.iter().find(|row| row.address == address).map(|row| row.kind());
            let replaces = change.action == "Modify" && change.replacement.as_deref() == Some("True");
            // A new revision of a task definition replaces nothing that anyone would miss.
            let harmless = change.resource_type == "AWS::ECS::TaskDefinition";
            if replaces && !harmless && planned != Some(Action::Replace) {
                worse.push(format!("{address} would be replaced, which the plan did not show"));
            }
            if change.action == "Remove" && planned != Some(Action::Delete) && planned != Some(Action::Replace) {
                worse.push(format!("{address} would be deleted, which the plan did not show"));
            }
        }
        worse
    }

    async fn execute(&self, change_set: &ChangeSet) -> Result<String, StepError> {
        let session = self.apply.engine.session(&self.rendered.target);
        let client = session.cloudformation();
        let token = self.apply.token(&self.rendered.key);
        self.apply.record(&Record::Executing {
            step: self.rendered.key.clone(),
            at: super::now(),
            stack_id: change_set.stack_id.clone(),
            change_set: Some(change_set.id.clone()),
            token: token.clone(),
        })?;
        let sets = Progress::begin(self.apply.engine, client, Some(self.rendered), &self.rendered.key).await;
        client
            .execute_change_set(&change_set.id, &token, self.apply.options.keep_on_failure)
            .await
            .map_err(EngineError::from)?;
        let watch = Watch {
            engine: self.apply.engine,
            client,
            rendered: Some(self.rendered),
            key: &self.rendered.key,
            stack_id: &change_set.stack_id,
            before: self.existing.map_or("REVIEW_IN_PROGRESS", |stack| &stack.status),
            token: &token,
            since: None,
        };
        let rest = watch.to_rest(sets).await?;
        if let Some(failure) = outcome::failure(self.rendered, &rest, self.place()) {
            return Err(StepError::Stack(Box::new(failure)));
        }
        self.protect(rest.stack.as_ref()).await?;
        let outputs = rest.stack.map(|stack| stack.outputs).unwrap_or_default();
        self.apply.known.facts().outputs.insert(self.rendered.key.clone(), outputs);
        if let Some(failure) = stack_set::forgiven(&rest.in_accounts) {
            return Err(StepError::Stack(Box::new(failure)));
        }
        let created = self.planned.is_none_or(|planned| planned.action == StackAction::Create);
        Ok(format!(
            "{} ({})",
            if created { "created" } else { "updated" },
            crate::plan::count(change_set.changes.len(), "change")
        ))
    }

    /// The place in the spec that causes this change: of an update, what was edited.
    fn place(&self) -> Option<String> {
        if self.planned.is_none_or(|planned| planned.action != StackAction::Update) {
            return None;
        }
        let rows = self.apply.plan.changes.iter().filter(|row| row.stack == self.rendered.key);
        rows.flat_map(|row| &row.source).next().map(ToString::to_string)
    }

    /// Sets termination protection to what is rendered. A change set cannot.
    async fn protect(&self, stack: Option<&Stack>) -> Result<(), StepError> {
        if let Some(stack) = stack
            && stack.termination_protection != self.rendered.termination_protection
        {
            let session = self.apply.engine.session(&self.rendered.target);
            session
                .cloudformation()
                .set_termination_protection(&stack.id, self.rendered.termination_protection)
                .await
                .map_err(EngineError::from)?;
        }
        Ok(())
    }
}
