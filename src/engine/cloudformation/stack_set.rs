//! Stack sets that a stack has, and what they do in other accounts.

use std::collections::{BTreeMap, HashSet};

use super::CloudFormationEngine;
use crate::aws::Poll;
use crate::aws::cloudformation::{CloudFormation, StackInstance, StackSetName, StackSetOperation, StackSetResult};
pub(super) use crate::cfn::stack_set::{StackSet, TYPE, of_template};
use crate::engine::{Cancelled, EngineError, EventKind, ResourceFailure, StackFailure};
use crate::render::RenderedStack;

/// The type of what a stack set makes in an account.
pub(super) const STACK: &str = "AWS::CloudFormation::Stack";
/// How CloudFormation says that an operation of a set has failed, before it repeats the reasons of the accounts.
const OPERATION_FAILED: &str = "Stack set operation [";

/// What the calls about a set are given.
pub(super) fn called(set: &StackSet) -> StackSetName {
    StackSetName { name: set.name.clone(), call_as: set.call_as.clone() }
}

/// The accounts of a set whose stacks are not what the set has: an operation that failed there, and forgave it.
pub(super) async fn behind(client: &CloudFormation, set: &StackSet) -> Result<Vec<StackInstance>, EngineError> {
    let instances = client.stack_instances(&called(set)).await?;
    let behind = |instance: &StackInstance| {
        let reached = instance.status != SUSPENDED && instance.status != INOPERABLE;
        !instance.is_current() && reached && set.accounts.contains(&instance.account)
    };
    Ok(instances.into_values().filter(behind).collect())
}

/// The accounts of a set that no operation of it reaches any more, each with the way out: a deletion has failed there.
pub(super) async fn inoperable(client: &CloudFormation, set: &StackSet) -> Result<Vec<(String, String)>, EngineError> {
    let instances = client.stack_instances(&called(set)).await?;
    let stuck = |instance: &StackInstance| instance.status == INOPERABLE && set.accounts.contains(&instance.account);
    Ok(instances.into_values().filter(stuck).map(|instance| told_inoperable(set, &instance)).collect())
}

/// What is said of an instance that is inoperable, and the way out.
fn told_inoperable(set: &StackSet, instance: &StackInstance) -> (String, String) {
    let reason = instance.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let (name, account) = (&set.name, &instance.account);
    let words = format!(
        "the stack of stack set {name} in account {account} is {INOPERABLE}, because a deletion failed there, and no update \
         reaches it{reason}"
    );
    let by = match set.call_as.as_str() {
        "SELF" => String::new(),
        call_as => format!(" --call-as {call_as}"),
    };
    let of = if set.units.is_empty() {
        format!("--accounts {account}")
    } else {
        let units = set.units.join(",");
        format!("--deployment-targets Accounts={account},OrganizationalUnitIds={units},AccountFilterType=INTERSECTION")
    };
    let targets = format!("--stack-set-name {name} {of} --regions {}{by}", instance.region);
    let way_out = format!(
        "aws cloudformation delete-stack-instances {targets} --retain-stacks   takes it out of the set; delete its stack there; \
         then aws cloudformation create-stack-instances {targets}   brings it back"
    );
    (words, way_out)
}

/// Status of a stack whose deletion by the set has failed: updates of the set leave it out (API Reference:
/// *StackInstanceSummary*).
pub(super) const INOPERABLE: &str = "INOPERABLE";

/// Status of the stack in an account that is suspended: no operation goes there.
pub(super) const SUSPENDED: &str = "SKIPPED_SUSPENDED_ACCOUNT";

/// Tells what the stack sets of one stack do, account by account, while an operation on the stack runs.
pub(super) struct Progress<'a> {
    engine: &'a CloudFormationEngine,
    client: &'a CloudFormation,
    /// Key under which events are shown.
    key: &'a str,
    sets: Vec<StackSet>,
    /// Operations that had ended before, or of which everything is told.
    told: HashSet<String>,
    /// The last status of each operation and account.
    shown: BTreeMap<(String, String), String>,
    /// Accounts that failed.
    failures: Vec<ResourceFailure>,
}

impl<'a> Progress<'a> {
    /// Looks at what there is before the operation on the stack. A stack that is not rendered any more, or has no set,
    /// is not looked at.
    pub async fn begin(
        engine: &'a CloudFormationEngine,
        client: &'a CloudFormation,
        rendered: Option<&RenderedStack>,
        key: &'a str,
    ) -> Self {
        let sets = rendered.map(|stack| of_template(&stack.template)).unwrap_or_default();
        let mut told = HashSet::new();
        for set in &sets {
            // Who may deploy and not look sees no progress, and that is said with the first look.
            let known = client.stack_set_operations(&called(set)).await.unwrap_or_default();
            told.extend(known.into_iter().filter(has_ended).map(|operation| operation.id));
        }
        Self { engine, client, key, sets, told, shown: BTreeMap::new(), failures: Vec::new() }
    }

    /// Emits what has changed since the last time.
    pub async fn report(&mut self) -> Result<(), EngineError> {
        for set in self.sets.clone() {
            if let Err(error) = self.report_set(&set).await {
                let text = format!("what the stack set {} does in each account cannot be told: {error}", set.name);
                self.engine.emit(Some(self.key), EventKind::Message { text });
                self.sets.retain(|other| *other != set);
            }
        }
        Ok(())
    }

    async fn report_set(&mut self, set: &StackSet) -> Result<(), EngineError> {
        let mut operations = self.client.stack_set_operations(&called(set)).await?;
        operations.reverse();
        for operation in operations.iter().filter(|operation| operation.action != "DETECT_DRIFT") {
            if self.told.contains(&operation.id) {
                continue;
            }
            for result in self.client.stack_set_results(&called(set), &operation.id).await? {
                self.tell(set, operation, result);
            }
            if has_ended(operation) {
                self.told.insert(operation.id.clone());
            }
        }
        Ok(())
    }

    fn tell(&mut self, set: &StackSet, operation: &StackSetOperation, result: StackSetResult) {
        let known = (operation.id.clone(), result.account.clone());
        if self.shown.insert(known, result.status.clone()).as_deref() == Some(result.status.as_str()) {
            return;
        }
        let end = match result.status.as_str() {
            "RUNNING" => "IN_PROGRESS",
            "SUCCEEDED" => "COMPLETE",
            "FAILED" | "CANCELLED" => "FAILED",
            _ => return,
        };
        if result.status == "FAILED" {
            let place = (self.engine.places)(self.key, &set.logical_id, &accounts_path()).into_iter().next();
            self.failures.push(ResourceFailure {
                address: format!("{}:{}", result.account, set.name),
                resource_type: STACK.to_owned(),
                reason: result.reason.clone().unwrap_or_else(|| result.status.clone()),
                place: place.map(|place| place.to_string()),
            });
        }
        let kind = EventKind::Resource {
            logical_id: format!("{}/{}", set.logical_id, result.account),
            resource_type: STACK.to_owned(),
            description: Some(format!("account {}", result.account)),
            status: format!("{}_{end}", operation.action),
            reason: result.reason,
        };
        self.engine.emit(Some(self.key), kind);
    }

    /// Follows an operation of a set until it has ended. A second signal leaves.
    pub async fn follow(&mut self, set: &StackSet, operation: &str) -> Result<(), EngineError> {
        let mut poll = Poll::default();
        loop {
            self.report().await?;
            let known = self.client.stack_set_operations(&called(set)).await?;
            if known.iter().find(|other| other.id == operation).is_none_or(has_ended) {
                return self.report().await;
            }
            if self.engine.cancel.stage() == Cancelled::Leave {
                return Err(EngineError::Cancelled(vec![format!(
                    "stack set {} is worked on and AWS goes on with it",
                    set.name
                )]));
            }
            tokio::select! {
                () = poll.pause() => {}
                () = self.engine.cancel.reached(Cancelled::Leave) => {}
            }
        }
    }

    /// Accounts that failed so far.
    pub fn failures(&self) -> &[ResourceFailure] {
        &self.failures
    }

    /// What failed: the accounts, and of the stack's own resources those that did not fail because of them.
    pub fn causes(self, own: Vec<ResourceFailure>) -> Vec<ResourceFailure> {
        if self.failures.is_empty() {
            return own;
        }
        let mut causes = self.failures;
        causes.extend(own.into_iter().filter(|cause| !cause.reason.contains(OPERATION_FAILED)));
        causes
    }
}

/// What is told of accounts that failed while the set as a whole did not. `None` without one.
pub(super) fn forgiven(failures: &[ResourceFailure]) -> Option<StackFailure> {
    let (account, set) = failures.first()?.address.split_once(':')?;
    Some(StackFailure {
        stack: set.to_owned(),
        account: account.to_owned(),
        status: "OUTDATED".to_owned(),
        rolled_back: false,
        causes: failures.to_vec(),
        reason: None,
        next: "gwinfra apply".to_owned(),
    })
}

fn has_ended(operation: &StackSetOperation) -> bool {
    matches!(operation.status.as_str(), "SUCCEEDED" | "FAILED" | "STOPPED")
}

/// The property that lists the accounts.
fn accounts_path() -> [String; 4] {
    ["StackInstancesGroup", "0", "DeploymentTargets", "Accounts"].map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inoperable_stack_has_a_way_out_that_keeps_it() {
        let set = StackSet {
            logical_id: "Roles".into(),
            name: "acme-roles".into(),
            call_as: "DELEGATED_ADMIN".into(),
            units: vec!["ou-1".into()],
            accounts: vec!["222222222222".into()],
            template: String::new(),
        };
        let instance = StackInstance {
            account: "222222222222".into(),
            region: "us-east-1".into(),
            stack_id: None,
            status: INOPERABLE.into(),
            detailed_status: None,
            reason: Some("why".into()),
        };
        let (words, way_out) = told_inoperable(&set, &instance);
        assert!(words.ends_with("no update reaches it: why"), "{words}");
        let targets = "--stack-set-name acme-roles --deployment-targets \
                       Accounts=222222222222,OrganizationalUnitIds=ou-1,AccountFilterType=INTERSECTION --regions us-east-1 \
                       --call-as DELEGATED_ADMIN";
        assert!(way_out.contains(&format!("delete-stack-instances {targets} --retain-stacks   ")), "{way_out}");
        // The stack of the set is as it should be, and an apply leaves it alone.
        assert!(way_out.contains(&format!("create-stack-instances {targets}   ")), "{way_out}");
    }

    #[test]
    fn only_an_operation_that_has_ended_is_told_whole() {
        let ended = |status: &str| {
            has_ended(&StackSetOperation { id: "a".into(), action: "CREATE".into(), status: status.into() })
        };
        let all = ["QUEUED", "RUNNING", "STOPPING", "STOPPED", "SUCCEEDED", "FAILED"];
        assert_eq!(all.map(ended), [false, false, false, true, true, true]);
    }
}
