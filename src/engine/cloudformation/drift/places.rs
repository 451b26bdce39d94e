//! Findings about one resource or stack, with the lines of the spec that they come from.

use super::comparison::Comparison;
use crate::cfn::template::Template;
use crate::drift::{Difference, Finding, Kind, Reader, level};
use crate::engine::cloudformation::stack_set::STACK;
use crate::engine::{Places, nearest_places};
use crate::plan::SourcePlace;
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
        let source = nearest_places(self.places.as_ref(), &self.rendered.key, self.logical_id, &[&path, &property]);
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
            id: None,
            command: None,
            by_change_set: false,
        }
    }
}

/// How many resources a template has.
pub(super) fn size(template: &str) -> usize {
    Template::parse("template", template).map_or(0, |template| template.resources().count())
}

/// A stack as a whole, also one of a stack set, for findings about it.
pub(super) struct Whole<'a> {
    pub address: String,
    pub key: &'a str,
    pub account: &'a str,
    pub region: &'a str,
    pub source: Vec<SourcePlace>,
}

impl Whole<'_> {
    /// A finding about it.
    pub fn finding(self, kind: Kind, difference: Difference) -> Finding {
        let Difference { path, expected, actual } = difference;
        Finding {
            address: self.address,
            stack: self.key.to_owned(),
            account: self.account.to_owned(),
            region: self.region.to_owned(),
            resource_type: STACK.to_owned(),
            kind,
            severity: level(STACK, kind, &path),
            path,
            expected,
            actual,
            reader: Reader::CloudFormation,
            source: self.source,
            accepted_by: None,
            id: None,
            command: None,
            by_change_set: false,
        }
    }
}

impl Comparison<'_> {
    /// A finding about a stack as a whole.
    pub(super) fn of_stack(
        &self,
        rendered: &RenderedStack,
        kind: Kind,
        source: Vec<SourcePlace>,
        difference: Difference,
    ) -> Finding {
        let whole = Whole {
            address: rendered.address(self.hub, "").trim_end_matches('/').to_owned(),
            key: &rendered.key,
            account: &rendered.target.account,
            region: &rendered.target.region,
            source,
        };
        whole.finding(kind, difference)
    }

    /// The first place in the spec that something of a stack comes from.
    pub(super) fn first_place(&self, rendered: &RenderedStack) -> Vec<SourcePlace> {
        let template = Template::parse(rendered.template_path.as_str(), &rendered.template).ok();
        let places = template.iter().flat_map(Template::resources).find_map(|resource| {
            let places = (self.places)(&rendered.key, resource.logical_id, &[]);
            (!places.is_empty()).then_some(places)
        });
        places.unwrap_or_default()
    }
}
