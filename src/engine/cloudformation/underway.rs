//! Operations on stacks that are in progress: followed to their end, or cancelled.

use std::collections::BTreeSet;

use futures::StreamExt;
use futures::future::join_all;

use super::apply::TOKEN;
use super::plan::lock;
use super::stack_set::Progress;
use super::watch::Watch;
use super::{CloudFormationEngine, outcome};
use crate::aws::ecs::ServiceDeployment;
use crate::engine::converge::Converge;
use crate::engine::service::{named, planned};
use crate::engine::{
    ACCOUNTS_AT_ONCE, Cancelled, Ends, EngineError, EventKind, LOOK_AGAIN, StackFailure, Underway, preflight,
};
use crate::render::{Bundle, RenderedStack};

impl CloudFormationEngine {
    /// The stacks on which an operation is in progress, and the service while ECS deploys it. Changes nothing.
    ///
    /// # Errors
    /// When the hub cannot be asked.
    pub(super) async fn find_underway(&self, bundle: &Bundle) -> Result<Vec<Underway>, EngineError> {
        let asked = futures::stream::iter(&bundle.stacks)
            .map(|rendered| async move { (rendered, self.underway(rendered).await) });
        let asked: Vec<_> = asked.buffered(ACCOUNTS_AT_ONCE).collect().await;
        let mut found = Vec::new();
        for (rendered, underway) in asked {
            match underway {
                Ok(underway) => found.extend(underway),
                Err(error) => match preflight::of_account(bundle, &rendered.target, &error) {
                    Some(reason) => {
                        let text = format!("{} could not be asked: {reason}", rendered.name);
                        self.emit(Some(&rendered.key), EventKind::Message { text });
                    }
                    None => return Err(error),
                },
            }
        }
        Ok(found)
    }

    async fn underway(&self, rendered: &RenderedStack) -> Result<Option<Underway>, EngineError> {
        let session = self.session(&rendered.target);
        let client = session.cloudformation();
        let Some(stack) = client.stack(&rendered.name).await? else { return Ok(None) };
        if super::watch::at_rest(&stack.status) || stack.status == "REVIEW_IN_PROGRESS" {
            return Ok(self.deployment(rendered, &stack).await.unwrap_or_else(|error| {
                let text = format!("the service of {} could not be asked: {error}", stack.name);
                self.emit(Some(&rendered.key), EventKind::Message { text });
                None
            }));
        }
        let (who, since) = match lock::locked(client, &stack).await {
            EngineError::Locked { who, since, .. } => (who, since),
            _ => (None, None),
        };
        Ok(Some(Underway {
            key: rendered.key.clone(),
            name: stack.name,
            account: rendered.target.account.clone(),
            fixed: fixed(&stack.status).map(ToOwned::to_owned),
            status: stack.status,
            since,
            who,
            id: stack.id,
        }))
    }

    /// A deployment of ECS that goes on although its stack is at rest.
    async fn deployment(
        &self,
        rendered: &RenderedStack,
        stack: &crate::aws::cloudformation::Stack,
    ) -> Result<Option<Underway>, EngineError> {
        let Some((cluster, service)) = named(&stack.outputs) else { return Ok(None) };
        let session = self.session(&rendered.target);
        let found = session.ecs().newest_deployment(cluster, service).await?;
        Ok(found.filter(ServiceDeployment::is_under_way).map(|found| Underway {
            key: rendered.key.clone(),
            name: service.to_owned(),
            account: rendered.target.account.clone(),
            status: format!("deployment {}", found.status),
            since: found.created_at,
            who: None,
            id: found.arn,
            fixed: Some(
                "ECS goes back by itself when its tasks fail; an apply of the previous spec does it at once".to_owned(),
            ),
        }))
    }

    /// Follows operations until all are at rest. A signal leaves them alone and ends the watching.
    ///
    /// # Errors
    /// [`EngineError::Failed`] when one did not come to a good end; [`EngineError::Unhealthy`] for a deployment of ECS;
    /// [`EngineError::Cancelled`] after a signal.
    pub(super) async fn follow(&self, bundle: &Bundle, underway: &[Underway]) -> Result<(), EngineError> {
        let mut ends = Ends::default();
        self.follow_each(bundle, underway, &mut ends).await;
        let mut deployments: BTreeSet<String> = underway.iter().map(|one| one.id.clone()).collect();
        deployments.retain(|id| !is_stack(id));
        // A gwinfra that lives goes on to the next stack.
        while let Some(holder) = self.journal.holder() {
            let mut found = match self.find_underway(bundle).await {
                Ok(found) => found,
                Err(error) => {
                    ends.take(Err(error));
                    break;
                }
            };
            found.retain(|one| is_stack(&one.id) || deployments.insert(one.id.clone()));
            self.follow_each(bundle, &found, &mut ends).await;
            tokio::select! {
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = self.cancel.reached(Cancelled::Stop) => {
                    let left = format!("gwinfra (process {}) goes on", holder.process);
                    ends.take(Err(EngineError::Cancelled(vec![left])));
                    break;
                }
            }
        }
        self.finish(ends)
    }

    async fn follow_each(&self, bundle: &Bundle, underway: &[Underway], ends: &mut Ends) {
        let followed = underway.iter().filter_map(|one| {
            let rendered = bundle.stacks.iter().find(|stack| stack.key == one.key)?;
            Some(self.follow_one(rendered, one))
        });
        for ended in join_all(followed).await {
            ends.take(ended);
        }
    }

    fn finish(&self, ends: Ends) -> Result<(), EngineError> {
        ends.finish(&self.hub.account, |text| self.emit(None, EventKind::Message { text }))
    }

    async fn follow_one(
        &self,
        rendered: &RenderedStack,
        underway: &Underway,
    ) -> Result<Option<StackFailure>, EngineError> {
        let session = self.session(&rendered.target);
        let client = session.cloudformation();
        if !is_stack(&underway.id) {
            self.converge(rendered).await?;
            return Ok(None);
        }
        let since = underway.since.as_deref().and_then(|since| since.parse::<jiff::Timestamp>().ok());
        let watch = Watch {
            engine: self,
            client,
            rendered: Some(rendered),
            key: &rendered.key,
            stack_id: &underway.id,
            before: &underway.status,
            token: "",
            since: Some(since.unwrap_or(jiff::Timestamp::MIN)),
        };
        let sets = Progress::begin(self, client, Some(rendered), &rendered.key).await;
        let rest = watch.to_rest(sets).await?;
        if rest.stack.is_none() && underway.status.starts_with("DELETE") {
            return Ok(None);
        }
        if let Some(failure) = outcome::failure(rendered, &rest, None) {
            return Ok(Some(failure));
        }
        self.converge(rendered).await?;
        Ok(None)
    }

    /// Waits for the service of a stack, if it has one.
    async fn converge(&self, rendered: &RenderedStack) -> Result<(), EngineError> {
        let session = self.session(&rendered.target);
        let Some(stack) = session.cloudformation().stack(&rendered.name).await? else { return Ok(()) };
        let Some((cluster, service)) = named(&stack.outputs) else { return Ok(()) };
        let converge = Converge {
            session,
            sink: &*self.sink,
            cancel: &self.cancel,
            key: &rendered.key,
            cluster,
            service,
            task_definition: planned(&stack.outputs),
            // What images were planned is not known here.
            images: &std::collections::BTreeMap::new(),
        };
        converge.check().await.map(drop)
    }

    /// Cancels what can be cancelled and follows it until it is back at its previous state.
    ///
    /// # Errors
    /// When AWS refuses; [`EngineError::Failed`] when a stack is not back at its previous state.
    pub(super) async fn cancel_all(&self, bundle: &Bundle, underway: &[Underway]) -> Result<(), EngineError> {
        let mut ends = Ends::default();
        let mut cancelled = Vec::new();
        for one in underway.iter().filter(|one| one.fixed.is_none()) {
            let Some(rendered) = bundle.stacks.iter().find(|stack| stack.key == one.key) else { continue };
            let token = format!("{TOKEN}cancel-{}", uuid::Uuid::new_v4().simple());
            let client = self.session(&rendered.target);
            if let Err(error) = client.cloudformation().cancel_update(&one.id, &token).await {
                // Those that were cancelled before are followed all the same.
                ends.take(Err(error.into()));
                continue;
            }
            let text = format!("{}: cancelling the update: the stack goes back to its previous state", one.name);
            self.emit(Some(&one.key), EventKind::Message { text });
            cancelled.push(one.clone());
        }
        self.follow_each(bundle, &cancelled, &mut ends).await;
        // To be rolled back is what was asked for.
        ends.retain(|failure| !failure.rolled_back);
        self.finish(ends)
    }
}

/// Whether an id is a stack's, and not a deployment's.
fn is_stack(id: &str) -> bool {
    id.contains(":stack/")
}

/// Why an operation in that status cannot be cancelled; `None` when it can.
fn fixed(status: &str) -> Option<&'static str> {
    Some(match status {
        "UPDATE_IN_PROGRESS" => return None,
        "CREATE_IN_PROGRESS" => {
            "CloudFormation cancels updates only: a creation ends, or fails and is rolled back; `gwinfra destroy` removes it \
             then"
        }
        "DELETE_IN_PROGRESS" => "a deletion cannot be cancelled: what is deleted is gone",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" => {
            "the update is done, and only what it replaced is being deleted: an apply of the previous spec goes back"
        }
        "IMPORT_IN_PROGRESS" => "CloudFormation cancels updates only, and not imports",
        status if status.contains("ROLLBACK") => "it is on its way back already",
        _ => "CloudFormation does not cancel it",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::cloudformation::status_table::STATUSES;

    #[test]
    fn of_all_that_is_in_progress_only_an_update_can_be_cancelled() {
        let free: Vec<&str> = STATUSES
            .iter()
            .map(|row| row.status)
            .filter(|status| status.ends_with("_IN_PROGRESS") && fixed(status).is_none())
            .collect();
        assert_eq!(free, ["UPDATE_IN_PROGRESS"]);
    }
}
