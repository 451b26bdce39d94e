//! What the files of a root module set.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hcl_edit::expr::Expression;
use hcl_edit::structure::{Body, Structure};

use crate::render::RenderedModule;
use crate::tf::Module;

/// Names of the arguments and blocks of each resource, by its address without a key.
pub(in crate::engine::terraform) fn configured(module: &RenderedModule) -> BTreeMap<String, BTreeSet<String>> {
    by_resource(module, |body| names(body).map(ToOwned::to_owned).collect())
}

/// Names of the arguments and blocks of each resource whose changes its `lifecycle` ignores, by its address without a key:
/// they are another's to change, and Terraform's refresh tells of them all the same.
pub(in crate::engine::terraform) fn ignored(module: &RenderedModule) -> BTreeMap<String, BTreeSet<String>> {
    by_resource(module, |body| {
        let lifecycles = body.get_blocks("lifecycle");
        let lists = lifecycles.filter_map(|block| block.body.get_attribute("ignore_changes"));
        lists.flat_map(|list| ignored_in(&list.value, body)).collect()
    })
}

/// The names in a list of `ignore_changes`, or all that a block sets.
fn ignored_in(list: &Expression, body: &Body) -> Vec<String> {
    let name = |item: &Expression| match item {
        Expression::Variable(name) => Some(name.as_str().to_owned()),
        Expression::Traversal(path) => match &path.expr {
            Expression::Variable(name) => Some(name.as_str().to_owned()),
            _ => None,
        },
        _ => None,
    };
    match list {
        Expression::Array(items) => items.iter().filter_map(name).collect(),
        Expression::Variable(all) if all.as_str() == "all" => names(body).map(ToOwned::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn by_resource(
    module: &RenderedModule,
    of_body: impl Fn(&Body) -> BTreeSet<String>,
) -> BTreeMap<String, BTreeSet<String>> {
    let files = module.files.iter().filter(|(name, _)| name.ends_with(".tf"));
    let files: Vec<(String, Arc<str>)> = files.map(|(name, text)| (name.clone(), text.clone())).collect();
    let Ok(parsed) = Module::parse(&files) else { return BTreeMap::new() };
    parsed
        .resources()
        .map(|resource| {
            let set = resource.body().map(&of_body).unwrap_or_default();
            (resource.address().to_owned(), set)
        })
        .collect()
}

/// What a block sets: its arguments, and the blocks in it.
fn names(body: &Body) -> impl Iterator<Item = &str> {
    body.iter().map(|structure| match structure {
        Structure::Attribute(attribute) => attribute.key.as_str(),
        Structure::Block(block) if block.ident.as_str() == "dynamic" => {
            block.labels.first().map_or("dynamic", |label| label.as_str())
        }
        Structure::Block(block) => block.ident.as_str(),
    })
}
