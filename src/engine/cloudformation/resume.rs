//! Takes up what an earlier run left behind when it was killed.

use super::stack_set::Progress;
use super::watch::Watch;
use super::{CloudFormationEngine, now};
use crate::engine::journal::Record;
use crate::engine::{EngineError, EventKind};
use crate::render::{Bundle, Target};

impl CloudFormationEngine {
    /// Waits for the operations that a killed run has given to AWS, and removes the change sets that it made and never
    /// executed. Returns the id of that run. After this, a new plan shows what is left to do.
    ///
    /// # Errors
    ///
    /// When the journal is damaged, the run lives in another process, or AWS cannot be asked.
    pub async fn take_up(&self, bundle: &Bundle) -> Result<Option<String>, EngineError> {
        let Some(left) = self.journal.unfinished()? else { return Ok(None) };
        // A run that lives is unfinished, too: what it has made is not to be swept away.
        let _claim = self.journal.claim(jiff::Timestamp::now())?;
        self.emit(
            None,
            EventKind::Message {
                text: format!("taking up the {} that began {} and was cut off", left.command, left.started_at),
            },
        );
        for (step, stack_id, token) in &left.executing {
            let key = step.strip_prefix("delete ").unwrap_or(step);
            let rendered = bundle.stacks.iter().find(|stack| stack.key == key);
            let Some(target) = rendered.map(|stack| stack.target.clone()).or_else(|| target_of(stack_id)) else {
                continue;
            };
            let session = self.session(&target);
            let client = session.cloudformation();
            let Some(stack) = client.stack(stack_id).await? else { continue };
            if !stack.status.ends_with("_IN_PROGRESS") || stack.status == "REVIEW_IN_PROGRESS" {
                continue;
            }
            self.emit(Some(key), EventKind::StepStarted { step: step.clone() });
            let watch =
                Watch { engine: self, client, rendered, key, stack_id, before: &stack.status, token, since: None };
            let sets = Progress::begin(self, client, rendered, key).await;
            let rest = watch.to_rest(sets).await?;
            let result = rest.stack.map_or_else(|| "deleted".to_owned(), |stack| stack.status);
            self.emit(Some(key), EventKind::StepFinished { step: step.clone(), result });
        }
        self.sweep(bundle, &left.run).await?;
        Ok(Some(left.run))
    }

    /// Closes the journal of a run that was cut off, once nothing is left to do: the deployment is what the bundle says.
    ///
    /// # Errors
    ///
    /// When the journal cannot be written.
    pub fn settle(&self, bundle: &Bundle) -> Result<(), EngineError> {
        if self.journal.unfinished()?.is_some() {
            let run = self.journal.begin("apply", &bundle.digest, jiff::Timestamp::now())?;
            run.write(&Record::RunFinished { at: now(), result: "succeeded".to_owned() })?;
            self.journal.remember(Some(bundle))?;
        }
        Ok(())
    }

    /// Deletes change sets that a run made and never executed, and the empty stacks that only hold them.
    async fn sweep(&self, bundle: &Bundle, run: &str) -> Result<(), EngineError> {
        let ours = format!("gwinfra-{run}");
        for rendered in &bundle.stacks {
            let session = self.session(&rendered.target);
            let client = session.cloudformation();
            let Some(stack) = client.stack(&rendered.name).await? else { continue };
            let sets = client.change_sets(&stack.id).await?;
            for (id, name) in &sets {
                if name.starts_with(&ours) {
                    client.delete_change_set(id).await?;
                }
            }
            if stack.status == "REVIEW_IN_PROGRESS" && sets.iter().all(|(_, name)| name.starts_with(&ours)) {
                self.remove_shell(rendered, &stack.id).await?;
            }
        }
        Ok(())
    }
}

/// Account and region of a stack's ARN; it is reached with the caller's own credentials.
fn target_of(stack_id: &str) -> Option<Target> {
    let mut parts = stack_id.split(':').skip(3);
    let region = parts.next()?.to_owned();
    let account = parts.next()?.to_owned();
    Some(Target { account, region, deploy_role: None })
}
