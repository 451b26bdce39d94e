//! How a deployment is.

use futures::StreamExt;

use super::CloudFormationEngine;
use super::{stack_set, status_table};
use crate::engine::state::newest_run;
use crate::engine::{
    ACCOUNTS_AT_ONCE, EngineError, InstanceState, Outputs, RESUME, StackState, Status, preflight, service,
};
use crate::render::{Bundle, RenderedStack};

impl CloudFormationEngine {
    /// Looks at every stack and at the service. Changes nothing.
    ///
    /// # Errors
    ///
    /// When AWS cannot be asked.
    pub async fn status(&self, bundle: &Bundle) -> Result<Status, EngineError> {
        let mut stacks = Vec::new();
        let mut instances = Vec::new();
        let mut names = None;
        let mut notes = Vec::new();
        let asked = futures::stream::iter(&bundle.stacks).map(|rendered| async move {
            let session = self.session(&rendered.target);
            (rendered, session.cloudformation().stack(&rendered.name).await)
        });
        let asked: Vec<_> = asked.buffered(ACCOUNTS_AT_ONCE).collect().await;
        for (rendered, found) in asked {
            let found = match found.map_err(EngineError::from) {
                Ok(found) => found,
                Err(error) => match preflight::of_account(bundle, &rendered.target, &error) {
                    Some(reason) => {
                        stacks.push(not_reached(rendered, reason));
                        continue;
                    }
                    None => return Err(error),
                },
            };
            if let Some((cluster, name)) = found.as_ref().and_then(|found| service::named(&found.outputs)) {
                names = Some((cluster.to_owned(), name.to_owned()));
            }
            if found.is_some() {
                instances.extend(self.instances(rendered).await?);
            }
            let status = found.as_ref().map(|stack| stack.status.clone());
            stacks.push(StackState {
                key: rendered.key.clone(),
                name: rendered.name.clone(),
                account: rendered.target.account.clone(),
                region: rendered.target.region.clone(),
                next: status_table::lookup(status.as_deref().unwrap_or("DELETE_COMPLETE")).next.to_owned(),
                status,
                reason: found.as_ref().and_then(|stack| stack.reason.clone()),
                updated: found.and_then(|stack| stack.updated.or(stack.created)),
            });
        }
        let service = match names {
            Some((cluster, service)) => {
                service::look_or_note(&self.session(&self.hub), &cluster, &service, &mut notes).await
            }
            None => None,
        };
        let (running, unfinished, stopped) = newest_run(&self.journal)?;
        let deployment = bundle.deployment.prefix.clone();
        Ok(Status { deployment, stacks, instances, service, notes, running, unfinished, stopped })
    }

    /// The stacks that a stack's stack sets have in the accounts.
    async fn instances(&self, rendered: &RenderedStack) -> Result<Vec<InstanceState>, EngineError> {
        let session = self.session(&rendered.target);
        let mut states = Vec::new();
        for set in stack_set::of_template(&rendered.template) {
            let mut found = session.cloudformation().stack_instances(&stack_set::called(&set)).await?;
            let mut accounts = set.accounts;
            accounts.extend(found.keys().filter(|account| !accounts.contains(account)).cloned().collect::<Vec<_>>());
            states.extend(accounts.into_iter().map(|account| {
                let instance = found.remove(&account);
                InstanceState {
                    stack_set: set.name.clone(),
                    account,
                    status: instance.as_ref().map(|own| own.status.clone()),
                    reason: instance.and_then(|own| own.reason),
                }
            }));
        }
        Ok(states)
    }

    /// The outputs of every stack that exists, by key of the stack.
    ///
    /// # Errors
    ///
    /// When AWS cannot be asked.
    pub async fn outputs(&self, bundle: &Bundle) -> Result<Outputs, EngineError> {
        let mut outputs = Outputs::new();
        // Those of Bedrock accounts are known beforehand: ARNs of roles with fixed names.
        for rendered in bundle.stacks.iter().filter(|stack| stack.target.account == self.hub.account) {
            let session = self.session(&rendered.target);
            if let Some(found) = session.cloudformation().stack(&rendered.name).await?
                && found.status != "REVIEW_IN_PROGRESS"
            {
                outputs.insert(rendered.key.clone(), found.outputs);
            }
        }
        Ok(outputs)
    }
}

/// A stack of an account that refuses to be asked.
fn not_reached(rendered: &RenderedStack, reason: String) -> StackState {
    StackState {
        key: rendered.key.clone(),
        name: rendered.name.clone(),
        account: rendered.target.account.clone(),
        region: rendered.target.region.clone(),
        status: Some("not reached".to_owned()),
        reason: Some(reason),
        updated: None,
        next: RESUME.to_owned(),
    }
}
