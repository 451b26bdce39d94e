//! Whether the two engines build the same from one spec.
//!
//! Both renderings are read back: stacks with their parameters followed from stack to stack, root modules expanded into
//! instances. References become names of nodes, which both engines share, and every property and argument a fact of a
//! node. A fact that only one engine has, or that differs, is a finding; so is a fact that differs from what the
//! [`Model`] says, which is computed here without a template. What was not compared is listed.

mod attribute;
mod cloudformation;
pub mod codes;
mod compare;
mod diagnostic;
mod expected;
mod finding;
mod kinds;
mod normal;
mod place;
mod policy;
mod resource;
mod tags;
mod terraform;
mod tree;

use std::collections::BTreeMap;

use crate::blueprint::{Blueprint, Manifest};
use crate::cfn::registry::Registry as Schemas;
use crate::diagnostics::Report;
use crate::model::Model;
use crate::render::{self, Bundle, Input, Rendering};
use crate::tf::registry::Registry;

pub use diagnostic::diagnostics;
pub use finding::{Compared, Finding, FindingKind, Intended, Parity, Place, Places, Unchecked};

/// How a spec names the engine that the other one is compared with.
const CLOUDFORMATION: &str = "cloudformation";

/// Renders a spec for both engines, whatever engine it names: CloudFormation first.
///
/// # Errors
/// The findings of the engine that could not be rendered.
pub fn render_both(
    input: &Input,
    blueprint: &Blueprint,
    schemas: &Schemas,
) -> Result<(Rendering, Rendering), Box<Report>> {
    let of = |engine: &str| {
        let mut input = input.clone();
        engine.clone_into(&mut input.deployment.engine);
        render::render(&input, blueprint, schemas).map_err(Box::new)
    };
    Ok((of(CLOUDFORMATION)?, of(render::TERRAFORM)?))
}

/// Compares a bundle of CloudFormation with one of Terraform, both of the same spec and blueprint, and with its model.
pub fn check(
    cloudformation: &Bundle,
    terraform: &Bundle,
    manifest: &Manifest,
    model: &Model,
    schemas: &Schemas,
) -> Parity {
    let registry = Registry::builtin();
    let (ours, stacks) = cloudformation::side(cloudformation, schemas);
    let first = |(key, resources): (&String, &Vec<resource::Resource>)| {
        Some((key.clone(), resources.first()?.type_name.clone()))
    };
    let types: BTreeMap<String, String> = ours.nodes.iter().filter_map(first).collect();
    let theirs = terraform::side(terraform, manifest, &types, schemas, &registry);
    let expected = expected::of(model, cloudformation, &stacks, &ours, &theirs);
    compare::compare(&ours, &theirs, &expected, schemas, &registry)
}
