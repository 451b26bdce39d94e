//! The resource schemas of CloudFormation's registry, for the types that a blueprint may emit.
//!
//! The files are `schemas/vendor/cloudformation`. A type's schema is parsed when it is first asked for, and each of its
//! definitions when a reference leads there, because a whole render has 20 ms and a template uses a tenth of the types.

mod attributes;
mod path;
mod schema;

use std::collections::HashMap;
use std::sync::OnceLock;

use rust_embed::Embed;

pub use path::PropertyPath;
pub use schema::{Replacement, ResourceSchema, keyword_of};

/// The vendored files, also in a debug binary.
#[derive(Embed)]
#[folder = "schemas/vendor/cloudformation/"]
struct Vendored;

const CUSTOM_RESOURCE: &str = "AWS::CloudFormation::CustomResource";

/// The resource types and what is known about them.
#[derive(Debug)]
pub struct Registry {
    /// Sorted by type name.
    types: Vec<(String, OnceLock<Option<ResourceSchema>>)>,
    absences: OnceLock<HashMap<String, Vec<String>>>,
}

impl Registry {
    /// The registry that the binary carries. Cheap: no schema is parsed yet.
    pub fn builtin() -> Self {
        let mut types: Vec<_> = Vendored::iter()
            .filter_map(|file| Some((file.strip_suffix(".json")?.replace('-', "::"), OnceLock::new())))
            .filter(|(name, _)| name.starts_with("AWS::"))
            .collect();
        types.sort_by(|(a, _), (b, _)| a.cmp(b));
        Self { types, absences: OnceLock::new() }
    }

    /// The schema of a type, `AWS::EC2::VPC`. A custom resource type, `Custom::Name`, has the schema of
    /// `AWS::CloudFormation::CustomResource`.
    pub fn get(&self, type_name: &str) -> Option<&ResourceSchema> {
        let wanted = if type_name.starts_with("Custom::") { CUSTOM_RESOURCE } else { type_name };
        let at = self.types.binary_search_by(|(name, _)| name.as_str().cmp(wanted)).ok()?;
        let (name, schema) = &self.types[at];
        schema.get_or_init(|| load(name)).as_ref()
    }

    /// The names of all types, sorted.
    pub fn type_names(&self) -> impl Iterator<Item = &str> {
        self.types.iter().map(|(name, _)| name.as_str())
    }

    /// Whether a type is known to be missing in a region. A region that the vendored data does not list lacks nothing.
    pub fn absent_in(&self, type_name: &str, region: &str) -> bool {
        let absences = self.absences.get_or_init(load_absences);
        absences.get(region).is_some_and(|types| types.iter().any(|name| name == type_name))
    }
}

fn load(name: &str) -> Option<ResourceSchema> {
    let file = Vendored::get(&format!("{}.json", name.replace("::", "-")))?;
    ResourceSchema::parse(std::str::from_utf8(&file.data).ok()?).ok()
}

fn load_absences() -> HashMap<String, Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Region {
        absent: Vec<String>,
    }
    let regions: Option<HashMap<String, Region>> =
        Vendored::get("regions.json").and_then(|file| serde_json::from_slice(&file.data).ok());
    regions.unwrap_or_default().into_iter().map(|(name, region)| (name, region.absent)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vendored_type_parses_and_names_itself() {
        let registry = Registry::builtin();
        assert!(registry.type_names().count() >= 159);
        for name in registry.type_names() {
            assert_eq!(registry.get(name).map(ResourceSchema::type_name), Some(name));
        }
    }

    #[test]
    fn an_unknown_type_has_no_schema() {
        assert!(Registry::builtin().get("AWS::EC2::Vpc").is_none());
    }

    #[test]
    fn a_custom_type_has_the_schema_of_custom_resources() {
        let registry = Registry::builtin();
        assert_eq!(registry.get("Custom::Thing").map(ResourceSchema::type_name), Some(CUSTOM_RESOURCE));
    }

    #[test]
    fn regions_know_what_they_lack() {
        let registry = Registry::builtin();
        assert!(registry.absent_in("AWS::EKS::FargateProfile", "us-gov-west-1"));
        assert!(!registry.absent_in("AWS::EKS::FargateProfile", "us-east-1"));
        assert!(!registry.absent_in("AWS::EKS::FargateProfile", "xx-nowhere-1"));
    }

    #[test]
    fn every_absent_type_is_a_vendored_one() {
        let registry = Registry::builtin();
        for types in load_absences().values() {
            for name in types {
                assert!(registry.get(name).is_some(), "{name}");
            }
        }
    }
}
