//! Outputs of root modules.

use std::collections::BTreeMap;

use serde_json::Value;

use super::TerraformEngine;
use super::diagnostic::Subject;
use super::message::Output;
use crate::engine::{EngineError, Outputs};
use crate::render::{Bundle, RenderedModule};

impl TerraformEngine {
    /// Reads the outputs of every root module that has any.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) async fn read_outputs(&self, bundle: &Bundle) -> Result<Outputs, EngineError> {
        let mut outputs = Outputs::new();
        for module in &bundle.modules {
            let directory = self.work_directory(bundle, module);
            let subject = Subject { module, directory: &directory };
            if self.read_state(subject).await?.is_none_or(|state| state.managed().next().is_none()) {
                continue;
            }
            self.init(module, &directory).await?;
            self.add_outputs(&mut outputs, subject).await?;
        }
        Ok(outputs)
    }

    /// Reads the outputs of one root module, which must be initialised.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) async fn add_outputs(&self, outputs: &mut Outputs, subject: Subject<'_>) -> Result<(), EngineError> {
        match self.capture(subject.directory, &["output", "-json", "-no-color"]).await? {
            Ok(bytes) => {
                let found: BTreeMap<String, Output> =
                    serde_json::from_slice(&bytes).map_err(|error| subject.directory.failed(error.into()))?;
                sort_in(outputs, subject.module, &found, &self.hub.account);
                Ok(())
            }
            Err(words) => Err(self.command_failed(subject, "output -json", &words)),
        }
    }
}

/// Adds the outputs of a root module under the stacks of the blueprint that they belong to. What is sensitive is left
/// out: outputs are addresses and names.
pub(super) fn sort_in(
    outputs: &mut Outputs,
    module: &RenderedModule,
    found: &BTreeMap<String, Output>,
    hub_account: &str,
) {
    for (name, output) in found.iter().filter(|(_, output)| !output.sensitive) {
        let text = match &output.value {
            None | Some(Value::Null) => continue,
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let kind = module.outputs.get(name).unwrap_or(&module.key);
        let own = module.target.account == hub_account;
        let key = if own { kind.clone() } else { format!("{kind}@{}", module.target.account) };
        outputs.entry(key).or_default().insert(name.clone(), text);
    }
}
