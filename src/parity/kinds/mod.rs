//! What the two engines call the same thing differently, by CloudFormation type.
//!
//! A property and an argument of the same name, in snake case, are the same fact. These tables hold what that rule does
//! not find: other names, what AWS takes where one engine says nothing, and what differs on purpose.

mod access;
mod balancer;
mod data;
mod identity;
mod network;
mod observability;
mod service;
mod stack_set;
mod storage;

use std::fmt;

use serde_json::Value as Json;

use super::tree;

/// What is special about a type.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// The type in CloudFormation.
    pub cloudformation: &'static str,
    /// Where a type has something at another path than the fact's: type, path, fact.
    pub names: &'static [(&'static str, &'static str, &'static str)],
    /// What AWS takes where nothing is said: fact and value.
    pub absent: &'static [(&'static str, &'static str)],
    /// What differs on purpose: fact and why.
    pub intended: &'static [(&'static str, &'static str)],
    /// What no table can say: takes the type of the resource and its normal form.
    pub adapt: Option<fn(&str, &mut Json)>,
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.cloudformation)
    }
}

/// A fact that only ties the parts of one node together: it is no fact as long as it names the node itself.
pub(super) const OWN: &str = "=";

/// A type about which nothing is special.
pub(super) const PLAIN: Kind = Kind { cloudformation: "", names: &[], absent: &[], intended: &[], adapt: None };

/// Why a name may stand on one side only.
const GENERATED_NAME: &str =
    "One engine makes the name by itself, so that a replacement can stand beside what it replaces";
/// Why an argument may stand on Terraform's side only.
const PROVIDER_ONLY: &str = "How Terraform's provider works, not what it makes";

const ALL: &[&[Kind]] = &[
    access::KINDS,
    balancer::KINDS,
    data::KINDS,
    identity::KINDS,
    network::KINDS,
    observability::KINDS,
    service::KINDS,
    stack_set::KINDS,
    storage::KINDS,
];

pub(super) use storage::random;

/// What is special about a type.
pub(super) fn of(cloudformation_type: &str) -> &'static Kind {
    ALL.iter().copied().flatten().find(|kind| kind.cloudformation == cloudformation_type).unwrap_or(&PLAIN)
}

impl Kind {
    /// The normal form of a resource with the names of the facts. `own` is how references to its node begin.
    pub(super) fn facts(&self, type_name: &str, properties: &Json, own: &str) -> Json {
        let mut value = super::normal::normal(properties);
        if let Some(adapt) = self.adapt {
            adapt(type_name, &mut value);
        }
        let rows = self.names.iter().filter(|(of, _, _)| *of == type_name);
        let mut moved = Vec::new();
        for (_, from, to) in rows {
            let Some(taken) = tree::take(&mut value, from) else { continue };
            match *to {
                OWN if taken.as_str().is_some_and(|text| text.starts_with(own)) => {}
                OWN => moved.push((*from, taken)),
                to => moved.push((to, taken)),
            }
        }
        for (path, taken) in moved {
            tree::put(&mut value, path, taken);
        }
        value
    }

    /// What AWS takes where nothing is said about a fact.
    pub(super) fn when_absent(&self, fact: &str) -> Option<&'static str> {
        self.absent.iter().find(|(own, _)| tree::fits(own, fact)).map(|(_, value)| *value)
    }

    /// Why a fact may differ.
    pub(super) fn intended(&self, fact: &str) -> Option<&'static str> {
        self.intended.iter().find(|(own, _)| tree::below(own, fact)).map(|(_, reason)| *reason)
    }

    /// Whether a row leads to a fact.
    pub(super) fn knows(&self, types: &[&str], fact: &str) -> bool {
        let head = fact.split('.').next();
        let leads = |(of, _, to): &&(&str, &str, &str)| types.contains(of) && to.split('.').next() == head;
        self.names.iter().any(|row| leads(&row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cfn::registry::Registry as Schemas;
    use crate::tf::Kind as Sort;
    use crate::tf::registry::Registry;

    fn all() -> impl Iterator<Item = &'static Kind> {
        ALL.iter().copied().flatten()
    }

    #[test]
    fn every_type_is_one_of_cloudformation_and_stands_once() {
        let schemas = Schemas::builtin();
        let mut seen = std::collections::BTreeSet::new();
        for kind in all() {
            assert!(schemas.get(kind.cloudformation).is_some(), "{kind:?}");
            assert!(seen.insert(kind.cloudformation), "{kind:?} stands twice");
        }
    }

    #[test]
    fn every_row_names_an_argument_that_the_provider_has() {
        let registry = Registry::builtin();
        for kind in all() {
            for (type_name, path, _) in kind.names.iter().filter(|(of, _, _)| *of != kind.cloudformation) {
                let head = path.split('.').next().unwrap();
                let schema = registry.get(Sort::Resource, type_name).unwrap_or_else(|| panic!("{type_name}"));
                let block = schema.block();
                let known = block.attributes.contains_key(head) || block.block_types.contains_key(head);
                assert!(known, "{type_name} has no {head}");
            }
        }
    }

    #[test]
    fn a_part_names_its_own_node_or_is_a_fact() {
        let bucket = of("AWS::S3::Bucket");
        let facts = |value: &str| {
            bucket.facts(
                "aws_s3_bucket_versioning",
                &serde_json::json!({ "bucket": value }),
                "${foundation/LogsBucket.",
            )
        };
        assert_eq!(facts("${foundation/LogsBucket.name}"), serde_json::json!({}));
        assert_eq!(facts("${foundation/Other.name}"), serde_json::json!({"bucket": "${foundation/Other.name}"}));
    }
}
