//! What a stack set makes in the accounts, as if each had a stack of its own.

use std::sync::Arc;

use serde_json::Value as Json;

use super::cloudformation::{Names, Stack, pseudo, resources};
use super::resource::{Output, Side, node_key};
use crate::blueprint::Manifest;
use crate::cfn::evaluate::Evaluator;
use crate::cfn::registry::Registry;
use crate::cfn::template::Template;
use crate::render::{Node, Target};

/// A stack set that one engine makes.
pub(super) struct Set<'a> {
    /// Key of the stack or root module that has it.
    pub place: &'a str,
    /// What it is called there.
    pub name: &'a str,
    /// The stack of the blueprint that has it.
    pub kind: &'a str,
    /// The template that it brings into the accounts.
    pub template: &'a str,
    /// Account ids.
    pub accounts: Vec<String>,
    /// Region of the stacks.
    pub region: &'a str,
    /// Tags that its stacks have.
    pub tags: std::collections::BTreeMap<String, String>,
}

/// Adds the resources and outputs of each account, and gives back the stacks.
pub(super) fn add(
    set: &Set<'_>,
    manifest: &Manifest,
    nodes: &[Node],
    schemas: &Registry,
    side: &mut Side,
) -> Vec<Stack> {
    let Some(kind) = manifest.stack(set.kind).and_then(|stack| stack.stack_set_of.as_deref()) else {
        return Vec::new();
    };
    let template = match Template::parse(set.name, set.template) {
        Ok(template) => Arc::new(template),
        Err(error) => {
            side.unreadable.push(error.to_string());
            return Vec::new();
        }
    };
    let mut stacks = Vec::new();
    for account in &set.accounts {
        let target = Target { account: account.clone(), region: set.region.to_owned(), deploy_role: None };
        let parameters = pseudo(&target);
        let names = Names { template: &template, nodes, stack: kind, account: Some(account) };
        let evaluator = Evaluator::new(&template, &parameters, &names);
        for output in template.outputs() {
            let Some(value) = output.value().and_then(|value| evaluator.value(value)) else { continue };
            let own = side.outputs.entry(node_key(Some(account), kind)).or_default();
            let name = format!("{}/Outputs.{}", set.name, output.name);
            own.insert(output.name.to_owned(), Output { place: set.place.to_owned(), name, value });
        }
        for (logical_id, mut resource) in resources(&template, &evaluator, &set.tags, schemas) {
            set.place.clone_into(&mut resource.place);
            resource.name = format!("{}/{logical_id}", set.name);
            match names.node(&logical_id) {
                Some(node) => side.nodes.entry(node_key(Some(account), &node)).or_default().push(resource),
                None => side.unmapped.push(resource),
            }
        }
        let stack =
            Stack { kind: kind.to_owned(), account: Some(account.clone()), template: template.clone(), parameters };
        stacks.push(stack);
    }
    stacks
}

/// The texts of a list; what is no text is left out.
pub(super) fn texts(list: Option<&Json>) -> Vec<String> {
    let items = list.and_then(Json::as_array).into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}
