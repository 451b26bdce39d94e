//! A bundle, and where everything in it is from.

use std::collections::BTreeMap;

use super::module_map::ModuleMap;
use super::source_map::SourceMap;
use super::{Bundle, member};
use crate::diagnostics::Report;

/// A bundle, where everything in it is from, and what should be said about it.
#[derive(Debug, Clone)]
pub struct Rendering {
    /// What is written, planned and applied.
    pub bundle: Bundle,
    /// Origins by `template_path` of the stacks.
    pub source_maps: BTreeMap<String, SourceMap>,
    /// Origins by key of the root modules.
    pub module_maps: BTreeMap<String, ModuleMap>,
    /// Warnings, and the texts that they point into.
    pub report: Report,
}

impl Rendering {
    /// The origins of a stack's template, by the stack's key.
    pub fn source_map(&self, stack: &str) -> Option<&SourceMap> {
        let stack = self.bundle.stacks.iter().find(|other| other.key == stack)?;
        self.source_maps.get(&stack.template_path)
    }

    /// The keys of the spec that feed a property of a resource. `place` is the key of a stack or root module, `name` the
    /// logical id or address; an empty path is the whole resource.
    pub fn spec_paths(&self, place: &str, name: &str, path: &[String]) -> Vec<String> {
        if let Some(map) = self.module_maps.get(place) {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            return map.spec_paths(name, &path);
        }
        self.map_of(place, name).map(|(map, name)| map.spec_paths(name, &path.join("."))).unwrap_or_default()
    }

    /// The same without what only other properties of the resource name.
    pub fn own_paths(&self, place: &str, name: &str, path: &[String]) -> Vec<String> {
        if let Some(map) = self.module_maps.get(place) {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            return map.own_paths(name, &path);
        }
        self.map_of(place, name).map(|(map, name)| map.own_paths(name, &path.join("."))).unwrap_or_default()
    }

    /// Whether a stack or root module has a resource.
    pub fn has(&self, place: &str, name: &str) -> bool {
        match self.module_maps.get(place) {
            Some(map) => map.declaration(name).is_some(),
            None => self.map_of(place, name).is_some_and(|(map, name)| map.template().resource(name).is_some()),
        }
    }

    /// The origins of a resource of a stack, and its logical id. `BedrockAccess/Role` is one that a stack set has in the
    /// accounts.
    fn map_of<'n>(&self, stack: &str, name: &'n str) -> Option<(&SourceMap, &'n str)> {
        match name.split_once('/') {
            Some((_, inner)) => Some((self.member_map(stack)?, inner)),
            None => Some((self.source_map(stack)?, name)),
        }
    }

    /// The origins of the template that a stack's stack set brings into the accounts, by the stack's key.
    fn member_map(&self, stack: &str) -> Option<&SourceMap> {
        let stack = self.bundle.stacks.iter().find(|other| other.key == stack)?;
        self.source_maps.get(&member::origins(&stack.template_path))
    }
}
