//! Plans that outlive the process that made them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::TerraformEngine;
use super::diagnostic::Subject;
use super::plan::directory_of;
use crate::engine::{EngineError, preflight, resolve};
use crate::plan::{Plan, PlannedStack, SavedPlan, StackAction};
use crate::render::{Bundle, RenderedModule};

/// Name of Terraform's plan among the files of a saved plan.
fn plan_file(key: &str) -> String {
    format!("{key}/tfplan")
}

/// Name of a root module that is no longer rendered among the files of a saved plan.
fn module_file(key: &str) -> String {
    format!("{key}/module.json")
}

impl TerraformEngine {
    /// Puts a plan together with Terraform's plan of each root module that changes.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn save(&self, plan: Plan, bundle: &Bundle) -> Result<SavedPlan, EngineError> {
        let mut files = BTreeMap::new();
        let previous = self.journal.applied()?;
        for planned in plan.reached().filter(|planned| planned.action != StackAction::NoOp) {
            let directory = directory_of(self, bundle, &planned.key);
            let bytes = fs_err::read(directory.plan()).map_err(|source| directory.failed(source))?;
            files.insert(plan_file(&planned.key), STANDARD.encode(bytes));
            let gone = previous.iter().flat_map(|previous| &previous.modules).find(|module| module.key == planned.key);
            if let Some(gone) = gone
                && !bundle.modules.iter().any(|module| module.key == planned.key)
            {
                let text = serde_json::to_vec(gone).map_err(|error| directory.failed(error.into()))?;
                files.insert(module_file(&planned.key), STANDARD.encode(text));
            }
        }
        Ok(SavedPlan::with_files(plan, bundle.clone(), files))
    }

    /// Removes Terraform's plans: they will not be applied.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub(super) fn remove_plans(&self, plan: &Plan) -> Result<(), EngineError> {
        for planned in &plan.stacks {
            super::directory::WorkDirectory::new(&self.directory, &plan.deployment.prefix, &planned.key)
                .remove("tfplan")?;
        }
        Ok(())
    }

    /// What moved since a saved plan was made, one sentence each; empty when the plan is current. What only a Bedrock account
    /// has lost is told by its apply, which keeps none of the others back, unless nothing else would change.
    ///
    /// # Errors
    /// When AWS or Terraform cannot be asked.
    pub(super) async fn what_moved(
        &self,
        saved: &SavedPlan,
        bundle_sha256: Option<&str>,
    ) -> Result<Vec<String>, EngineError> {
        let mut moved = Vec::new();
        let inputs = &saved.plan.inputs;
        if inputs.bundle_sha256 != saved.bundle.digest {
            moved.push("the plan and the bundle in the file are not from the same run".to_owned());
        }
        if bundle_sha256.is_some_and(|now| now != inputs.bundle_sha256) {
            moved.push("the spec or the blueprint renders to something else than when the plan was made".to_owned());
        }
        for planned in saved.plan.reached() {
            match self.clients.session(&planned.target()).verify_account().await {
                Ok(_) => {}
                Err(crate::aws::Error::WrongAccount { expected, actual, .. }) => moved
                    .push(format!("the plan is for account {expected}, but the credentials are for account {actual}")),
                Err(error) => {
                    let error = EngineError::from(error);
                    if preflight::of_account(&saved.bundle, &planned.target(), &error).is_none() {
                        return Err(error);
                    }
                }
            }
        }
        // In another account every state would look deleted.
        if !moved.is_empty() {
            return Ok(moved);
        }
        let (mut current, mut elsewhere) = (false, Vec::new());
        for planned in saved.plan.reached().filter(|planned| planned.action != StackAction::NoOp) {
            let is_elsewhere = preflight::is_elsewhere(&saved.bundle, &planned.target());
            match self.state_moved(saved, planned).await {
                Ok(None) => current = true,
                Ok(Some(words)) if is_elsewhere => elsewhere.push(words),
                Ok(Some(words)) => moved.push(words),
                Err(error) if preflight::of_account(&saved.bundle, &planned.target(), &error).is_some() => {}
                Err(error) => return Err(error),
            }
        }
        if !current || !moved.is_empty() {
            moved.append(&mut elsewhere);
        }
        for (name, planned) in &inputs.images {
            let found = resolve::image(&self.clients, &self.images, &saved.bundle, name).await;
            match found.map(|found| found.reference) {
                Ok(Some(now)) if now == *planned => {}
                Ok(Some(now)) => {
                    moved.push(format!("image {name} is {now} now, and the plan was made for {planned}"));
                }
                Ok(None) | Err(EngineError::ImageMissing(_)) => {
                    moved.push(format!("image {name} ({planned}) is no longer in its repository"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(moved)
    }

    async fn state_moved(&self, saved: &SavedPlan, planned: &PlannedStack) -> Result<Option<String>, EngineError> {
        let Some(module) = module_of(saved, &planned.key)? else { return Ok(None) };
        let directory = directory_of(self, &saved.bundle, &planned.key);
        let subject = Subject { module: &module, directory: &directory };
        self.prepare(subject).await?;
        let now = self.state(subject).await?.map(|state| state.version());
        let key = &planned.key;
        Ok(match (&planned.last_operation, now) {
            (before, now) if *before == now => None,
            (None, Some(_)) => Some(format!("{key} had no state when the plan was made, and has one now")),
            (Some(_), None) => Some(format!("{key} had a state when the plan was made, and has none now")),
            _ => Some(format!("the state of {key} was changed by another operation since the plan was made")),
        })
    }
}

/// The root module of a planned one: as rendered, or as it was applied last.
pub(super) fn module_of(saved: &SavedPlan, key: &str) -> Result<Option<RenderedModule>, EngineError> {
    if let Some(module) = saved.bundle.modules.iter().find(|module| module.key == key) {
        return Ok(Some(module.clone()));
    }
    let Some(text) = saved.files.get(&module_file(key)) else { return Ok(None) };
    let bytes = STANDARD.decode(text).map_err(|error| damaged(&error))?;
    serde_json::from_slice(&bytes).map(Some).map_err(|error| damaged(&error))
}

/// Terraform's plan of a root module.
pub(super) fn plan_of(saved: &SavedPlan, key: &str) -> Result<Vec<u8>, EngineError> {
    let Some(text) = saved.files.get(&plan_file(key)) else {
        return Err(EngineError::Stale(vec![format!("the file has no Terraform plan for {key}")]));
    };
    STANDARD.decode(text).map_err(|error| damaged(&error))
}

fn damaged(error: &dyn std::error::Error) -> EngineError {
    EngineError::Stale(vec![format!("the file is damaged: {error}")])
}
