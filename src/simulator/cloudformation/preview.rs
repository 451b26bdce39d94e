//! The account as it will be after an update.

use std::collections::BTreeMap;

use serde_json::Value;

use super::lookup::{attribute_of, export};
use super::state::{Stack, StackResource};
use crate::simulator::template::{KNOWN_AFTER_APPLY, Lookup};
use crate::simulator::world::World;

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its identifier and attributes stay.
    Stays,
    /// It is new or may be replaced: its identifier is not known yet.
    Renewed,
}

/// The account as it will be, as far as that is known.
pub(super) struct Preview<'a> {
    pub(super) world: &'a World,
    pub(super) stack: &'a Stack,
    pub(super) fates: &'a BTreeMap<String, Fate>,
}

impl Preview<'_> {
    fn known(&self, logical_id: &str) -> Option<&StackResource> {
        let resource = self.stack.resources.get(logical_id).filter(|resource| resource.physical_id.is_some())?;
        (self.fates.get(logical_id) != Some(&Fate::Renewed)).then_some(resource)
    }
}

impl Lookup for Preview<'_> {
    fn reference(&self, logical_id: &str) -> Option<Value> {
        match self.known(logical_id) {
            Some(resource) => resource.physical_id.clone().map(Value::String),
            None => Some(Value::String(KNOWN_AFTER_APPLY.to_owned())),
        }
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Option<Value> {
        match self.known(logical_id) {
            Some(resource) => attribute_of(self.world, self.stack.place(), resource, attribute),
            None => Some(Value::String(KNOWN_AFTER_APPLY.to_owned())),
        }
    }

    fn import(&self, name: &str) -> Option<String> {
        export(&self.world.cloudformation, self.stack.place(), name)
    }
}
