//! From a resource or property of a rendered template back to the template's line and the keys of the spec.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::cfn::template::{Node, Place, Template};
use crate::diagnostics::Span;
use crate::render::template::Trace;

/// The origins of one rendered template. Stacks of the same text share it.
#[derive(Debug, Clone)]
pub struct SourceMap {
    template: Arc<Template>,
    trace: Trace,
}

impl SourceMap {
    pub(super) fn new(template: Arc<Template>, trace: Trace) -> Self {
        Self { template, trace }
    }

    /// The rendered template.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// The keys of the spec that feed a property: [`Self::own_paths`]. Where these are none, and nothing of the path is in the
    /// template, those of all lines of the resource. An empty path is the whole resource. Segments are separated by dots, list
    /// items by index: `Tags.0.Value`.
    pub fn spec_paths(&self, logical_id: &str, property_path: &str) -> Vec<String> {
        let found = self.own_paths(logical_id, property_path);
        match self.places(logical_id, property_path).as_slice() {
            [whole] if found.is_empty() => self.trace.spec_paths(lines(*whole)),
            _ => found,
        }
    }

    /// The keys that are named on a property's own lines, else those of the nearest property around it, else those on the line
    /// of the resource.
    pub fn own_paths(&self, logical_id: &str, property_path: &str) -> Vec<String> {
        let places = self.places(logical_id, property_path);
        let Some((own, around)) = places.split_last() else { return Vec::new() };
        // Of a resource only its own line counts: its properties speak for themselves.
        let own_lines = if around.is_empty() { own.start.line..=own.start.line } else { lines(*own) };
        let around = around.iter().rev().map(|place| place.start.line..=place.start.line);
        let all = std::iter::once(own_lines).chain(around).map(|lines| self.trace.spec_paths(lines));
        all.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
    }

    /// The line of the template that makes a property, or the nearest around it.
    pub fn template_place(&self, logical_id: &str, property_path: &str) -> Option<Span> {
        let place = *self.places(logical_id, property_path).last()?;
        self.template_span(place.start.line)
    }

    /// The rendered lines of a resource, from the line of its logical id.
    pub fn rendered_lines(&self, logical_id: &str) -> Option<RangeInclusive<u32>> {
        self.template.resource_lines(logical_id)
    }

    /// The line of the template that made a rendered line.
    pub fn template_span(&self, rendered_line: u32) -> Option<Span> {
        self.trace.span(rendered_line)
    }

    /// The keys of the spec that a rendered line's template names.
    pub fn line_spec_paths(&self, rendered_line: u32) -> &[String] {
        self.trace.origin(rendered_line).map_or(&[], |origin| origin.spec_paths)
    }

    /// The places of a resource, and of each step of the path inside it that is there.
    fn places(&self, logical_id: &str, path: &str) -> Vec<Place> {
        let Some(resource) = self.template.resource(logical_id) else { return Vec::new() };
        let mut places = vec![Place { start: resource.key.start, end: resource.node.place.end }];
        let path = path.strip_prefix("Properties.").unwrap_or(path);
        if path.is_empty() || path == "Properties" {
            return places;
        }
        let first = path.split('.').next().unwrap_or_default();
        let properties = resource.properties().filter(|node| node.get(first).is_some() || path.contains('.'));
        let mut node = properties.unwrap_or(resource.node);
        let mut rest = path;
        while let Some((next, place, after)) = step(node, rest) {
            places.push(place);
            node = next;
            rest = after;
        }
        places
    }
}

/// One step along a path: the node, its place from its key on, and the rest of the path. A key may have dots itself, so
/// the longest one that fits is taken.
fn step<'n, 'p>(node: &'n Node, path: &'p str) -> Option<(&'n Node, Place, &'p str)> {
    if path.is_empty() {
        return None;
    }
    let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
    if let Some(map) = node.as_map() {
        for end in ends.collect::<Vec<_>>().into_iter().rev() {
            if let Some(member) = map.get(&path[..end]) {
                let place = Place { start: member.key.start, end: member.node.place.end };
                return Some((&member.node, place, path[end..].trim_start_matches('.')));
            }
        }
        return None;
    }
    let (segment, rest) = path.split_once('.').unwrap_or((path, ""));
    let item = node.as_list()?.get(segment.parse::<usize>().ok()?)?;
    Some((item, item.place, rest))
}

fn lines(place: Place) -> RangeInclusive<u32> {
    let last = if place.end.column <= 1 { place.end.line.saturating_sub(1) } else { place.end.line };
    place.start.line..=last.max(place.start.line)
}
