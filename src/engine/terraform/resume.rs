//! Takes up what an earlier run left behind when it was killed.

use std::time::Duration;

use super::TerraformEngine;
use super::directory::WorkDirectory;
use crate::engine::journal::Record;
use crate::engine::{Cancelled, EngineError, now};
use crate::render::{Bundle, RenderedModule};

/// How long is waited before a child of an earlier run is looked at again.
const LOOK: Duration = Duration::from_millis(200);

impl TerraformEngine {
    /// Waits for the children of a killed run: they go on, and write their state when they end. After this, a new plan
    /// shows what is left to do.
    ///
    /// # Errors
    /// When the journal is damaged; [`EngineError::Cancelled`] after a signal.
    pub(super) async fn wait_for_children(&self, bundle: &Bundle) -> Result<(), EngineError> {
        let left = self.journal.unfinished()?;
        // A run that lives is unfinished, too: its Terraform is not an earlier run's.
        let _claim = left.as_ref().map(|_| self.journal.claim(jiff::Timestamp::now())).transpose()?;
        if let Some(left) = left {
            let words = format!("taking up the {} that began {} and {}", left.command, left.started_at, left.words());
            self.say(None, words);
        }
        for module in self.known_modules(bundle)? {
            let directory = self.work_directory(bundle, &module);
            if self.busy(&directory) {
                self.wait_for(&module.key, &directory).await?;
            }
        }
        Ok(())
    }

    /// Waits until no child is at work in a directory.
    ///
    /// # Errors
    /// [`EngineError::Cancelled`] after a signal.
    async fn wait_for(&self, key: &str, directory: &WorkDirectory) -> Result<(), EngineError> {
        self.say(Some(key), "Terraform of an earlier run is still at work: waiting for its end");
        while self.busy(directory) {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = self.cancel.reached(Cancelled::Stop) => {
                    let left = format!("Terraform of an earlier run goes on in {}", directory.path().display());
                    return Err(EngineError::Cancelled(vec![left]));
                }
            }
        }
        Ok(())
    }

    /// Every root module that is rendered or was applied last.
    pub(super) fn known_modules(&self, bundle: &Bundle) -> Result<Vec<RenderedModule>, EngineError> {
        let mut modules = bundle.modules.clone();
        for module in self.journal.applied()?.into_iter().flat_map(|previous| previous.modules) {
            if !modules.iter().any(|other| other.key == module.key) {
                modules.push(module);
            }
        }
        Ok(modules)
    }

    /// Closes the journal of a run that was cut off, once nothing is left to do.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub(super) fn close_journal(&self, bundle: &Bundle) -> Result<(), EngineError> {
        if self.journal.unfinished()?.is_some() {
            let run = self.journal.begin("apply", &bundle.digest, jiff::Timestamp::now())?;
            run.write(&Record::RunFinished { at: now(), result: "succeeded".to_owned() })?;
            self.journal.remember(Some(bundle))?;
        }
        Ok(())
    }
}
