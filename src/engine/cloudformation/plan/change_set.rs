//! The change set of one stack, while it is planned.

use super::live::{Live, invalid};
use super::{note, refusals};
use crate::aws::Clients;
use crate::aws::cloudformation::{ChangeSet, ChangeSetKind, ChangeSetRequest, CloudFormation, Deletion, FailedEvent};
use crate::diagnostics::Diagnostic;
use crate::engine::EngineError;
use crate::plan::{PlanNote, PlannedStack, codes};
use crate::render::Target;

impl Live<'_> {
    /// Makes the change set and reads it. One that says that nothing changes is deleted at once.
    pub(super) async fn change_set(
        &self,
        planned: &PlannedStack,
        notes: &mut Vec<PlanNote>,
    ) -> Result<Option<ChangeSet>, EngineError> {
        let stack = self.stack;
        self.planner.say(&stack.key, format!("asking CloudFormation what changes in {}", stack.name));
        let key: String = stack.key.chars().map(|own| if own.is_ascii_alphanumeric() { own } else { '-' }).collect();
        let token: String = format!("{}-{key}", self.run).chars().take(128).collect();
        let request = ChangeSetRequest {
            stack: &stack.name,
            name: self.run,
            kind: if self.existing.is_some() { ChangeSetKind::Update } else { ChangeSetKind::Create },
            template: &stack.template,
            parameters: &planned.parameters,
            tags: &stack.tags,
            capabilities: &stack.capabilities,
            token: &token,
        };
        let (id, stack_id) = match self.client.create_change_set(&request).await {
            Ok(ids) => ids,
            Err(error) if error.is("ValidationError") => {
                return Err(self.refused(error.message().unwrap_or_default(), &[]));
            }
            Err(error) => return Err(error.into()),
        };
        let made = PlannedStack { change_set: Some(id.clone()), stack_id: Some(stack_id), ..planned.clone() };
        let set = match self.client.wait_for_change_set(&id).await {
            Ok(set) => set,
            Err(error) => {
                self.discard(&made).await?;
                return Err(error.into());
            }
        };
        if set.has_no_changes() {
            self.discard(&made).await?;
            return Ok(Some(set));
        }
        if set.status != "CREATE_COMPLETE" {
            let reason = set.reason.clone().unwrap_or_else(|| format!("the change set is {}", set.status));
            let events = self.client.failed_events_of_change_set(&id).await.unwrap_or_default();
            self.discard(&made).await?;
            return Err(self.refused(&reason, &events));
        }
        // Early validation warns in the events only. They are an extra: who may not read them still gets a plan.
        let events = self.client.failed_events_of_change_set(&id).await.unwrap_or_default();
        for event in events.iter().filter(|event| event.warning) {
            notes.push(note("warning", format!("{}: {}", self.place_of(event), event.reason), None));
        }
        Ok(Some(set))
    }

    /// The error for a change that CloudFormation does not take.
    fn refused(&self, reason: &str, events: &[FailedEvent]) -> EngineError {
        let details: Vec<&FailedEvent> = events.iter().filter(|event| !event.warning).collect();
        if details.is_empty() {
            let message = format!("CloudFormation refuses {}: {reason}", self.stack.name);
            return invalid(vec![Diagnostic::error(codes::REFUSED, message)]);
        }
        let findings = details.into_iter().map(|event| {
            let mut finding = Diagnostic::error(
                codes::REFUSED,
                format!("CloudFormation refuses {}: {}", self.place_of(event), event.reason),
            );
            if let Some(check) = &event.check {
                finding = finding.with_label(check.clone());
            }
            let place = event.logical_id.as_deref().map(|id| (self.planner.places)(&self.stack.key, id, &[]));
            finding.with_span(place.unwrap_or_default().first().map(refusals::span))
        });
        invalid(findings.collect())
    }

    fn place_of(&self, event: &FailedEvent) -> String {
        match (&event.logical_id, &event.path) {
            (Some(id), Some(path)) => format!("{} ({path})", self.stack.address(self.hub, id)),
            (Some(id), None) => self.stack.address(self.hub, id),
            (None, Some(path)) => format!("{} ({path})", self.stack.name),
            (None, None) => self.stack.name.clone(),
        }
    }

    pub(super) async fn discard(&self, made: &PlannedStack) -> Result<(), EngineError> {
        discard_one(self.client, made).await
    }
}

/// Deletes the change sets of planned stacks, and the empty stacks that they made.
///
/// # Errors
/// When a call fails.
pub(super) async fn discard(clients: &Clients, stacks: &[PlannedStack]) -> Result<(), EngineError> {
    for stack in stacks {
        let target = Target {
            account: stack.account.clone(),
            region: stack.region.clone(),
            deploy_role: stack.deploy_role.clone(),
        };
        discard_one(clients.session(&target).cloudformation(), stack).await?;
    }
    Ok(())
}

async fn discard_one(client: &CloudFormation, planned: &PlannedStack) -> Result<(), EngineError> {
    let Some(id) = &planned.change_set else { return Ok(()) };
    client.delete_change_set(id).await?;
    // A change set for a new stack made an empty one, which counts against the quota; other change sets keep it.
    if planned.status.is_none()
        && let Some(shell) = client.stack(&planned.name).await?
        && shell.status == "REVIEW_IN_PROGRESS"
        && client.change_sets(&shell.id).await?.iter().all(|(other, _)| other == id)
    {
        let token = format!("gwinfra-{}", uuid::Uuid::new_v4().simple());
        client.delete_stack(&shell.id, &token, &Deletion::default()).await?;
    }
    Ok(())
}
