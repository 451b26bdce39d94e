//! A resource that is gone and would get another id: CloudFormation makes it again, with a change set against what is there.

use std::collections::BTreeSet;

use super::stack::ReadStack;
use crate::aws::cloudformation::{ChangeSet, CloudFormation, ResourceChange, RevertRequest, Stack};
use crate::engine::cloudformation::apply::{TOKEN, finish};
use crate::engine::cloudformation::stack::reason_of;
use crate::engine::cloudformation::stack_set::Progress;
use crate::engine::cloudformation::watch::Watch;
use crate::engine::cloudformation::{CloudFormationEngine, outcome};
use crate::engine::journal::{DRIFT, Record, Run};
use crate::engine::{EngineError, EventKind, StackFailure, now};
use crate::plan::is_stateful;
use crate::render::{Bundle, RenderedStack};

/// What brings a resource back whose stack differs elsewhere, too.
const TOGETHER: &str = "put the others back first, each with --revert; what gwinfra drift does not tell of is CloudFormation's own \
     view of them, and `command` in gwinfra drift -o json   plans the whole stack";
/// Why CloudFormation makes a resource not again.
const UNSEEN: &str = "CloudFormation would make it again, and does not see that it is gone";
/// What has the command for what CloudFormation refuses here.
const BY_HAND: &str = "gwinfra drift -o json   has the command that plans it (`command`)";

/// The action of a change that only notes what is there.
const NOTED: &str = "SyncWithActual";
/// The drift status of a resource that is gone.
const DELETED: &str = "DELETED";

/// What the client request tokens of these executions begin with. They give a stack nothing: its template and parameters
/// are those that it had.
pub(super) fn token_prefix() -> String {
    format!("{TOKEN}revert-")
}

/// Why a change set is not executed.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    /// CloudFormation takes the resource for there.
    Unseen,
    /// It could not be made.
    Failed,
    /// Something else would change.
    NotAlone(String),
}

/// What makes a resource again.
struct Remaking<'a> {
    rendered: &'a RenderedStack,
    client: &'a CloudFormation,
    address: String,
    logical_id: &'a str,
    /// The stack as it is.
    before: Stack,
    token: String,
}

impl CloudFormationEngine {
    /// Lets CloudFormation make a resource again, and change what names it. Gives how many resources that were.
    ///
    /// # Errors
    /// [`EngineError::NotAlone`] when something else would change with it and [`EngineError::NothingToRevert`] when
    /// CloudFormation does not see that it is gone: then nothing was done. [`EngineError::Failed`] when the stack does not take it.
    pub(super) async fn bring_back(
        &self,
        bundle: &Bundle,
        rendered: &RenderedStack,
        stack: &ReadStack,
        logical_id: &str,
    ) -> Result<usize, EngineError> {
        let session = self.session(&rendered.target);
        let client = session.cloudformation();
        let Some(before) = client.stack(&stack.id).await? else {
            return Err(EngineError::Stale(vec![format!("stack {} is gone", rendered.name)]));
        };
        let address = rendered.address(&self.hub, logical_id);
        let token = format!("{}{}", token_prefix(), uuid::Uuid::new_v4().simple());
        let own = Remaking { rendered, client, address, logical_id, before, token };
        let id = {
            // Nothing else is begun from here while the change set is made.
            let _claim = self.journal.claim(jiff::Timestamp::now())?;
            self.say(&own, format!("asking CloudFormation what brings {} back", own.address));
            own.change_set(stack).await?
        };
        let result = self.execute(bundle, &own, &id).await;
        if result.is_err() {
            // One that was executed stays, and whether this one goes does not change why it was not.
            client.delete_change_set(&id).await.ok();
        }
        result
    }

    fn say(&self, own: &Remaking<'_>, text: String) {
        self.emit(Some(&own.rendered.key), EventKind::Message { text });
    }

    /// Executes a change set that changes nothing but the resource and what names it.
    async fn execute(&self, bundle: &Bundle, own: &Remaking<'_>, id: &str) -> Result<usize, EngineError> {
        let made = own.client.wait_for_change_set(id).await?;
        let following = match following(&made, own.logical_id) {
            Ok(following) => following,
            Err(refusal) => return Err(own.refused(refusal, &made).await?),
        };
        let run = self.journal.begin(DRIFT, &bundle.digest, jiff::Timestamp::now())?.stoppable(self.cancel.clone());
        let step = own.rendered.key.clone();
        run.write(&Record::StepStarted { step: step.clone(), at: now() })?;
        self.emit(Some(&step), EventKind::StepStarted { step: step.clone() });
        for change in &following {
            let address = own.rendered.address(&self.hub, &change.logical_id);
            self.say(own, format!("{address} changes with it, since it names it"));
        }
        let result = self.follow_execution(&run, own, id).await;
        match &result {
            Ok(result) => {
                run.write(&Record::StepFinished { step: step.clone(), at: now(), result: result.clone() })?;
                self.emit(Some(&step), EventKind::StepFinished { step: step.clone(), result: result.clone() });
            }
            // What was left running is taken up.
            Err(EngineError::Cancelled(_)) => {}
            Err(error) => {
                let reason = error.to_string();
                run.write(&Record::StepFailed { step: step.clone(), at: now(), reason: reason.clone() })?;
                self.emit(Some(&step), EventKind::StepFailed { step: step.clone(), reason });
            }
        }
        finish(&run, &result)?;
        result.map(|_| 1 + following.len())
    }

    /// Gives the status in which the stack has come to rest.
    async fn follow_execution(&self, run: &Run, own: &Remaking<'_>, id: &str) -> Result<String, EngineError> {
        let Remaking { rendered, client, before, token, .. } = own;
        run.write(&Record::Executing {
            step: rendered.key.clone(),
            at: now(),
            stack_id: before.id.clone(),
            change_set: Some(id.to_owned()),
            token: token.clone(),
        })?;
        let sets = Progress::begin(self, client, Some(rendered), &rendered.key).await;
        client.execute_change_set(id, token, false).await?;
        let watch = Watch {
            engine: self,
            client,
            rendered: Some(rendered),
            key: &rendered.key,
            stack_id: &before.id,
            before: &before.status,
            token,
            since: None,
        };
        let rest = watch.to_rest(sets).await?;
        if let Some(failure) = outcome::failure(rendered, &rest, None) {
            // Nothing of the spec has to be edited: what failed is what was deployed before.
            let failure = StackFailure { next: "gwinfra diagnose".to_owned(), ..failure };
            return Err(EngineError::Failed { failures: vec![failure], not_started: Vec::new(), partial: false });
        }
        let Some(stack) = rest.stack else { return Ok("deleted".to_owned()) };
        if stack.outputs != before.outputs {
            self.say(own, format!("outputs of {} have changed: gwinfra apply   gives them to the others", stack.name));
        }
        Ok(stack.status)
    }
}

impl Remaking<'_> {
    /// Begins to make the change set.
    async fn change_set(&self, stack: &ReadStack) -> Result<String, EngineError> {
        let parameters: Vec<String> = stack.values.keys().cloned().collect();
        let request = RevertRequest {
            stack: &stack.id,
            name: &self.token,
            parameters: &parameters,
            tags: &stack.tags,
            token: &self.token,
        };
        Ok(self.client.create_reverting_change_set(&request).await?)
    }

    /// The error of a change set that is not executed.
    async fn refused(&self, refusal: Refusal, made: &ChangeSet) -> Result<EngineError, EngineError> {
        let address = self.address.clone();
        Ok(match refusal {
            Refusal::Unseen => EngineError::NothingToRevert { address, next: UNSEEN },
            Refusal::NotAlone(reason) => EngineError::NotAlone { address, reason, next: TOGETHER },
            Refusal::Failed => {
                let failure = StackFailure {
                    stack: self.before.name.clone(),
                    account: self.rendered.target.account.clone(),
                    status: self.before.status.clone(),
                    rolled_back: false,
                    causes: Vec::new(),
                    reason: Some(reason_of(self.client, made).await?),
                    next: BY_HAND.to_owned(),
                };
                EngineError::Failed { failures: vec![failure], not_started: Vec::new(), partial: false }
            }
        })
    }
}

/// The changes of a change set that making a resource again brings about, and there may be no others.
///
/// # Errors
/// Why it cannot be executed.
fn following<'a>(made: &'a ChangeSet, logical_id: &str) -> Result<Vec<&'a ResourceChange>, Refusal> {
    if made.has_no_changes() {
        return Err(Refusal::Unseen);
    }
    if made.status == "FAILED" {
        return Err(Refusal::Failed);
    }
    let (own, mut left): (Vec<&ResourceChange>, Vec<&ResourceChange>) =
        made.changes.iter().filter(|change| change.action != NOTED).partition(|change| change.logical_id == logical_id);
    // Whatever else CloudFormation would do to it is not what was agreed to.
    let is_gone = |change: &ResourceChange| match change.drift_status.as_deref() {
        Some(status) => status == DELETED,
        None => change.action == "Add",
    };
    if !own.first().copied().is_some_and(is_gone) {
        return Err(Refusal::Unseen);
    }
    let mut renewed = BTreeSet::from([logical_id]);
    let mut following = Vec::new();
    loop {
        let (next, rest): (Vec<&ResourceChange>, Vec<&ResourceChange>) =
            left.into_iter().partition(|change| is_caused_by(change, &renewed));
        left = rest;
        if next.is_empty() {
            break;
        }
        renewed.extend(next.iter().map(|change| change.logical_id.as_str()));
        following.extend(next);
    }
    if !left.is_empty() {
        let others: Vec<&str> = left.iter().map(|change| change.logical_id.as_str()).collect();
        return Err(Refusal::NotAlone(format!("{} would change with it", others.join(", "))));
    }
    let is_lost = |change: &&&ResourceChange| {
        is_stateful(&change.resource_type) && change.replacement.as_deref().is_some_and(|replaced| replaced != "False")
    };
    match following.iter().find(is_lost) {
        Some(lost) => Err(Refusal::NotAlone(format!("{} would be replaced with it, and has data", lost.logical_id))),
        None => Ok(following),
    }
}

/// Whether a resource changes only because of others.
fn is_caused_by(change: &ResourceChange, renewed: &BTreeSet<&str>) -> bool {
    let is_cause = |cause: &str| renewed.contains(cause.split('.').next().unwrap_or_default());
    change.action == "Modify"
        && !change.details.is_empty()
        && change.details.iter().all(|detail| detail.causing_entity.as_deref().is_some_and(is_cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::cloudformation::ChangeDetail;

    fn change(action: &str, logical_id: &str, resource_type: &str, causes: &[&str]) -> ResourceChange {
        let detail = |cause: &&str| ChangeDetail {
            attribute: Some("Properties".to_owned()),
            name: Some("A".to_owned()),
            path: None,
            requires_recreation: None,
            evaluation: None,
            source: None,
            causing_entity: Some((*cause).to_owned()).filter(|cause| !cause.is_empty()),
            before: None,
            after: None,
        };
        ResourceChange {
            action: action.to_owned(),
            logical_id: logical_id.to_owned(),
            physical_id: None,
            resource_type: resource_type.to_owned(),
            drift_status: None,
            replacement: (action == "Modify").then(|| "Conditional".to_owned()),
            policy_action: None,
            scope: Vec::new(),
            details: causes.iter().map(detail).collect(),
            before: None,
            after: None,
        }
    }

    fn made(changes: Vec<ResourceChange>) -> ChangeSet {
        ChangeSet {
            id: "arn".to_owned(),
            stack_id: "arn".to_owned(),
            status: "CREATE_COMPLETE".to_owned(),
            reason: None,
            execution_status: "AVAILABLE".to_owned(),
            changes,
        }
    }

    fn not_alone(reason: &str) -> Result<Vec<&'static ResourceChange>, Refusal> {
        Err(Refusal::NotAlone(reason.to_owned()))
    }

    const SERVICE: &str = "AWS::ECS::Service";
    const TARGET: &str = "AWS::ApplicationAutoScaling::ScalableTarget";

    #[test]
    fn what_names_the_resource_changes_with_it_and_what_names_that() {
        let made = made(vec![
            change("Modify", "Policy", "AWS::ApplicationAutoScaling::ScalingPolicy", &["Target"]),
            change("Modify", "Target", TARGET, &["Service.Name"]),
            change("Add", "Service", SERVICE, &[]),
            change(NOTED, "Role", "AWS::IAM::Role", &[]),
        ]);
        let following: Vec<&str> =
            following(&made, "Service").unwrap().iter().map(|change| change.logical_id.as_str()).collect();
        assert_eq!(following, ["Target", "Policy"]);
    }

    #[test]
    fn a_resource_that_differs_by_itself_is_not_changed_along() {
        let made =
            made(vec![change("Add", "Service", SERVICE, &[]), change("Modify", "Target", TARGET, &["Service", ""])]);
        assert_eq!(following(&made, "Service"), not_alone("Target would change with it"));
    }

    #[test]
    fn another_resource_that_is_gone_is_not_made_along() {
        let made = made(vec![change("Add", "Service", SERVICE, &[]), change("Add", "Alb", "AWS::EC2::Route", &[])]);
        assert_eq!(following(&made, "Service"), not_alone("Alb would change with it"));
    }

    #[test]
    fn what_has_data_is_not_replaced_along() {
        let made = made(vec![
            change("Add", "Group", "AWS::RDS::DBSubnetGroup", &[]),
            change("Modify", "Database", "AWS::RDS::DBCluster", &["Group"]),
        ]);
        assert_eq!(following(&made, "Group"), not_alone("Database would be replaced with it, and has data"));
    }

    #[test]
    fn a_resource_that_cloudformation_takes_for_there_is_not_made_again() {
        let other = made(vec![change("Modify", "Role", "AWS::IAM::Role", &[""])]);
        assert_eq!(following(&other, "Service"), Err(Refusal::Unseen));
        let changed =
            ResourceChange { drift_status: Some("MODIFIED".to_owned()), ..change("Modify", "Service", SERVICE, &[""]) };
        assert_eq!(following(&made(vec![changed]), "Service"), Err(Refusal::Unseen));
    }

    #[test]
    fn a_resource_is_made_again_by_whatever_action_if_it_is_known_to_be_gone() {
        let gone =
            ResourceChange { drift_status: Some(DELETED.to_owned()), ..change("Modify", "Service", SERVICE, &[]) };
        assert_eq!(following(&made(vec![gone]), "Service"), Ok(Vec::new()));
    }
}
