//! What a rollback has left out. CloudFormation takes those resources for what they were before the update, and they may be
//! anything; an update of a stack that is wrong about them may leave it beyond recovery. So they are compared with what the
//! stack takes them for, and the stack is not updated as long as they differ.

use std::collections::{BTreeMap, BTreeSet};

use super::CloudFormationEngine;
use crate::aws::cloudformation::{CloudFormation, StackEvent};
use crate::drift::Finding;
use crate::engine::at_once::at_once;
use crate::engine::{ACCOUNTS_AT_ONCE, EngineError, EventKind, preflight};
use crate::plan::{Gate, GateKind, Plan, PlanNote, StackAction};
use crate::render::{Bundle, RenderedStack};

/// The only status of a stack whose last update was rolled back to the end, and that can be updated.
const ROLLED_BACK: &str = "UPDATE_ROLLBACK_COMPLETE";

/// Most differences of one resource that are told.
const DIFFERENCES_TOLD: usize = 3;

impl CloudFormationEngine {
    /// Resources that a rollback left out, and that are not what their stacks take them for. Changes nothing.
    ///
    /// # Errors
    /// When AWS cannot be asked, or the journal is damaged.
    pub async fn unreconciled(&self, bundle: &Bundle) -> Result<Vec<Gate>, EngineError> {
        let asked = at_once(ACCOUNTS_AT_ONCE, bundle.stacks.iter().map(|stack| self.unreconciled_of(stack))).await;
        let mut gates = Vec::new();
        for (found, rendered) in asked.into_iter().zip(&bundle.stacks) {
            match found {
                Ok(found) => gates.extend(found),
                Err(error) => match preflight::of_account(bundle, &rendered.target, &error) {
                    Some(reason) => {
                        let text = format!("what a rollback has left out of {} is not known: {reason}", rendered.name);
                        self.emit(Some(&rendered.key), EventKind::Message { text });
                    }
                    None => return Err(error),
                },
            }
        }
        Ok(gates)
    }

    /// Adds to a plan what rollbacks have left out of its stacks: a gate where the stack would be updated, and otherwise a
    /// warning.
    pub(super) async fn add_unreconciled(&self, bundle: &Bundle, plan: &mut Plan) -> Result<(), EngineError> {
        let rolled_back: Vec<(&RenderedStack, StackAction)> = plan
            .stacks
            .iter()
            // Whatever a deletion meets, it deletes.
            .filter(|planned| matches!(planned.action, StackAction::Update | StackAction::NoOp))
            .filter(|planned| planned.status.as_deref() == Some(ROLLED_BACK))
            .filter_map(|planned| {
                let rendered = bundle.stacks.iter().find(|stack| stack.key == planned.key)?;
                Some((rendered, planned.action))
            })
            .collect();
        let asked = rolled_back.iter().map(|(rendered, _)| self.unreconciled_of(rendered));
        let asked = at_once(ACCOUNTS_AT_ONCE, asked).await;
        for ((rendered, action), found) in rolled_back.into_iter().zip(asked) {
            match found {
                Ok(gates) if action == StackAction::Update => plan.gates.extend(gates),
                Ok(gates) => plan.diagnostics.extend(gates.iter().map(warning)),
                Err(error) => match preflight::of_account(bundle, &rendered.target, &error) {
                    Some(reason) => plan.diagnostics.push(PlanNote {
                        severity: "warning".to_owned(),
                        message: format!("what a rollback has left out of {} is not known: {reason}", rendered.name),
                        help: None,
                    }),
                    None => return Err(error),
                },
            }
        }
        Ok(())
    }

    async fn unreconciled_of(&self, rendered: &RenderedStack) -> Result<Vec<Gate>, EngineError> {
        let session = self.session(&rendered.target);
        let client = session.cloudformation();
        let Some(found) = client.stack(&rendered.name).await? else { return Ok(Vec::new()) };
        if found.status != ROLLED_BACK {
            return Ok(Vec::new());
        }
        let ids = self.left_out(client, &found.id).await?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let part = self.compare_only(rendered, &ids).await?;
        let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for finding in &part.findings {
            reasons.entry(finding.address.clone()).or_default().push(difference(finding));
        }
        for skipped in &part.coverage.skipped {
            let reason = format!("could not be compared: {}", skipped.reason);
            reasons.entry(skipped.address.clone()).or_default().push(reason);
        }
        let gates = reasons.into_iter().map(|(address, mut reasons)| {
            let more = reasons.len().saturating_sub(DIFFERENCES_TOLD);
            reasons.truncate(DIFFERENCES_TOLD);
            if more > 0 {
                reasons.push(format!("{more} more"));
            }
            let reason = format!("was left out of a rollback: {}", reasons.join("; "));
            Gate { kind: GateKind::Reconciled, address, reason }
        });
        Ok(gates.collect())
    }

    /// Logical ids that the rollback of the last update left out: what is remembered here, and what AWS tells.
    pub(super) async fn left_out(
        &self,
        client: &CloudFormation,
        stack_id: &str,
    ) -> Result<BTreeSet<String>, EngineError> {
        let mut ids = self.journal.skipped(stack_id)?;
        ids.extend(skipped(&events_of_update(client, stack_id).await?, stack_id));
        Ok(ids)
    }
}

/// The events of the last update of a stack, oldest first.
pub(super) async fn events_of_update(client: &CloudFormation, stack_id: &str) -> Result<Vec<StackEvent>, EngineError> {
    let mut has_begun = false;
    let events = client.events(stack_id, |event| {
        // Pages are read back, so that whatever comes after the beginning is older.
        has_begun |= event.begins(stack_id) && event.status == "UPDATE_IN_PROGRESS";
        has_begun
    });
    Ok(events.await?)
}

/// Logical ids that a rollback could not undo, by the events of an update, oldest first; `None` when they do not tell.
/// CloudFormation leaves only those out of a rollback, and lists others in the same status: their own update failed or was
/// cancelled, and the rollback has not come to them.
pub(super) fn not_undone(events: &[StackEvent], stack_id: &str) -> Option<BTreeSet<String>> {
    let back = |event: &StackEvent| event.is_of_stack(stack_id) && event.status == "UPDATE_ROLLBACK_IN_PROGRESS";
    let begun = events.iter().position(back)?;
    let mut ids = BTreeSet::new();
    for event in events.iter().skip(begun).filter(|event| !event.is_of_stack(stack_id)) {
        let cancelled = event.reason.as_deref().is_some_and(|reason| reason.starts_with("Resource update cancelled"));
        if event.status == "UPDATE_FAILED" && !cancelled {
            ids.insert(event.logical_id.clone());
        } else {
            ids.remove(&event.logical_id);
        }
    }
    Some(ids)
}

/// Logical ids that a continued rollback left out, by the events of an update, oldest first: they went from `UPDATE_FAILED`
/// straight to `UPDATE_COMPLETE`.
fn skipped(events: &[StackEvent], stack_id: &str) -> BTreeSet<String> {
    let mut is_continued = false;
    let mut latest: BTreeMap<&str, &str> = BTreeMap::new();
    let mut skipped = BTreeSet::new();
    for event in events {
        if event.is_of_stack(stack_id) {
            is_continued |= event.status == "UPDATE_ROLLBACK_FAILED";
            continue;
        }
        let before = latest.insert(&event.logical_id, &event.status);
        if is_continued && event.status == "UPDATE_COMPLETE" && before == Some("UPDATE_FAILED") {
            skipped.insert(event.logical_id.clone());
        }
    }
    skipped
}

fn difference(finding: &Finding) -> String {
    let path = finding.path.join(".");
    let value = |value: &Option<serde_json::Value>| value.as_ref().map_or("nothing".to_owned(), ToString::to_string);
    if path.is_empty() {
        return "it is gone".to_owned();
    }
    format!("{path} is {} instead of {}", value(&finding.actual), value(&finding.expected))
}

fn warning(gate: &Gate) -> PlanNote {
    PlanNote {
        severity: "warning".to_owned(),
        message: format!("{} {}", gate.address, gate.reason),
        help: Some(format!("gwinfra drift --revert {}   before its stack is updated", gate.address)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STACK: &str = "arn:stack";

    fn event(logical_id: &str, status: &str) -> StackEvent {
        let is_stack = logical_id == "stack";
        StackEvent {
            id: String::new(),
            at: String::new(),
            operation_id: None,
            logical_id: logical_id.to_owned(),
            physical_id: is_stack.then(|| STACK.to_owned()),
            resource_type: if is_stack { "AWS::CloudFormation::Stack" } else { "AWS::ECS::Service" }.to_owned(),
            status: status.to_owned(),
            reason: None,
            detailed_status: None,
            token: None,
            hook: None,
            refusal: None,
        }
    }

    fn left_out(events: &[(&str, &str)]) -> Vec<String> {
        let events: Vec<StackEvent> = events.iter().map(|(id, status)| event(id, status)).collect();
        skipped(&events, STACK).into_iter().collect()
    }

    #[test]
    fn what_failed_before_the_rollback_was_not_undone_by_it_only_if_it_failed_again() {
        let failed = [
            ("Service", "UPDATE_FAILED"),
            ("Alarm", "UPDATE_FAILED"),
            ("stack", "UPDATE_ROLLBACK_IN_PROGRESS"),
            ("LogGroup", "UPDATE_FAILED"),
            ("Alarm", "UPDATE_COMPLETE"),
            ("stack", "UPDATE_ROLLBACK_FAILED"),
        ];
        let events: Vec<StackEvent> = failed.iter().map(|(id, status)| event(id, status)).collect();
        assert_eq!(not_undone(&events, STACK), Some(BTreeSet::from(["LogGroup".to_owned()])));
        assert_eq!(not_undone(&events[..2], STACK), None);
    }

    #[test]
    fn what_was_cancelled_in_a_rollback_was_not_come_to() {
        let mut events = [event("stack", "UPDATE_ROLLBACK_IN_PROGRESS"), event("Service", "UPDATE_FAILED")];
        events[1].reason = Some("Resource update cancelled".to_owned());
        assert_eq!(not_undone(&events, STACK), Some(BTreeSet::new()));
    }

    #[test]
    fn what_went_from_failed_straight_to_complete_was_left_out() {
        let events = [
            ("Service", "UPDATE_FAILED"),
            ("stack", "UPDATE_ROLLBACK_FAILED"),
            ("stack", "UPDATE_ROLLBACK_IN_PROGRESS"),
            ("Service", "UPDATE_COMPLETE"),
            ("stack", "UPDATE_ROLLBACK_COMPLETE"),
        ];
        assert_eq!(left_out(&events), ["Service"]);
    }

    #[test]
    fn what_was_rolled_back_at_the_second_attempt_was_not_left_out() {
        let events = [
            ("Service", "UPDATE_FAILED"),
            ("stack", "UPDATE_ROLLBACK_FAILED"),
            ("Service", "UPDATE_IN_PROGRESS"),
            ("Service", "UPDATE_COMPLETE"),
        ];
        assert!(left_out(&events).is_empty());
    }

    #[test]
    fn a_rollback_that_never_failed_leaves_nothing_out() {
        let events = [("Service", "UPDATE_FAILED"), ("Service", "UPDATE_COMPLETE")];
        assert!(left_out(&events).is_empty());
    }
}
