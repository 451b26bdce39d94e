//! Follows an operation on a stack: emits every event once, oldest first, until the stack comes to rest.

use std::collections::{BTreeMap, HashSet};

use super::hooks::Hooks;
use super::stack_set::Progress;
use super::{CloudFormationEngine, outcome};
use crate::aws::Poll;
use crate::aws::cloudformation::{CloudFormation, Stack, StackEvent};
use crate::diagnose::is_echo;
use crate::engine::{Cancelled, EngineError, EventKind, ResourceFailure};
use crate::render::RenderedStack;

/// How an operation ended.
#[derive(Debug)]
pub(super) struct Rest {
    /// The stack; `None` when it is gone.
    pub stack: Option<Stack>,
    /// Resources that failed by themselves, first first.
    pub causes: Vec<ResourceFailure>,
    /// Of these, what failed in the accounts of a stack set.
    pub in_accounts: Vec<ResourceFailure>,
}

/// A status in which nothing happens any more.
pub(super) fn at_rest(status: &str) -> bool {
    !status.ends_with("_IN_PROGRESS")
}

/// Follows one operation on a stack.
pub(super) struct Watch<'a> {
    pub engine: &'a CloudFormationEngine,
    pub client: &'a CloudFormation,
    /// The stack as rendered, for words and places; `None` for a stack that is no longer in the spec.
    pub rendered: Option<&'a RenderedStack>,
    /// Key under which events are shown.
    pub key: &'a str,
    /// ARN of the stack: a name would find another stack after a deletion.
    pub stack_id: &'a str,
    /// Status of the stack before the operation.
    pub before: &'a str,
    /// Marks the events of this operation.
    pub token: &'a str,
    /// Since when the operation runs, if it is somebody else's: its events are those from then on, and a signal leaves it
    /// alone and ends the watching.
    pub since: Option<jiff::Timestamp>,
}

impl Watch<'_> {
    /// Waits until the stack is at rest. A first signal cancels what can be cancelled and goes on watching; a second one
    /// leaves. `sets` tells what the stack's stack sets do.
    pub async fn to_rest(&self, mut sets: Progress<'_>) -> Result<Rest, EngineError> {
        let mut seen: HashSet<String> = HashSet::new();
        let mut causes = Vec::new();
        let mut shown = BTreeMap::new();
        let mut hooks = Hooks::default();
        let mut poll = Poll::default();
        let mut asked_to_cancel = false;
        let mut looks = 0;
        loop {
            sets.report().await?;
            self.report(&mut seen, &mut causes, &mut shown, &mut hooks).await?;
            let stack = self.client.stack(self.stack_id).await?;
            let Some(stack) = stack else {
                let in_accounts = sets.failures().to_vec();
                return Ok(Rest { stack: None, causes: sets.causes(causes), in_accounts });
            };
            let finished = at_rest(&stack.status);
            let well = outcome::is_good(&stack.status) || stack.status == "DELETE_COMPLETE";
            if finished && has_begun(!seen.is_empty(), well && stack.status != self.before, looks) {
                sets.report().await?;
                self.report(&mut seen, &mut causes, &mut shown, &mut hooks).await?;
                let gone = stack.status == "DELETE_COMPLETE";
                let in_accounts = sets.failures().to_vec();
                return Ok(Rest { stack: (!gone).then_some(stack), causes: sets.causes(causes), in_accounts });
            }
            looks += u32::from(finished);
            match self.engine.cancel.stage() {
                Cancelled::No => {}
                Cancelled::Stop if self.since.is_some() => return Err(self.left(&stack)),
                Cancelled::Stop if asked_to_cancel => {}
                Cancelled::Stop => {
                    asked_to_cancel = true;
                    self.cancel(&stack).await?;
                }
                Cancelled::Leave => {
                    return Err(self.left(&stack));
                }
            }
            tokio::select! {
                () = poll.pause() => {}
                () = self.engine.cancel.reached(if asked_to_cancel { Cancelled::Leave } else { Cancelled::Stop }) => {}
            }
        }
    }

    /// The error of a watching that a signal has ended.
    fn left(&self, stack: &Stack) -> EngineError {
        EngineError::Cancelled(vec![format!("stack {} is {} and AWS goes on with it", stack.name, stack.status)])
    }

    async fn cancel(&self, stack: &Stack) -> Result<(), EngineError> {
        let words = match stack.status.as_str() {
            "UPDATE_IN_PROGRESS" => {
                match self.client.cancel_update(self.stack_id, &format!("{}-cancel", self.token)).await {
                    Ok(()) => "cancelling the update: the stack goes back to its previous state".to_owned(),
                    Err(error) => format!("the update cannot be cancelled any more ({error}): waiting for its end"),
                }
            }
            "CREATE_IN_PROGRESS" => {
                "a stack that is being made cannot be cancelled without deleting it: waiting for its end".to_owned()
            }
            status => format!("{status} cannot be cancelled: waiting for its end"),
        };
        self.engine.emit(Some(self.key), EventKind::Message { text: format!("{}: {words}", stack.name) });
        Ok(())
    }

    async fn report(
        &self,
        seen: &mut HashSet<String>,
        causes: &mut Vec<ResourceFailure>,
        shown: &mut BTreeMap<String, String>,
        hooks: &mut Hooks,
    ) -> Result<(), EngineError> {
        let events =
            self.client.events(self.stack_id, |event| seen.contains(&event.id) || !self.is_ours(event)).await?;
        for mut event in events {
            if !seen.insert(event.id.clone()) {
                continue;
            }
            hooks.take(&event);
            event.reason = event.reason.map(|reason| hooks.explain(&event.logical_id, reason)).or(event.refusal.take());
            if event.is_of_stack(self.stack_id) {
                if shown.insert(String::new(), event.status.clone()).as_deref() != Some(event.status.as_str()) {
                    let reason = event.reason.clone();
                    self.engine.emit(Some(self.key), EventKind::StackStatus { status: event.status, reason });
                }
                continue;
            }
            if event.status.ends_with("_FAILED") && !is_echo(event.reason.as_deref().unwrap_or_default()) {
                causes.push(self.failure(&event));
            }
            self.engine.emit(
                Some(self.key),
                EventKind::Resource {
                    description: self.rendered.and_then(|stack| stack.descriptions.get(&event.logical_id).cloned()),
                    logical_id: event.logical_id,
                    resource_type: event.resource_type,
                    status: event.status,
                    reason: event.reason,
                },
            );
        }
        Ok(())
    }

    /// Whether an event belongs to this operation, or to its cancellation.
    fn is_ours(&self, event: &StackEvent) -> bool {
        match self.since {
            Some(since) => event.at.parse::<jiff::Timestamp>().is_ok_and(|at| at >= since),
            None => event.token.as_deref().is_some_and(|token| token.starts_with(self.token)),
        }
    }

    fn failure(&self, event: &StackEvent) -> ResourceFailure {
        let hub = &self.engine.hub;
        let place =
            self.rendered.and_then(|stack| self.engine.places_of(&stack.key, &event.logical_id).into_iter().next());
        ResourceFailure {
            address: match self.rendered {
                Some(stack) => stack.address(hub, &event.logical_id),
                None => format!("{}/{}", self.key, event.logical_id),
            },
            resource_type: event.resource_type.clone(),
            reason: event.reason.clone().unwrap_or_else(|| event.status.clone()),
            place: place.map(|place| place.to_string()),
        }
    }
}

/// Whether an operation has begun. A read right after the call may still answer the status from before it, so one of the
/// operation's events has to be seen. Events are listed late: they get a few looks when the stack came to another, good
/// status, which needs no explanation, and many when it did not.
fn has_begun(event_seen: bool, came_to_good: bool, looks: u32) -> bool {
    event_seen || looks > if came_to_good { 3 } else { 20 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_from_before_the_call_is_not_its_end() {
        assert!(!has_begun(false, false, 4));
        assert!(has_begun(true, false, 0));
    }

    #[test]
    fn another_good_status_is_the_end_even_without_events() {
        assert!(!has_begun(false, true, 0));
        assert!(has_begun(false, true, 4));
    }

    #[test]
    fn a_stack_rests_in_every_status_but_those_in_progress() {
        assert!(at_rest("ROLLBACK_COMPLETE"));
        assert!(!at_rest("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"));
        assert!(!at_rest("REVIEW_IN_PROGRESS"));
    }
}
