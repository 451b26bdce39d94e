//! Stacks that are not there: whether they were deployed and somebody else has deleted them, or there is nothing to compare.

use super::Part;
use super::comparison::{Comparison, once};
use super::places::size;
use crate::aws::Error;
use crate::aws::cloudformation::{CloudFormation, StackEvent, StackSummary};
use crate::drift::{Difference, Finding, Kind, Reader};
use crate::engine::at_once::at_once;
use crate::engine::cloudformation::apply::TOKEN;
use crate::engine::cloudformation::status_table::{Verdict, lookup};
use crate::render::{Bundle, RenderedStack};

/// How a stack went that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Past {
    /// CloudFormation knows of none that was deployed.
    Unknown,
    /// gwinfra has deleted it.
    Ours,
    /// Somebody else has; when, if CloudFormation still says so.
    Deleted(Option<String>),
}

impl Comparison<'_> {
    /// What is told of stacks that are not there. `applied` is what was applied last from here, if that is known.
    pub(super) async fn absent(&self, stacks: &[&RenderedStack], applied: Option<&Bundle>) -> Part {
        let targets = once(stacks.iter().map(|rendered| &rendered.target));
        let asked = targets.into_iter().map(|target| async move {
            let client = self.session(target);
            let deleted = client.cloudformation().deleted_stacks().await;
            let mut part = Part::default();
            for rendered in stacks.iter().filter(|rendered| rendered.target == *target) {
                let past = match &deleted {
                    Ok(deleted) => past(client.cloudformation(), &rendered.name, deleted).await,
                    Err(error) => Err(error.clone()),
                };
                part.add(self.told(rendered, past, applied));
            }
            part
        });
        let mut all = Part::default();
        for part in at_once(self.most, asked).await {
            all.add(part);
        }
        all
    }

    fn told(&self, rendered: &RenderedStack, past: Result<Past, Error>, applied: Option<&Bundle>) -> Part {
        let mut part = Part::default();
        let (address, resources) = (rendered.address(self.hub, "*"), size(&rendered.template));
        let past = match past {
            Ok(Past::Unknown) if applied.is_some_and(|bundle| has(bundle, rendered)) => Ok(Past::Deleted(None)),
            other => other,
        };
        match past {
            Ok(Past::Unknown | Past::Ours) => {
                part.coverage.skip_stack(address, resources, "the stack is not deployed: gwinfra apply");
            }
            Ok(Past::Deleted(at)) => {
                part.coverage.total += 1;
                part.coverage.check(Reader::CloudFormation);
                let when = at.map(|at| format!(" at {at}")).unwrap_or_default();
                part.notes.push(format!(
                    "{} was deleted{when}, and not by gwinfra: its DeleteStack in CloudTrail tells by whom; \
                     gwinfra apply makes it anew",
                    rendered.name
                ));
                part.findings.push(self.gone(rendered));
            }
            Err(error) => {
                let reason = format!("the stack is not there, and nobody can say why: {error}");
                part.coverage.skip_stack(address, resources, reason);
            }
        }
        part
    }

    fn gone(&self, rendered: &RenderedStack) -> Finding {
        let gone = Difference { path: Vec::new(), expected: None, actual: None };
        self.of_stack(rendered, Kind::Deleted, self.first_place(rendered), gone)
    }
}

fn has(bundle: &Bundle, rendered: &RenderedStack) -> bool {
    let is_it = |stack: &&RenderedStack| {
        stack.name == rendered.name
            && stack.target.account == rendered.target.account
            && stack.target.region == rendered.target.region
    };
    bundle.stacks.iter().any(|stack| is_it(&stack))
}

/// What CloudFormation knows of the stacks of that name among those that were deleted. It remembers for 90 days.
async fn past(client: &CloudFormation, name: &str, deleted: &[StackSummary]) -> Result<Past, Error> {
    let mut own: Vec<&StackSummary> = deleted.iter().filter(|stack| stack.name == name).collect();
    own.sort_by(|a, b| b.deleted.cmp(&a.deleted));
    for stack in own {
        let events = client.events(&stack.id, |_| false).await?;
        let past = of_events(stack, &events);
        if past != Past::Unknown {
            return Ok(past);
        }
    }
    Ok(Past::Unknown)
}

/// How one deleted stack went: one that never was complete is no loss, and gwinfra's own tokens tell what it has deleted.
fn of_events(stack: &StackSummary, events: &[StackEvent]) -> Past {
    let own: Vec<&StackEvent> =
        events.iter().filter(|event| event.is_of_stack(&stack.id) && event.is_plain()).collect();
    let begun = own.iter().rposition(|event| event.status == "DELETE_IN_PROGRESS").unwrap_or_default();
    // What happened before may be too long ago for CloudFormation to have kept it.
    let before = own.get(..begun).unwrap_or_default().last().map(|event| lookup(&event.status).apply);
    if matches!(before, Some(Verdict::Absent | Verdict::DeleteFirst)) {
        return Past::Unknown;
    }
    let token = own.get(begun).and_then(|event| event.token.as_deref());
    if token.is_some_and(|token| token.starts_with(TOKEN)) { Past::Ours } else { Past::Deleted(stack.deleted.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::cloudformation::stack_set::STACK;

    const ID: &str = "arn:stack";

    fn event(status: &str, token: Option<&str>) -> StackEvent {
        StackEvent {
            id: String::new(),
            at: String::new(),
            operation_id: None,
            logical_id: "acme-llm-network".into(),
            physical_id: Some(ID.into()),
            resource_type: STACK.into(),
            status: status.into(),
            reason: None,
            detailed_status: None,
            token: token.map(ToOwned::to_owned),
            hook: None,
            refusal: None,
        }
    }

    fn of(events: &[(&str, Option<&str>)]) -> Past {
        let stack = StackSummary {
            id: ID.into(),
            name: "acme-llm-network".into(),
            status: "DELETE_COMPLETE".into(),
            deleted: Some("2026-01-02T03:04:05Z".into()),
        };
        let events: Vec<StackEvent> = events.iter().map(|(status, token)| event(status, *token)).collect();
        of_events(&stack, &events)
    }

    fn deleted() -> Past {
        Past::Deleted(Some("2026-01-02T03:04:05Z".into()))
    }

    #[test]
    fn what_somebody_else_has_deleted_is_gone() {
        let console = Some("Console-DeleteStack-0a1b");
        assert_eq!(
            of(&[("UPDATE_COMPLETE", None), ("DELETE_IN_PROGRESS", console), ("DELETE_COMPLETE", console)]),
            deleted()
        );
        assert_eq!(
            of(&[("CREATE_COMPLETE", None), ("DELETE_IN_PROGRESS", None), ("DELETE_COMPLETE", None)]),
            deleted()
        );
    }

    #[test]
    fn what_gwinfra_has_deleted_is_no_loss() {
        let own = Some("gwinfra-20260102-delete-network");
        assert_eq!(of(&[("CREATE_COMPLETE", None), ("DELETE_IN_PROGRESS", own), ("DELETE_COMPLETE", own)]), Past::Ours);
    }

    #[test]
    fn what_was_never_complete_is_no_loss() {
        for status in ["ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"] {
            assert_eq!(of(&[(status, None), ("DELETE_IN_PROGRESS", None), ("DELETE_COMPLETE", None)]), Past::Unknown);
        }
    }

    #[test]
    fn what_was_made_before_the_events_that_are_kept_is_gone() {
        assert_eq!(of(&[("DELETE_IN_PROGRESS", None), ("DELETE_COMPLETE", None)]), deleted());
        assert_eq!(of(&[]), deleted());
    }
}
