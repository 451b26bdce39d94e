//! The stacks that stack sets have in the accounts, when a plan asks AWS.

use std::collections::BTreeMap;

use super::live::{Live, StackPlan};
use super::members::{self, Members};
use super::note;
use crate::aws::Clients;
use crate::aws::cloudformation::CloudFormation;
use crate::cfn::stack_set::StackSet;
use crate::diagnostics::Diagnostic;
use crate::engine::EngineError;
use crate::engine::cloudformation::stack_set;
use crate::plan::{Change, PlanNote, SeenBy, codes};
use crate::render::{Bundle, RenderedStack, Target};

impl Live<'_> {
    /// Adds what the stack's stack sets change in the accounts: where a role of the account lets the plan look, against
    /// the stack that is live there, and elsewhere against the template that the set has.
    pub(super) async fn members(
        &self,
        rows: &mut Vec<Change>,
        deployed: Option<&str>,
        notes: &mut Vec<PlanNote>,
    ) -> Result<(), EngineError> {
        let sets = deployed.filter(|_| !rows.is_empty()).map(stack_set::of_template).unwrap_or_default();
        let (live, more) = live(self.planner.clients, self.hub, self.planner.members, &sets).await?;
        notes.extend(more);
        let members = Members {
            stack: self.stack,
            hub: self.hub,
            registry: self.planner.registry,
            places: self.planner.places,
            before: deployed,
            live: &live,
            address: &|id| self.stack.address(self.hub, id),
        };
        members::add(rows, &members);
        Ok(())
    }
}

/// The templates of the sets' stacks that are live, by account, where a role of the account lets them be read.
pub(in crate::engine) async fn live(
    clients: &Clients,
    hub: &Target,
    members: &[Target],
    sets: &[StackSet],
) -> Result<(BTreeMap<String, String>, Vec<PlanNote>), EngineError> {
    let (mut live, mut notes) = (BTreeMap::new(), Vec::new());
    for set in sets {
        let is_readable = |target: &&Target| target.deploy_role.is_some() && set.accounts.contains(&target.account);
        let readable: Vec<&Target> = members.iter().filter(is_readable).collect();
        let instances = if readable.is_empty() {
            BTreeMap::new()
        } else {
            clients.session(hub).cloudformation().stack_instances(&stack_set::called(set)).await?
        };
        for target in readable {
            let Some(stack_id) = instances.get(&target.account).and_then(|own| own.stack_id.as_ref()) else { continue };
            match clients.session(target).cloudformation().template(stack_id).await {
                Ok(text) => live.extend(text.map(|text| (target.account.clone(), text))),
                Err(error) => {
                    let message = format!("what is live in account {} could not be read: {error}", target.account);
                    notes.push(note("warning", message, None));
                }
            }
        }
        let compared: Vec<&str> = live.keys().map(String::as_str).collect();
        let name = &set.name;
        let message = match (compared.is_empty(), compared.len() == set.accounts.len()) {
            (true, _) => format!("the accounts of stack set {name} are compared with the template that it has"),
            (false, true) => format!("the accounts of stack set {name} are compared with what is live there"),
            (false, false) => format!(
                "of stack set {name}, {} is compared with what is live there, and the others with the template that it has",
                compared.join(", ")
            ),
        };
        notes.push(note("note", message, None));
    }
    Ok((live, notes))
}

/// Rows of the accounts in which a stack set failed before and forgave it: an apply tries them again.
pub(super) async fn behind(
    client: &CloudFormation,
    stack: &RenderedStack,
    hub: &Target,
) -> Result<Vec<Change>, EngineError> {
    let mut rows = Vec::new();
    for set in stack_set::of_template(&stack.template) {
        let instances = stack_set::behind(client, &set).await?;
        rows.extend(instances.into_iter().map(|instance| Change {
            address: format!("{}/{}", stack.address(hub, &set.logical_id), instance.account),
            node: None,
            stack: stack.key.clone(),
            account: stack.target.account.clone(),
            resource_type: "AWS::CloudFormation::Stack".to_owned(),
            actions: vec!["update".to_owned()],
            replace: None,
            stateful: false,
            before: None,
            after: None,
            paths: Vec::new(),
            seen_by: vec![SeenBy::StackSetDiff],
            source: Vec::new(),
            policy: None,
            note: Some(match instance.reason {
                Some(reason) => format!("it is {}, and tried again: {reason}", instance.status),
                None => format!("it is {}, and tried again", instance.status),
            }),
        }));
    }
    Ok(rows)
}

/// Warnings about accounts that no operation of a stack set reaches any more.
pub(super) async fn inoperable(client: &CloudFormation, stack: &RenderedStack) -> Result<Vec<PlanNote>, EngineError> {
    let mut notes = Vec::new();
    for set in stack_set::of_template(&stack.template) {
        let stuck = stack_set::inoperable(client, &set).await?;
        notes.extend(stuck.into_iter().map(|(words, way_out)| note("warning", words, Some(&way_out))));
    }
    Ok(notes)
}

/// Accounts whose role would have to be made while the role of the other rollout, which has the same name, is there:
/// what is left over is deleted last, so that neither could be done.
pub(super) fn conflicts(bundle: &Bundle, leftovers: &[StackPlan]) -> Vec<Diagnostic> {
    let hub = &bundle.deployment.hub.account;
    let is_member = |account: &String| bundle.members.iter().any(|member| member.account == *account);
    let elsewhere = bundle.stacks.iter().any(|stack| stack.target.account != *hub);
    let in_the_way = leftovers.iter().filter(|left| {
        let has_set = left.rows.iter().any(|row| row.resource_type == stack_set::TYPE);
        is_member(&left.planned.account) || (has_set && elsewhere)
    });
    in_the_way.map(|left| other_rollout(&format!("stack {}", left.planned.name), &left.planned.account)).collect()
}

/// The finding about something of the other rollout that is in the way.
pub(in crate::engine) fn other_rollout(what: &str, account: &str) -> Diagnostic {
    let message = format!(
        "{what} in account {account} is of the other `bedrock.rollout`, and its role is in the way of the new one of the same name"
    );
    Diagnostic::error(codes::ROLLOUT, message)
        .with_path("bedrock.rollout")
        .with_help("take the accounts out of `bedrock.accounts`, apply, and put them back with the new rollout")
}
