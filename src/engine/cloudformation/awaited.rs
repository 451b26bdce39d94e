//! Images that nothing could supply when the plan was made: an apply looks for them as soon as their repositories are there.

use std::collections::BTreeSet;

use super::apply::Apply;
use crate::engine::{EngineError, resolve};
use crate::render::{ParameterValue, RenderedStack};

impl Apply<'_> {
    /// Images that a stack needs and that nothing could supply when the plan was made: this run makes their repositories.
    pub(super) fn awaited(&self) -> impl Iterator<Item = &str> {
        let planned = self.bundle.stacks.iter().filter(|stack| self.planned(&stack.key).is_some());
        let needed: BTreeSet<&str> = planned
            .flat_map(|stack| stack.parameters.values())
            .filter_map(|value| match value {
                ParameterValue::Image(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        needed.into_iter().filter(|name| !self.plan.inputs.images.contains_key(*name))
    }

    /// Keys of the stacks without which the repositories of those images are not made.
    pub(super) fn before_images(&self) -> BTreeSet<String> {
        let mut keys: BTreeSet<String> = self.awaited().flat_map(|name| self.makers_of(name)).collect();
        loop {
            let stacks = keys.iter().filter_map(|key| self.rendered(key));
            let more: Vec<String> = stacks
                .flat_map(RenderedStack::dependencies)
                .filter(|key| !keys.contains(*key))
                .map(ToOwned::to_owned)
                .collect();
            if more.is_empty() {
                return keys;
            }
            keys.extend(more);
        }
    }

    /// Looks for an image once its repository is there: without it the service would never start, and a network and a
    /// database would be made for nothing.
    pub(super) async fn look_for(&self, name: &str) -> Result<String, EngineError> {
        let engine = self.engine;
        let found = resolve::image(&engine.clients, &engine.images, self.bundle, name).await?;
        if let Some(from) = found.pushed_from {
            let moved = format!("image {name} can be pushed from {from} now, and the plan was made without it");
            return Err(EngineError::Stale(vec![moved]));
        }
        let reference = found
            .reference
            .ok_or_else(|| self.inconsistent(&format!("the repository of image {name} is not there")))?;
        self.known.facts().images.insert(name.to_owned(), reference);
        Ok("there".to_owned())
    }
}

/// Name of the step that looks for an image.
pub(super) fn image_step(image: &str) -> String {
    format!("image {image}")
}
