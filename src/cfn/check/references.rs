//! Whether everything that a template refers to is there, and everything that it declares is used.

mod declaration;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use super::suggestion::did_you_mean;
use super::{shape, walk};
use crate::cfn::codes;
use crate::cfn::graph::{Cycle, Graph};
use crate::cfn::intrinsic::{Reference, Target, references};
use crate::cfn::registry::Registry;
use crate::cfn::template::{Node, Place, Template};
use crate::diagnostics::Diagnostic;

/// The names that CloudFormation itself declares.
pub const PSEUDO_PARAMETERS: &[&str] = &[
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// Findings about references, declarations and cycles.
pub fn check(template: &Template, registry: &Registry) -> Vec<Diagnostic> {
    let mut checker =
        Checker { template, registry, findings: Vec::new(), used: HashSet::new(), conditions: HashSet::new() };
    walk(template.root(), &mut |node| shape::check(template, node, &mut checker.findings));
    checker.resources();
    checker.outputs();
    checker.conditions();
    checker.rules();
    checker.unused();
    checker.cycles();
    declaration::check(template, &mut checker.findings);
    checker.findings
}

struct Checker<'a> {
    template: &'a Template,
    registry: &'a Registry,
    findings: Vec<Diagnostic>,
    /// Parameters that something refers to.
    used: HashSet<&'a str>,
    /// Conditions that something refers to.
    conditions: HashSet<&'a str>,
}

impl<'a> Checker<'a> {
    fn resources(&mut self) {
        for resource in self.template.resources() {
            self.references_of(resource.node, true);
            // The references of a node miss its `Condition` attribute when it stands beside others.
            if let Some(node) = resource.attribute("Condition") {
                self.condition_name(node);
            }
            for (id, place) in resource.depends_on() {
                if self.template.resource(id).is_none() {
                    let ids = self.template.resources().map(|other| other.logical_id);
                    let help = did_you_mean(id, ids);
                    let message = format!("`{}` depends on `{id}`, which is no resource", resource.logical_id);
                    self.error(codes::UNRESOLVED, place, message, help);
                } else if id == resource.logical_id {
                    self.error(codes::CYCLE, place, format!("`{id}` depends on itself"), None);
                }
            }
        }
    }

    fn outputs(&mut self) {
        for output in self.template.outputs() {
            self.references_of(output.node, true);
            if let Some(node) = output.node.get("Condition") {
                self.condition_name(node);
            }
        }
    }

    fn conditions(&mut self) {
        for (_, member) in self.template.conditions() {
            self.references_of(&member.node, false);
        }
        let edges = self.template.conditions().map(|(name, member)| {
            let mut needs = Vec::new();
            references(&member.node, &mut |reference| {
                if let Target::Condition(other) = reference.target {
                    needs.push(other.to_owned());
                }
            });
            (name.to_owned(), needs)
        });
        if let Err(cycle) = Graph::from_edges(edges).topological() {
            let place = cycle.ids.first().and_then(|id| self.template.section("Conditions")?.get(id)).map(|it| it.key);
            self.cycle(place, "conditions", &cycle);
        }
    }

    fn rules(&mut self) {
        for section in ["Rules", "Hooks", "Transform"] {
            if let Some(node) = self.template.root().get(section) {
                self.references_of(node, false);
            }
        }
    }

    fn references_of(&mut self, node: &'a Node, resources: bool) {
        let mut found = Vec::new();
        references(node, &mut |reference| found.push(reference));
        for reference in found {
            self.reference(reference, resources);
        }
    }

    fn reference(&mut self, reference: Reference<'a>, resources: bool) {
        let place = reference.place;
        match reference.target {
            Target::Name(name) => self.name(name, place, resources),
            Target::Attribute(id, attribute) => self.attribute(id, attribute, place, resources),
            Target::Condition(name) => self.condition(name, place),
            Target::Mapping(mapping, top, second) => self.mapping(mapping, top, second, place),
        }
    }

    fn name(&mut self, name: &'a str, place: Place, resources: bool) {
        if self.template.parameter(name).is_some() {
            self.used.insert(name);
        } else if PSEUDO_PARAMETERS.contains(&name) {
        } else if self.template.resource(name).is_some() {
            if !resources {
                let message = format!("`{name}` is a resource, and conditions and rules see parameters only");
                self.error(codes::UNRESOLVED, place, message, None);
            }
        } else {
            let names = self.template.parameters().map(|parameter| parameter.name);
            let names = names.chain(self.template.resources().map(|resource| resource.logical_id));
            let help = did_you_mean(name, names.chain(PSEUDO_PARAMETERS.iter().copied()));
            self.error(codes::UNRESOLVED, place, format!("`{name}` is no parameter and no resource"), help);
        }
    }

    fn attribute(&mut self, id: &'a str, attribute: Option<&str>, place: Place, resources: bool) {
        let Some(resource) = self.template.resource(id) else {
            let help = did_you_mean(id, self.template.resources().map(|resource| resource.logical_id));
            return self.error(codes::UNRESOLVED, place, format!("`{id}` is no resource"), help);
        };
        if !resources {
            let message = format!("`{id}` is a resource, and conditions and rules see parameters only");
            return self.error(codes::UNRESOLVED, place, message, None);
        }
        let (Some(attribute), Some(schema)) = (attribute, self.registry.get(resource.resource_type())) else { return };
        if !schema.has_attribute(attribute) {
            let offered = schema.attributes();
            let help = did_you_mean(attribute, offered.iter().copied()).unwrap_or_else(|| match offered.len() {
                0 => "it offers no attributes: use Ref".to_owned(),
                1..=12 => format!("it offers {}", offered.join(", ")),
                count => format!("it offers {count} attributes, among them {}", offered[..12].join(", ")),
            });
            let message = format!("{} offers no attribute `{attribute}`", resource.resource_type());
            self.error(codes::UNKNOWN_ATTRIBUTE, place, message, Some(help));
        }
    }

    fn condition_name(&mut self, node: &'a Node) {
        if let Some(name) = node.as_str() {
            self.condition(name, node.place);
        }
    }

    fn condition(&mut self, name: &'a str, place: Place) {
        self.conditions.insert(name);
        if !self.template.section("Conditions").is_some_and(|conditions| conditions.contains_key(name)) {
            let help = did_you_mean(name, self.template.conditions().map(|(name, _)| name));
            self.error(codes::UNKNOWN_CONDITION, place, format!("`{name}` is no condition"), help);
        }
    }

    fn mapping(&mut self, mapping: &str, top: Option<&str>, second: Option<&str>, place: Place) {
        let Some(member) = self.template.section("Mappings").and_then(|mappings| mappings.get(mapping)) else {
            let help = did_you_mean(mapping, self.template.mappings().map(|(name, _)| name));
            return self.error(codes::UNKNOWN_MAPPING, place, format!("`{mapping}` is no mapping"), help);
        };
        let Some(rows) = member.node.as_map() else { return };
        let lacks = match (top, second) {
            (Some(top), _) if !rows.contains_key(top) => Some(top),
            (Some(top), Some(second)) => rows[top].node.get(second).is_none().then_some(second),
            // The first key is known at run time only: some row must have the second.
            (None, Some(second)) => rows.values().all(|row| row.node.get(second).is_none()).then_some(second),
            _ => None,
        };
        if let Some(key) = lacks {
            self.error(
                codes::UNKNOWN_MAPPING,
                place,
                format!("the mapping `{mapping}` has no key `{key}` there"),
                None,
            );
        }
    }

    fn unused(&mut self) {
        for parameter in self.template.parameters() {
            if !self.used.contains(parameter.name) {
                let finding =
                    Diagnostic::warning(codes::UNUSED, format!("the parameter `{}` is not used", parameter.name))
                        .with_span(Some(self.template.span(parameter.key)))
                        .with_path(format!("Parameters.{}", parameter.name));
                self.findings.push(finding);
            }
        }
        for (name, member) in self.template.conditions() {
            if !self.conditions.contains(name) {
                let finding = Diagnostic::warning(codes::UNUSED, format!("the condition `{name}` is not used"))
                    .with_span(Some(self.template.span(member.key)))
                    .with_path(format!("Conditions.{name}"));
                self.findings.push(finding);
            }
        }
    }

    fn cycles(&mut self) {
        let graph = Graph::of(self.template);
        let Err(cycle) = graph.topological() else { return };
        let place = cycle.ids.first().and_then(|id| self.template.resource(id)).map(|resource| resource.key);
        // A resource that names itself in DependsOn has its finding already.
        let told = self.findings.iter().any(|finding| finding.code == codes::CYCLE && cycle.ids.len() == 2);
        if !told {
            self.cycle(place, "resources", &cycle);
        }
    }

    fn cycle(&mut self, place: Option<Place>, what: &str, cycle: &Cycle) {
        let message = format!("circular dependency between {what}: {}", cycle.ids.join(" -> "));
        let mut finding =
            Diagnostic::error(codes::CYCLE, message).with_span(place.map(|place| self.template.span(place)));
        if what == "resources" {
            finding = finding
                .with_help("move one of the references into a resource of its own, such as a rule or an attachment");
            for id in cycle.ids.iter().skip(1).take(cycle.ids.len().saturating_sub(2)) {
                let key = self.template.resource(id).map(|resource| self.template.span(resource.key));
                finding = finding.with_related(key, format!("`{id}` is part of it"));
            }
        }
        self.findings.push(finding);
    }

    fn error(&mut self, code: &'static str, place: Place, message: String, help: Option<String>) {
        let mut finding = Diagnostic::error(code, message).with_span(Some(self.template.span(place)));
        finding.help = help;
        self.findings.push(finding);
    }
}
