//! Findings about one resource, with the lines of the spec that they come from.

use crate::drift::{Difference, Finding, Kind, Reader, level};
use crate::engine::Places;
use crate::render::{RenderedStack, Target};

/// A resource, for findings about it.
pub(super) struct Subject<'a> {
    pub rendered: &'a RenderedStack,
    pub hub: &'a Target,
    pub places: &'a Places,
    pub logical_id: &'a str,
    pub resource_type: &'a str,
}

impl Subject<'_> {
    /// Its address.
    pub fn address(&self) -> String {
        self.rendered.address(self.hub, self.logical_id)
    }

    /// A finding about it.
    pub fn finding(&self, kind: Kind, difference: Difference, reader: Reader) -> Finding {
        let Difference { path, expected, actual } = difference;
        let property: Vec<String> = path.iter().take(1).cloned().collect();
        let mut source = (self.places)(&self.rendered.key, self.logical_id, &path);
        if source.is_empty() {
            source = (self.places)(&self.rendered.key, self.logical_id, &property);
        }
        Finding {
            address: self.address(),
            stack: self.rendered.key.clone(),
            account: self.rendered.target.account.clone(),
            region: self.rendered.target.region.clone(),
            resource_type: self.resource_type.to_owned(),
            kind,
            severity: level(self.resource_type, kind, &path),
            path,
            expected,
            actual,
            reader,
            source,
            accepted_by: None,
        }
    }
}
