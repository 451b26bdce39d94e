//! Takes up what an earlier run left behind when it was killed.

use super::stack_set::Progress;
use super::watch::Watch;
use super::{CloudFormationEngine, now};
use crate::engine::journal::Record;
use crate::engine::{EngineError, EventKind, preflight};
use crate::render::{Bundle, RenderedStack, Target};

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
                text: format!("taking up the {} that began {} and {}", left.command, left.started_at, left.words()),
            },
        );
        // What is no longer rendered was when it was applied.
        let previous = self.journal.applied()?;
        for operation in &left.executing {
            let key = key_of(&operation.0);
            let bundles = std::iter::once(bundle).chain(&previous);
            let rendered = bundles.flat_map(|bundle| &bundle.stacks).find(|stack| stack.key == key);
            let Some(target) = rendered.map(|stack| stack.target.clone()).or_else(|| target_of(&operation.1)) else {
                continue;
            };
            if let Err(error) = self.take_up_one(operation, rendered, &target).await {
                self.tell_or_stop(bundle, &target, &format!("what became of {key}"), error)?;
            }
        }
        for rendered in &bundle.stacks {
            if let Err(error) = self.sweep(rendered, &left.run).await {
                let what = format!("whether change sets of {} are left", rendered.name);
                self.tell_or_stop(bundle, &rendered.target, &what, error)?;
            }
        }
        Ok(Some(left.run))
    }

    /// Waits for one operation.
    async fn take_up_one(
        &self,
        (step, stack_id, token): &(String, String, String),
        rendered: Option<&RenderedStack>,
        target: &Target,
    ) -> Result<(), EngineError> {
        let key = key_of(step);
        let session = self.session(target);
        let client = session.cloudformation();
        let Some(stack) = client.stack(stack_id).await? else { return Ok(()) };
        if !stack.status.ends_with("_IN_PROGRESS") || stack.status == "REVIEW_IN_PROGRESS" {
            return Ok(());
        }
        self.emit(Some(key), EventKind::StepStarted { step: step.clone() });
        let watch = Watch { engine: self, client, rendered, key, stack_id, before: &stack.status, token, since: None };
        let sets = Progress::begin(self, client, rendered, key).await;
        let rest = watch.to_rest(sets).await?;
        let result = rest.stack.map_or_else(|| "deleted".to_owned(), |stack| stack.status);
        self.emit(Some(key), EventKind::StepFinished { step: step.clone(), result });
        Ok(())
    }

    /// Goes on where a Bedrock account refuses to be asked: it keeps none of the others from being taken up, and the plan
    /// says what it makes of it.
    fn tell_or_stop(
        &self,
        bundle: &Bundle,
        target: &Target,
        what: &str,
        error: EngineError,
    ) -> Result<(), EngineError> {
        let reason = preflight::refusal(bundle, target, &error).ok_or(error)?;
        self.emit(None, EventKind::Message { text: format!("{what} is not known: {reason}") });
        Ok(())
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

    /// Deletes change sets of a stack that a run made and never executed, and the empty stack that only holds them.
    async fn sweep(&self, rendered: &RenderedStack, run: &str) -> Result<(), EngineError> {
        let ours = format!("gwinfra-{run}");
        let session = self.session(&rendered.target);
        let client = session.cloudformation();
        let Some(stack) = client.stack(&rendered.name).await? else { return Ok(()) };
        let sets = client.change_sets(&stack.id).await?;
        for (id, name) in &sets {
            if name.starts_with(&ours) {
                client.delete_change_set(id).await?;
            }
        }
        if stack.status == "REVIEW_IN_PROGRESS" && sets.iter().all(|(_, name)| name.starts_with(&ours)) {
            self.remove_shell(rendered, &stack.id).await?;
        }
        Ok(())
    }
}

/// Key of the stack that a step works on.
fn key_of(step: &str) -> &str {
    step.strip_prefix("delete ").or_else(|| step.strip_prefix("recover ")).unwrap_or(step)
}

/// Account and region of a stack's ARN; it is reached with the caller's own credentials.
fn target_of(stack_id: &str) -> Option<Target> {
    let mut parts = stack_id.split(':').skip(3);
    let region = parts.next()?.to_owned();
    let account = parts.next()?.to_owned();
    Some(Target { account, region, deploy_role: None })
}

#[cfg(test)]
mod tests {
    use super::key_of;

    #[test]
    fn a_step_is_called_after_its_stack() {
        assert_eq!(["gateway", "delete data", "recover access"].map(key_of), ["gateway", "data", "access"]);
    }
}
