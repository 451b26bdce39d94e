//! What the files of a root module set.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hcl_edit::structure::{Body, Structure};

use crate::render::RenderedModule;
use crate::tf::Module;

/// Names of the arguments and blocks of each resource, by its address without a key.
pub(in crate::engine::terraform) fn configured(module: &RenderedModule) -> BTreeMap<String, BTreeSet<String>> {
    let files = module.files.iter().filter(|(name, _)| name.ends_with(".tf"));
    let files: Vec<(String, Arc<str>)> = files.map(|(name, text)| (name.clone(), text.clone())).collect();
    let Ok(parsed) = Module::parse(&files) else { return BTreeMap::new() };
    parsed
        .resources()
        .map(|resource| {
            let set = resource.body().into_iter().flat_map(names).map(ToOwned::to_owned).collect();
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
