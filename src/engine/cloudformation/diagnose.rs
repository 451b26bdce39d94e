//! Why the last operation of each stack failed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use futures::StreamExt;

use super::hooks::Hooks;
use super::{CloudFormationEngine, outcome, plan_offline, stack_set, status_table};
use crate::aws::cloudformation::{CloudFormation, Stack, StackEvent};
use crate::diagnose::{
    Cause, Document, Evidence, Failure, Happened, Outcome, SCHEMA, Scene, Told, failure_of, investigate_first,
    is_asked_for, is_later,
};
use crate::drift::Source;
use crate::engine::journal::PastRun;
use crate::engine::service::{is_lost, named, newest_deployment, planned};
use crate::engine::{ACCOUNTS_AT_ONCE, DiagnoseOptions, EngineError, preflight};
use crate::plan::SourcePlace;
use crate::render::{Bundle, RenderedStack};

impl CloudFormationEngine {
    /// Finds the stacks whose last operation failed, and why. Changes nothing.
    ///
    /// # Errors
    /// When the hub cannot be asked, or the journal is damaged.
    pub(super) async fn find_failures(
        &self,
        bundle: &Bundle,
        options: &DiagnoseOptions,
    ) -> Result<Document, EngineError> {
        let until = options.until();
        let run = self.journal.past_run(options.run.as_deref())?;
        let mut document = Document {
            schema: SCHEMA.to_owned(),
            deployment: Source::of(&bundle.deployment),
            run: run.as_ref().map(PastRun::summary),
            failures: Vec::new(),
            notes: Vec::new(),
        };
        let all =
            bundle.stacks.iter().map(|stack| (stack.key.as_str(), stack.name.as_str(), stack.target.account.as_str()));
        let unknown = options.unknown(all);
        if !unknown.is_empty() {
            return Err(EngineError::NoSuchStack(unknown));
        }
        let targets = preflight::targets(bundle);
        let edited = self.edited(bundle, run.as_ref());
        let wanted = bundle.stacks.iter().filter(|stack| options.wants(&stack.key, &stack.name, &stack.target.account));
        let run = &run;
        let asked = futures::stream::iter(wanted).map(|rendered| async move {
            let mut notes = Vec::new();
            let found = self.failure_of_stack(rendered, run.as_ref(), &mut notes).await;
            (rendered, found, notes)
        });
        let asked: Vec<_> = asked.buffered(ACCOUNTS_AT_ONCE).collect().await;
        let mut scenes = Vec::new();
        for (rendered, found, notes) in asked {
            document.notes.extend(notes);
            let mut failure = match found {
                Ok(Some(failure)) => failure,
                Ok(None) => continue,
                Err(error) => match preflight::of_account(bundle, &rendered.target, &error) {
                    Some(reason) => {
                        document.notes.push(format!("{} could not be asked: {reason}", rendered.name));
                        continue;
                    }
                    None => return Err(error),
                },
            };
            let named = format!("{}:{}", failure.account, failure.name);
            let said = options.next.get(&named).cloned();
            let may_be_wrong = failure.outcome == Outcome::RolledBack && !failure.is_cancelled();
            let said = said.or_else(|| edited.get(&rendered.key).filter(|_| may_be_wrong).cloned());
            if let Some(next) = said {
                failure.next = vec![next];
            }
            let scene = Scene {
                clients: &self.clients,
                target: &rendered.target,
                targets: &targets,
                service: self.service_of(rendered, &failure),
                rendered: Cow::Borrowed(&rendered.template),
                patience: options.patience,
                until,
            };
            scenes.push((failure, scene));
        }
        // The hub's first: without it nothing serves.
        scenes.sort_by_key(|(failure, _)| failure.account != self.hub.account);
        let (failures, notes) = investigate_first(options.most, ACCOUNTS_AT_ONCE, scenes).await;
        document.failures = failures;
        document.notes.extend(notes);
        Ok(document)
    }

    /// What to edit, by stack, where the run that failed had changed the spec: what was changed is likelier to be wrong
    /// than where the resource comes from. Known as long as the spec is still the one that failed.
    fn edited(&self, bundle: &Bundle, run: Option<&PastRun>) -> BTreeMap<String, String> {
        if run.is_none_or(|run| run.bundle_sha256 != bundle.digest) {
            return BTreeMap::new();
        }
        let previous = self.journal.applied().ok().flatten();
        let Some(previous) = previous.filter(|previous| previous.digest != bundle.digest) else {
            return BTreeMap::new();
        };
        // Only a help: without it the place of the resource is told.
        let plan = plan_offline(&self.registry, &*self.places, Some(&previous), bundle).ok();
        let mut edited = BTreeMap::new();
        for change in plan.into_iter().flat_map(|plan| plan.changes) {
            if let Some(place) = change.source.first() {
                let next = format!("edit {place}, then `gwinfra plan`");
                edited.entry(change.stack).or_insert(next);
            }
        }
        edited
    }

    /// What failed of one stack; `None` when it is well.
    async fn failure_of_stack(
        &self,
        rendered: &RenderedStack,
        run: Option<&PastRun>,
        notes: &mut Vec<String>,
    ) -> Result<Option<Failure>, EngineError> {
        let session = self.session(&rendered.target);
        let client = session.cloudformation();
        let mut found = client.stack(&rendered.name).await?;
        if found.is_none()
            && let Some((id, _)) = run.and_then(|run| run.executed_for(&rendered.key))
        {
            // A stack that is gone is found by its ARN only.
            found = client.stack(id).await?;
        }
        let told = |status: &str, reason: Option<String>| Told {
            key: rendered.key.clone(),
            name: rendered.name.clone(),
            account: rendered.target.account.clone(),
            region: rendered.target.region.clone(),
            status: status.to_owned(),
            reason,
        };
        let written = run.and_then(|run| run.failure_of(&rendered.key));
        let executed = run.is_some_and(|run| run.executed_for(&rendered.key).is_some());
        // A stack that ended well and failed after that: accounts of its stack set.
        let outcome = if executed { Outcome::InPart } else { Outcome::NotBegun };
        let Some(stack) = found.filter(|stack| stack.status != "DELETE_COMPLETE") else {
            return Ok(written.map(|written| of_journal(told("not there", None), outcome, written)));
        };
        if outcome::is_good(&stack.status) || stack.status == "REVIEW_IN_PROGRESS" {
            match self.unhealthy(rendered, &stack, told(&stack.status, None)).await {
                Ok(Some(failure)) => return Ok(Some(failure)),
                Ok(None) => {}
                Err(error) => notes.push(format!("the service of {} could not be looked at: {error}", stack.name)),
            }
            // What failed before anything was given to AWS: a change set that could not be made.
            let changed = stack.updated.as_deref().or(stack.created.as_deref());
            let current = written.filter(|(at, _)| is_later(Some(at), changed));
            return Ok(current.map(|written| of_journal(told(&stack.status, None), outcome, written)));
        }
        let events = self.last_operation(client, rendered, &stack).await?;
        let cancelled = events.iter().any(|event| {
            event.logical_id.is_empty()
                && event.status == "UPDATE_ROLLBACK_IN_PROGRESS"
                && event.reason.as_deref().is_some_and(is_asked_for)
        });
        let mut failure = failure_of(told(&stack.status, stack.reason.clone()), outcome_of(&stack.status), events);
        if let Err(error) = self.explain(client, &stack, &mut failure, cancelled).await {
            notes.push(format!("hooks and validations of {} could not be looked at: {error}", stack.name));
        }
        if let Some(written) = written {
            tell_accounts(&mut failure, written);
        }
        failure.next = next(&failure);
        Ok(Some(failure))
    }

    /// The events of the last operation of a stack, its rollback included, oldest first.
    async fn last_operation(
        &self,
        client: &CloudFormation,
        rendered: &RenderedStack,
        stack: &Stack,
    ) -> Result<Vec<Happened>, EngineError> {
        // They come newest first: what is older than the beginning belongs to an earlier operation.
        let mut begun = false;
        let events = client.events(&stack.id, |event| {
            let earlier = begun;
            begun = begun || event.begins(&stack.id);
            earlier
        });
        let mut events = events.await?;
        // Neighbours may have changed places.
        events.sort_by_key(|event| event.at.parse::<jiff::Timestamp>().ok());
        let mut hooks = Hooks::default();
        events.iter().for_each(|event| hooks.take(event));
        for event in &mut events {
            event.reason = event.reason.take().map(|reason| hooks.explain(&event.logical_id, reason));
        }
        Ok(events.into_iter().map(|event| self.happened(rendered, stack, event)).collect())
    }

    fn happened(&self, rendered: &RenderedStack, stack: &Stack, event: StackEvent) -> Happened {
        let of_stack = event.is_of_stack(&stack.id);
        Happened {
            address: if of_stack { stack.name.clone() } else { rendered.address(&self.hub, &event.logical_id) },
            source: if of_stack { Vec::new() } else { self.places_of(&rendered.key, &event.logical_id) },
            logical_id: if of_stack { String::new() } else { event.logical_id },
            resource_type: event.resource_type,
            physical_id: event.physical_id,
            status: event.status,
            at: event.at,
            reason: event.reason,
        }
    }

    /// Places in the spec that a resource comes from. Every resource has a name and tags: these come last.
    pub(super) fn places_of(&self, key: &str, logical_id: &str) -> Vec<SourcePlace> {
        let mut places = (self.places)(key, logical_id, &[]);
        places.sort_by_key(|place| place.path.as_deref().is_some_and(|path| matches!(path, "name" | "tags")));
        places
    }

    /// Adds what only CloudFormation itself tells: that somebody cancelled, hooks and validations.
    async fn explain(
        &self,
        client: &CloudFormation,
        stack: &Stack,
        failure: &mut Failure,
        cancelled: bool,
    ) -> Result<(), EngineError> {
        let resource_failed = failure.cause.as_ref().is_some_and(|cause| !cause.logical_id.is_empty());
        if cancelled && !resource_failed {
            failure.evidence.push(Evidence::cancelled());
            return Ok(());
        }
        if resource_failed || failure.outcome == Outcome::InProgress {
            return Ok(());
        }
        let newest = stack.last_failed();
        for event in client.failed_events(&stack.id).await? {
            let of_newest = event.operation_id.as_deref().is_some_and(|id| newest.contains(&id));
            if event.warning || !(newest.is_empty() || of_newest) {
                continue;
            }
            let about = event.path.or(event.logical_id).map(|about| format!("{about}: ")).unwrap_or_default();
            let check = event.check.map(|check| format!(" ({check})")).unwrap_or_default();
            failure.evidence.push(Evidence::fact("cloudformation", format!("{about}{}{check}", event.reason)));
        }
        Ok(())
    }

    /// A stack that is complete, and whose service went back to its previous tasks.
    async fn unhealthy(
        &self,
        rendered: &RenderedStack,
        stack: &Stack,
        told: Told,
    ) -> Result<Option<Failure>, EngineError> {
        let Some((cluster, service)) = named(&stack.outputs) else { return Ok(None) };
        let session = self.session(&rendered.target);
        let Some(deployment) = newest_deployment(&session, cluster, service).await? else { return Ok(None) };
        if !is_lost(session.ecs(), cluster, service, &deployment, planned(&stack.outputs)).await? {
            return Ok(None);
        }
        let template = crate::cfn::template::Template::parse(rendered.name.as_str(), &rendered.template);
        let logical_id = template.ok().and_then(|template| logical_id_of(&template.to_json(), "AWS::ECS::Service"));
        let logical_id = logical_id.unwrap_or_else(|| service.to_owned());
        let reason = deployment.rollback_reason.or(deployment.reason).unwrap_or_else(|| deployment.status.clone());
        let event = Happened {
            address: rendered.address(&self.hub, &logical_id),
            source: self.places_of(&rendered.key, &logical_id),
            logical_id,
            resource_type: "AWS::ECS::Service".to_owned(),
            physical_id: None,
            status: deployment.status,
            at: deployment.created_at.unwrap_or_default(),
            reason: Some(reason),
        };
        let mut failure = failure_of(told, Outcome::Unhealthy, vec![event]);
        failure.next = next(&failure);
        Ok(Some(failure))
    }

    /// Cluster and service of a stack: by the service's ARN, or by the names that the blueprint gives.
    fn service_of(&self, rendered: &RenderedStack, failure: &Failure) -> Option<(String, String)> {
        let causes = failure.cause.iter().chain(&failure.also);
        let arn = causes
            .filter(|cause| cause.resource_type == "AWS::ECS::Service")
            .find_map(|cause| cause.physical_id.as_deref()?.split_once(":service/").map(|(_, path)| path.to_owned()));
        if let Some((cluster, service)) = arn.as_deref().and_then(|path| path.split_once('/')) {
            return Some((cluster.to_owned(), service.to_owned()));
        }
        let template =
            crate::cfn::template::Template::parse(rendered.name.as_str(), &rendered.template).ok()?.to_json();
        let name = |resource_type: &str, property: &str| {
            let logical_id = logical_id_of(&template, resource_type)?;
            let name = template.get("Resources")?.get(&logical_id)?.get("Properties")?.get(property)?.as_str()?;
            Some(name.to_owned())
        };
        Some((name("AWS::ECS::Cluster", "ClusterName")?, name("AWS::ECS::Service", "ServiceName")?))
    }
}

/// The first resource of a type in a template.
fn logical_id_of(template: &serde_json::Value, resource_type: &str) -> Option<String> {
    let resources = template.get("Resources")?.as_object()?;
    let found = resources.iter().find(|(_, resource)| resource.get("Type").is_some_and(|own| own == resource_type));
    found.map(|(logical_id, _)| logical_id.clone())
}

/// Tells of the accounts in which a stack set failed, as the run has seen it: the stack itself only repeats their words, in
/// one long line.
fn tell_accounts(failure: &mut Failure, (_, written): &(String, String)) {
    let Some(cause) = failure.cause.as_mut().filter(|cause| cause.resource_type == stack_set::TYPE) else { return };
    let lines: Vec<String> = written
        .lines()
        .skip(1)
        .map(|line| line.trim().split("  [").next().unwrap_or_default().to_owned())
        .filter(|line| line.contains(":"))
        .collect();
    if !lines.is_empty() {
        "the stack set failed in accounts".clone_into(&mut cause.reason);
        let fact = "what failed there".to_owned();
        failure.evidence.push(Evidence { from: "cloudformation".to_owned(), fact, lines });
    }
}

/// What became of a stack in a status.
fn outcome_of(status: &str) -> Outcome {
    if status.ends_with("_IN_PROGRESS") {
        Outcome::InProgress
    } else if outcome::is_rolled_back(status) {
        Outcome::RolledBack
    } else {
        Outcome::Stuck
    }
}

/// A failure that only the journal tells of.
fn of_journal(told: Told, outcome: Outcome, (at, reason): &(String, String)) -> Failure {
    let status = told.status.clone();
    let mut failure = failure_of(told, outcome, Vec::new());
    failure.cause = Some(Cause {
        address: failure.name.clone(),
        logical_id: String::new(),
        resource_type: String::new(),
        physical_id: None,
        status: String::new(),
        at: Some(at.clone()),
        reason: reason.clone(),
        source: Vec::new(),
    });
    failure.next = vec![match status.as_str() {
        "not there" => "gwinfra apply".to_owned(),
        status => status_table::lookup(status).next.to_owned(),
    }];
    failure
}

/// What to do next, as long as nothing is known of the cause but its place.
fn next(failure: &Failure) -> Vec<String> {
    let place = failure.cause.as_ref().and_then(Cause::place);
    match (failure.outcome, place) {
        (Outcome::RolledBack | Outcome::Unhealthy, Some(place)) => vec![format!("edit {place}, then `gwinfra plan`")],
        (Outcome::Stuck, Some(place)) => {
            vec![status_table::lookup(&failure.status).next.to_owned(), format!("edit {place}, then `gwinfra plan`")]
        }
        _ => vec![status_table::lookup(&failure.status).next.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_that_needs_recover_is_stuck() {
        for row in status_table::STATUSES.iter().filter(|row| row.apply == status_table::Verdict::Recover) {
            assert_eq!(outcome_of(row.status), Outcome::Stuck, "{}", row.status);
        }
    }
}
