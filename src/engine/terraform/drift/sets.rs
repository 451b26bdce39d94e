//! The stack sets that root modules have.

use super::super::TerraformEngine;
use super::super::diagnostic::Subject;
use super::super::plan::members;
use super::super::watch::Held;
use super::refreshed::Prior;
use crate::cfn::stack_set;
use crate::engine::EngineError;
use crate::engine::cloudformation::drift::DeployedSet;
use crate::render::{Bundle, RenderedModule};

impl TerraformEngine {
    /// The stack sets that the hub's module has, by its state: without a look at the hub.
    pub(in crate::engine::terraform) async fn known_sets(
        &self,
        bundle: &Bundle,
    ) -> Result<Vec<DeployedSet>, EngineError> {
        let of_hub = bundle.modules.iter().filter(|module| module.target == bundle.deployment.hub);
        let mut known = Vec::new();
        for module in of_hub.filter(|_| !bundle.members.is_empty()) {
            let directory = self.work_directory(bundle, module);
            let subject = Subject { module, directory: &directory };
            if self.read_state(subject).await?.is_none() {
                continue;
            }
            self.prepare(subject).await?;
            let text = self.capture(&directory, &["show", "-json", "-no-color"]).await?;
            let text = text.map_err(|words| self.command_failed(subject, "show", &words))?;
            let state: Prior = serde_json::from_slice(&text).map_err(|error| directory.failed(error.into()))?;
            known.extend(sets(module, &state.values.root_module.resources));
        }
        Ok(known)
    }
}

/// The stack sets that a module's stacks have.
pub(super) fn sets(module: &RenderedModule, held: &[Held]) -> Vec<DeployedSet> {
    let stacks = held.iter().filter(|one| one.resource_type == members::STACK);
    let of_stack = |stack: &Held| {
        let sets = stack_set::of_template(members::body(&stack.values).unwrap_or_default()).into_iter();
        let own = sets.map(|set| DeployedSet {
            key: module.key.clone(),
            name: stack.address.clone(),
            address: format!("{}/{}", module.key, stack.address),
            set,
        });
        own.collect::<Vec<_>>()
    };
    stacks.flat_map(of_stack).collect()
}
