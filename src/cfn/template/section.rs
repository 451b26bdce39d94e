//! Typed views of the members of a template's sections.

use std::ops::RangeInclusive;

use super::error::ParseErrorReason as Reason;
use super::load::Failure;
use super::{Member, Node, Place, SECTIONS, SECTIONS_OF_MAPS};

/// A resource of a template.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a> {
    /// Its name in the template.
    pub logical_id: &'a str,
    /// Where its logical id is.
    pub key: Place,
    /// Everything below its logical id.
    pub node: &'a Node,
}

impl<'a> Resource<'a> {
    pub(super) fn new(logical_id: &'a str, member: &'a Member) -> Self {
        Self { logical_id, key: member.key, node: &member.node }
    }

    /// The type, `AWS::EC2::VPC`.
    pub fn resource_type(&self) -> &'a str {
        self.text("Type").unwrap_or_default()
    }

    /// The attribute of that name: `DependsOn`, `UpdatePolicy`.
    pub fn attribute(&self, name: &str) -> Option<&'a Node> {
        self.node.get(name)
    }

    /// The properties.
    pub fn properties(&self) -> Option<&'a Node> {
        self.attribute("Properties")
    }

    /// The logical ids of `DependsOn`, which may be one string or a list, with their places.
    pub fn depends_on(&self) -> Vec<(&'a str, Place)> {
        let Some(node) = self.attribute("DependsOn") else { return Vec::new() };
        let items = node.as_list().unwrap_or(std::slice::from_ref(node));
        items.iter().filter_map(|item| Some((item.as_str()?, item.place))).collect()
    }

    /// The condition that must hold for the resource to exist.
    pub fn condition(&self) -> Option<&'a str> {
        self.text("Condition")
    }

    /// What happens to the real resource when it leaves the template: `Delete` (default), `Retain`, `Snapshot`,
    /// `RetainExceptOnCreate`.
    pub fn deletion_policy(&self) -> Option<&'a str> {
        self.text("DeletionPolicy")
    }

    /// What happens to the old resource after a replacement: `Delete` (default), `Retain`, `Snapshot`.
    pub fn update_replace_policy(&self) -> Option<&'a str> {
        self.text("UpdateReplacePolicy")
    }

    /// `Metadata`.
    pub fn metadata(&self) -> Option<&'a Node> {
        self.attribute("Metadata")
    }

    /// `CreationPolicy`.
    pub fn creation_policy(&self) -> Option<&'a Node> {
        self.attribute("CreationPolicy")
    }

    /// `UpdatePolicy`.
    pub fn update_policy(&self) -> Option<&'a Node> {
        self.attribute("UpdatePolicy")
    }

    /// First and last line, from the line of the logical id.
    pub fn lines(&self) -> RangeInclusive<u32> {
        let end = self.node.place.end;
        // A block scalar ends at the beginning of the line after it.
        let last = if end.column <= 1 { end.line.saturating_sub(1) } else { end.line };
        self.key.start.line..=last.max(self.key.start.line)
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.attribute(name).and_then(Node::as_str)
    }
}

/// A parameter of a template.
#[derive(Debug, Clone, Copy)]
pub struct Parameter<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where its name is.
    pub key: Place,
    /// Everything below its name.
    pub node: &'a Node,
}

impl<'a> Parameter<'a> {
    pub(super) fn new(name: &'a str, member: &'a Member) -> Self {
        Self { name, key: member.key, node: &member.node }
    }

    /// The type: `String`, `CommaDelimitedList`, `AWS::SSM::Parameter::Value<String>`.
    pub fn parameter_type(&self) -> &'a str {
        self.node.get("Type").and_then(Node::as_str).unwrap_or_default()
    }

    /// Whether its value is a list, given as one string with commas.
    pub fn is_list(&self) -> bool {
        let own = self.parameter_type();
        own == "CommaDelimitedList" || own.contains("List<") || own.contains("<CommaDelimitedList>")
    }

    /// The default, as the string that CloudFormation takes it for.
    pub fn default(&self) -> Option<String> {
        self.node.get("Default").and_then(Node::as_scalar_text)
    }

    /// Whether its value may not be shown.
    pub fn no_echo(&self) -> bool {
        self.node.get("NoEcho").and_then(Node::as_scalar_text).is_some_and(|text| text == "true")
    }
}

/// An output of a template.
#[derive(Debug, Clone, Copy)]
pub struct Output<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where its name is.
    pub key: Place,
    /// Everything below its name.
    pub node: &'a Node,
}

impl<'a> Output<'a> {
    pub(super) fn new(name: &'a str, member: &'a Member) -> Self {
        Self { name, key: member.key, node: &member.node }
    }

    /// The value.
    pub fn value(&self) -> Option<&'a Node> {
        self.node.get("Value")
    }

    /// The name under which it is exported, which may be an intrinsic function.
    pub fn export_name(&self) -> Option<&'a Node> {
        self.node.get("Export").and_then(|export| export.get("Name"))
    }

    /// The condition that must hold for the output to exist.
    pub fn condition(&self) -> Option<&'a str> {
        self.node.get("Condition").and_then(Node::as_str)
    }
}

/// Whether a tree has the shape that every template has.
pub(super) fn check_shape(root: &Node) -> Result<(), Failure> {
    let sections = root.as_map().ok_or_else(|| (root.place, Reason::NotAMap(root.kind())))?;
    for (name, member) in sections {
        if !SECTIONS.contains(&name.as_str()) {
            return Err((member.key, Reason::UnknownSection(name.clone())));
        }
    }
    for section in SECTIONS_OF_MAPS {
        let Some(member) = sections.get(*section) else { continue };
        let found = member.node.kind();
        let members = member
            .node
            .as_map()
            .ok_or_else(|| (member.node.place, Reason::SectionNotAMap { section: (*section).to_owned(), found }))?;
        for (id, member) in members {
            if member.node.as_map().is_none() {
                let found = member.node.kind();
                return Err((member.node.place, Reason::MemberNotAMap { section, id: id.clone(), found }));
            }
        }
    }
    let resources = sections.get("Resources").and_then(|member| member.node.as_map());
    let resources = resources.filter(|map| !map.is_empty()).ok_or((root.place, Reason::NoResources))?;
    for (id, member) in resources {
        if member.node.get("Type").and_then(Node::as_str).is_none() {
            return Err((member.key, Reason::NoType(id.clone())));
        }
    }
    Ok(())
}
