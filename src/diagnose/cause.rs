//! From what happened in an operation to its first cause.

use super::echo::is_echo;
use super::report::{Cause, Failure, Operation, Outcome};
use crate::plan::SourcePlace;

/// The stack that an operation was on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// Key in the bundle.
    pub key: String,
    /// Name of the stack.
    pub name: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Its status now.
    pub status: String,
    /// Why, in the words of whoever gives the status.
    pub reason: Option<String>,
}

/// Something that happened in an operation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Happened {
    /// As in plans.
    pub address: String,
    /// Name in the stack; empty for the stack itself.
    pub logical_id: String,
    /// Resource type.
    pub resource_type: String,
    /// Identifier in AWS.
    pub physical_id: Option<String>,
    /// The new status.
    pub status: String,
    /// When, RFC 3339.
    pub at: String,
    /// Why.
    pub reason: Option<String>,
    /// Lines of the spec that the resource comes from.
    pub source: Vec<SourcePlace>,
}

impl Happened {
    fn is_of_stack(&self) -> bool {
        self.logical_id.is_empty()
    }

    fn cause(self) -> Cause {
        Cause {
            reason: self.reason.unwrap_or_else(|| self.status.clone()),
            address: self.address,
            logical_id: self.logical_id,
            resource_type: self.resource_type,
            physical_id: self.physical_id,
            status: self.status,
            at: Some(self.at),
            source: self.source,
        }
    }
}

/// Sorts out what happened in one operation, oldest first: the cause, what failed by itself after it, what was only
/// cancelled. What to do next is not known here.
pub fn failure_of(told: Told, outcome: Outcome, events: Vec<Happened>) -> Failure {
    let operation = operation(&events, outcome);
    let mut causes: Vec<Cause> = Vec::new();
    let mut consequences: Vec<String> = Vec::new();
    // A deployment that failed is told in ECS's words, such as `ROLLBACK_SUCCESSFUL`.
    let failed = |event: &Happened| event.status.ends_with("_FAILED") || outcome == Outcome::Unhealthy;
    for event in events.into_iter().filter(|event| !event.is_of_stack() && failed(event)) {
        if event.reason.as_deref().is_some_and(is_echo) {
            if !consequences.contains(&event.address) {
                consequences.push(event.address);
            }
            continue;
        }
        // The same resource fails again when the rollback cannot undo it: another status, and news.
        let known = |cause: &Cause| {
            cause.address == event.address
                && cause.status == event.status
                && Some(&cause.reason) == event.reason.as_ref()
        };
        if !causes.iter().any(known) {
            causes.push(event.cause());
        }
    }
    consequences.retain(|address| causes.iter().all(|cause| cause.address != *address));
    let mut causes = causes.into_iter();
    let cause = causes.next().or_else(|| {
        // Of what still runs, and of what somebody has stopped, the stack only says who asked for it.
        let reason = told.reason.clone().filter(|reason| outcome != Outcome::InProgress && !is_asked_for(reason))?;
        let empty = Happened { address: told.name.clone(), reason: Some(reason), ..Happened::default() };
        Some(Cause { at: None, ..empty.cause() })
    });
    Failure {
        stack: told.key,
        name: told.name,
        account: told.account,
        region: told.region,
        status: told.status,
        outcome,
        operation,
        cause,
        also: causes.collect(),
        evidence: Vec::new(),
        guesses: Vec::new(),
        consequences,
        next: Vec::new(),
    }
}

/// How CloudFormation says that an operation, or its cancellation, was asked for.
pub fn is_asked_for(reason: &str) -> bool {
    reason.starts_with("User Initiated")
}

fn operation(events: &[Happened], outcome: Outcome) -> Option<Operation> {
    let mut of_stack = events.iter().filter(|event| event.is_of_stack());
    let first = of_stack.next()?;
    let last = of_stack.next_back().filter(|_| outcome != Outcome::InProgress);
    let parse = |event: &Happened| event.at.parse::<jiff::Timestamp>().ok();
    let seconds = last.and_then(|last| Some(parse(last)?.duration_since(parse(first)?).as_secs()));
    Some(Operation {
        kind: first.status.split('_').next().unwrap_or_default().to_lowercase(),
        started_at: Some(first.at.clone()),
        ended_at: last.map(|last| last.at.clone()),
        seconds: seconds.and_then(|seconds| u64::try_from(seconds).ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(logical_id: &str, status: &str, second: u32, reason: &str) -> Happened {
        Happened {
            address: format!("acme-gateway/{logical_id}"),
            logical_id: logical_id.to_owned(),
            status: status.to_owned(),
            at: format!("2026-01-01T00:00:{second:02}Z"),
            reason: (!reason.is_empty()).then(|| reason.to_owned()),
            ..Happened::default()
        }
    }

    fn failure(events: Vec<Happened>) -> Failure {
        failure_of(Told { reason: Some("of the stack".to_owned()), ..Told::default() }, Outcome::RolledBack, events)
    }

    #[test]
    fn the_first_failure_that_is_no_echo_is_the_cause() {
        let found = failure(vec![
            event("", "UPDATE_IN_PROGRESS", 0, "User Initiated"),
            event("Alarm", "CREATE_FAILED", 2, "Resource creation cancelled"),
            event("Service", "UPDATE_FAILED", 3, "Circuit Breaker was triggered"),
            event("", "UPDATE_ROLLBACK_COMPLETE", 9, ""),
        ]);
        assert_eq!(found.cause.map(|cause| cause.logical_id).as_deref(), Some("Service"));
        assert_eq!(found.consequences, ["acme-gateway/Alarm"]);
    }

    #[test]
    fn what_the_rollback_cannot_undo_stands_beside_the_cause() {
        let found = failure(vec![
            event("Service", "UPDATE_FAILED", 3, "Circuit Breaker was triggered"),
            event("Service", "UPDATE_FAILED", 8, "still failing"),
        ]);
        assert_eq!(found.also.iter().map(|cause| cause.reason.as_str()).collect::<Vec<_>>(), ["still failing"]);
    }

    #[test]
    fn without_a_failed_resource_the_stack_says_why() {
        assert_eq!(failure(Vec::new()).cause.map(|cause| cause.reason).as_deref(), Some("of the stack"));
    }

    #[test]
    fn that_it_was_asked_for_is_no_cause() {
        let told = |reason: &str| Told { reason: Some(reason.to_owned()), ..Told::default() };
        assert_eq!(failure_of(told("User Initiated"), Outcome::RolledBack, Vec::new()).cause, None);
    }

    #[test]
    fn what_still_runs_and_has_no_failed_resource_has_no_cause() {
        let told = Told { reason: Some("of the stack".to_owned()), ..Told::default() };
        assert_eq!(failure_of(told, Outcome::InProgress, Vec::new()).cause, None);
    }

    #[test]
    fn an_operation_lasts_from_its_first_to_its_last_event() {
        let found =
            failure(vec![event("", "CREATE_IN_PROGRESS", 1, "User Initiated"), event("", "ROLLBACK_COMPLETE", 41, "")]);
        let operation = found.operation.unwrap();
        assert_eq!((operation.kind.as_str(), operation.seconds), ("create", Some(40)));
    }

    #[test]
    fn a_deployment_that_failed_is_the_cause_in_the_words_of_ecs() {
        let events = vec![event("Service", "ROLLBACK_SUCCESSFUL", 1, "tasks failed to start")];
        let cause = failure_of(Told::default(), Outcome::Unhealthy, events).cause;
        assert_eq!(cause.map(|cause| cause.status).as_deref(), Some("ROLLBACK_SUCCESSFUL"));
    }
}
