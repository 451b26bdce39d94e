//! A CloudFormation template read back from YAML or JSON.
//!
//! The loader is total and takes text from anywhere: every text gives a [`Template`] or a [`ParseError`] with a place.
//! What CloudFormation itself refuses is refused: duplicate keys, anchors, aliases, merge keys, a second document.

mod error;
mod load;
mod node;
mod scalar;
mod section;
mod short_form;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;
use std::sync::Arc;

pub use error::{ParseError, ParseErrorReason};
pub use node::{Map, Member, Node, Value};
pub use section::{Output, Parameter, Resource};

use crate::diagnostics::Span;
pub use crate::yaml::{MAX_DEPTH, Place};

/// The sections that a template may have.
pub const SECTIONS: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Hooks",
    "Globals",
    "Resources",
    "Outputs",
];

/// Sections whose members are maps.
const SECTIONS_OF_MAPS: &[&str] = &["Parameters", "Mappings", "Conditions", "Resources", "Outputs"];

/// A template: its tree and typed views of its sections.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    name: Arc<str>,
    bytes: usize,
    root: Node,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// When the text is no YAML or JSON, or lacks the shape that every template has: a map of sections, at least one
    /// resource, a `Type` in each. What is inside is not checked: see [`crate::cfn::check`].
    pub fn parse(name: impl Into<Arc<str>>, text: &str) -> Result<Self, ParseError> {
        let name = name.into();
        let failed = |(place, reason)| ParseError { name: name.clone(), place, reason };
        let root = load::load(text).map_err(failed)?;
        section::check_shape(&root).map_err(failed)?;
        Ok(Self { bytes: text.len(), root, name })
    }

    /// The name as it was given: a file's path, as a rule.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Size of the text in bytes, which is how CloudFormation counts.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The whole tree.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// A span in this template.
    pub fn span(&self, place: Place) -> Span {
        Span { file: self.name.clone(), start: place.start, end: place.end }
    }

    /// A section's members; `None` when the section is missing.
    pub fn section(&self, name: &str) -> Option<&Map> {
        self.root.get(name).and_then(Node::as_map)
    }

    /// The description.
    pub fn description(&self) -> Option<&str> {
        self.root.get("Description").and_then(Node::as_str)
    }

    /// The parameters, in source order.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter<'_>> {
        members(self.section("Parameters")).map(|(name, member)| Parameter::new(name, member))
    }

    /// The parameter of that name.
    pub fn parameter(&self, name: &str) -> Option<Parameter<'_>> {
        let (_, name, member) = self.section("Parameters")?.get_full(name)?;
        Some(Parameter::new(name, member))
    }

    /// The conditions, in source order.
    pub fn conditions(&self) -> impl Iterator<Item = (&str, &Member)> {
        members(self.section("Conditions"))
    }

    /// The mappings, in source order.
    pub fn mappings(&self) -> impl Iterator<Item = (&str, &Member)> {
        members(self.section("Mappings"))
    }

    /// The resources, in source order.
    pub fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        members(self.section("Resources")).map(|(id, member)| Resource::new(id, member))
    }

    /// The resource of that logical id.
    pub fn resource(&self, logical_id: &str) -> Option<Resource<'_>> {
        let (_, id, member) = self.section("Resources")?.get_full(logical_id)?;
        Some(Resource::new(id, member))
    }

    /// The outputs, in source order.
    pub fn outputs(&self) -> impl Iterator<Item = Output<'_>> {
        members(self.section("Outputs")).map(|(name, member)| Output::new(name, member))
    }

    /// First and last line of a resource, from the line of its logical id.
    pub fn resource_lines(&self, logical_id: &str) -> Option<RangeInclusive<u32>> {
        self.resource(logical_id).map(|resource| resource.lines())
    }

    /// The whole template as JSON, in long form and source order.
    pub fn to_json(&self) -> serde_json::Value {
        self.root.to_json()
    }
}

fn members(section: Option<&Map>) -> impl Iterator<Item = (&str, &Member)> {
    section.into_iter().flatten().map(|(name, member)| (name.as_str(), member))
}
