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
mod document;
mod expected;
mod finding;
mod kinds;
mod members;
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
pub use document::{Document, SCHEMA, json_schema_text};
pub use finding::{Compared, Finding, FindingKind, Intended, Parity, Place, Places, Unchecked};

/// How a spec names the engine that the other one is compared with.
const CLOUDFORMATION: &str = "cloudformation";

/// Renders a spec for both engines, whatever engine it names: one bundle with the stacks and the root modules.
///
/// # Errors
/// The findings of the engines that could not be rendered.
pub fn render_both(input: &Input, blueprint: &Blueprint, schemas: &Schemas) -> Result<Rendering, Box<Report>> {
    let of = |engine: &str| {
        let mut input = input.clone();
        engine.clone_into(&mut input.deployment.engine);
        render::render(&input, blueprint, schemas)
    };
    let (mut whole, theirs) = match (of(CLOUDFORMATION), of(render::TERRAFORM)) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(report), Ok(_)) | (Ok(_), Err(report)) => return Err(Box::new(report)),
        (Err(mut report), Err(other)) => {
            add(&mut report, other);
            return Err(Box::new(report));
        }
    };
    whole.bundle.deployment.engine.clone_from(&input.deployment.engine);
    whole.bundle.modules = theirs.bundle.modules;
    whole.bundle.digest = render::digest(&whole.bundle);
    whole.module_maps = theirs.module_maps;
    add(&mut whole.report, theirs.report);
    Ok(whole)
}

fn add(report: &mut Report, other: Report) {
    report.sources.merge(other.sources);
    report.diagnostics.extend(other.diagnostics);
    report.sort();
    report.diagnostics.dedup();
}

/// Compares the stacks of a bundle with its root modules, and both with the model that they were made from.
pub fn check(bundle: &Bundle, manifest: &Manifest, model: &Model, schemas: &Schemas) -> Parity {
    let registry = Registry::builtin();
    let (ours, stacks) = cloudformation::side(bundle, manifest, schemas);
    let first = |(key, resources): (&String, &Vec<resource::Resource>)| {
        Some((key.clone(), resources.first()?.type_name.clone()))
    };
    let types: BTreeMap<String, String> = ours.nodes.iter().filter_map(first).collect();
    let theirs = terraform::side(bundle, manifest, &types, schemas, &registry);
    let expected = expected::of(model, bundle, &stacks, &ours, &theirs);
    compare::compare(&ours, &theirs, &expected, &bundle.nodes, schemas, &registry)
}
