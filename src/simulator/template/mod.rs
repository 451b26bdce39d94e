//! Templates as CloudFormation evaluates them: parameters, conditions, intrinsic functions, dependencies.

mod address;
mod capability;
mod dependency;
mod evaluate;
mod parameter;
#[cfg(test)]
mod tests;
mod zones;

use serde_json::{Map, Value};

pub use capability::{Capability, required_capabilities};
pub use dependency::{dependencies, references};
pub use evaluate::{EvaluateError, Evaluator, KNOWN_AFTER_APPLY, Lookup, Pseudo};
pub use parameter::{Given, ParameterSet, ResolvedParameter, resolve, values};
pub use zones::availability_zones;

use crate::cfn;

/// The largest template that a request may carry inline, in bytes.
pub const MAX_BODY_BYTES: usize = 51_200;
/// Resources in one template.
pub const MAX_RESOURCES: usize = 500;
/// Parameters in one template.
pub const MAX_PARAMETERS: usize = 200;
/// Outputs of one template.
pub const MAX_OUTPUTS: usize = 200;
/// The transform that brings `Fn::Length` and `Fn::ToJsonString`.
pub const LANGUAGE_EXTENSIONS: &str = "AWS::LanguageExtensions";

/// A template in long form, source order.
#[derive(Debug, Clone)]
pub struct Body {
    root: Value,
}

impl Body {
    /// Reads a template and checks what CloudFormation checks before anything else. The error is CloudFormation's message.
    pub fn parse(text: &str) -> Result<Self, String> {
        let template = cfn::template::Template::parse("template", text).map_err(|error| {
            format!("Template format error: {}", error.reason.to_string().trim_start_matches("Template format error: "))
        })?;
        let body = Self { root: template.to_json() };
        body.check()?;
        Ok(body)
    }

    /// A template without anything.
    pub fn empty() -> Self {
        Self { root: Value::Object(Map::new()) }
    }

    fn check(&self) -> Result<(), String> {
        if let Some(version) = self.root.get("AWSTemplateFormatVersion")
            && version.as_str() != Some("2010-09-09")
        {
            return Err(format!(
                "Template format error: {version} is not a supported value for AWSTemplateFormatVersion."
            ));
        }
        for (section, limit) in [("Resources", MAX_RESOURCES), ("Parameters", MAX_PARAMETERS), ("Outputs", MAX_OUTPUTS)]
        {
            let count = self.section(section).map_or(0, Map::len);
            if count > limit {
                let section = section.to_lowercase();
                return Err(format!(
                    "Template format error: Number of {section}, {count}, is greater than maximum allowed, {limit}"
                ));
            }
        }
        for (id, output) in self.section("Outputs").into_iter().flatten() {
            if output.get("Value").is_none() {
                return Err(format!(
                    "Template format error: Output {id} is malformed. The Value field of every Outputs member must be specified"
                ));
            }
        }
        for id in self.section("Resources").into_iter().flatten().map(|(id, _)| id) {
            if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) || id.is_empty() {
                return Err(format!("Template format error: Resource name {id} is non alphanumeric."));
            }
        }
        for (id, resource) in self.resources() {
            let allowed = [
                "Type",
                "Properties",
                "DependsOn",
                "Condition",
                "Metadata",
                "DeletionPolicy",
                "UpdateReplacePolicy",
                "UpdatePolicy",
                "CreationPolicy",
                "Version",
            ];
            if let Some(unknown) = resource
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, _)| key)
                .find(|key| !allowed.contains(&key.as_str()))
            {
                return Err(format!("Invalid template resource property '{unknown}'"));
            }
            for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
                let value = resource.get(policy).and_then(Value::as_str);
                if value.is_some_and(|value| !["Delete", "Retain", "Snapshot", "RetainExceptOnCreate"].contains(&value))
                {
                    return Err(format!(
                        "Template format error: Unrecognized {policy} {} for resource {id}",
                        value.unwrap_or_default()
                    ));
                }
            }
        }
        self.check_references()?;
        for transform in self.transforms() {
            if transform != LANGUAGE_EXTENSIONS {
                return Err(format!("Transform {transform} is not modelled by the simulator."));
            }
        }
        dependency::check_circular(self)
    }

    fn check_references(&self) -> Result<(), String> {
        let declared = |name: &str| {
            name.starts_with("AWS::")
                || self.section("Parameters").is_some_and(|parameters| parameters.contains_key(name))
                || self.section("Resources").is_some_and(|resources| resources.contains_key(name))
        };
        for section in ["Resources", "Outputs"] {
            let mut unresolved: Vec<String> = Vec::new();
            for (_, value) in self.section(section).into_iter().flatten() {
                for name in references(value) {
                    if !declared(&name) && !unresolved.contains(&name) {
                        unresolved.push(name);
                    }
                }
            }
            if !unresolved.is_empty() {
                return Err(format!(
                    "Template format error: Unresolved resource dependencies [{}] in the {section} block of the template",
                    unresolved.join(", ")
                ));
            }
        }
        for (id, resource) in self.resources() {
            if let Some(condition) = resource.get("Condition").and_then(Value::as_str)
                && !self.section("Conditions").is_some_and(|conditions| conditions.contains_key(condition))
            {
                return Err(format!(
                    "Template format error: Unresolved condition dependency {condition} in the Resources block of the template ({id})"
                ));
            }
        }
        Ok(())
    }

    /// The whole template.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// The members of a section; `None` if the template has no such section.
    pub fn section(&self, name: &str) -> Option<&Map<String, Value>> {
        self.root.get(name).and_then(Value::as_object)
    }

    /// The resources, in source order.
    pub fn resources(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.section("Resources").into_iter().flatten().map(|(id, resource)| (id.as_str(), resource))
    }

    /// One resource.
    pub fn resource(&self, logical_id: &str) -> Option<&Value> {
        self.section("Resources")?.get(logical_id)
    }

    /// The template's description.
    pub fn description(&self) -> Option<&str> {
        self.root.get("Description").and_then(Value::as_str)
    }

    /// The macros that the template names.
    pub fn transforms(&self) -> Vec<&str> {
        match self.root.get("Transform") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether the template uses the language extensions.
    pub fn has_language_extensions(&self) -> bool {
        self.transforms().contains(&LANGUAGE_EXTENSIONS)
    }
}
