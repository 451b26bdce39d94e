//! What the files of a root module set.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hcl_edit::expr::{Expression, TraversalOperator};
use hcl_edit::structure::{Body, Structure};

use crate::render::RenderedModule;
use crate::tf::Module;

/// Names of the arguments and blocks of each resource, by its address without a key.
pub(in crate::engine::terraform) fn configured(module: &RenderedModule) -> BTreeMap<String, BTreeSet<String>> {
    by_resource(module, |body| names(body).map(ToOwned::to_owned).collect())
}

/// What of a resource is another's to change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::engine::terraform) struct Ignored(BTreeSet<Vec<String>>);

impl Ignored {
    /// Whether a path is ignored, or something around it.
    pub fn has(&self, path: &[String]) -> bool {
        self.0.iter().any(|ignored| path.starts_with(ignored))
    }
}

/// What of each resource its `lifecycle` ignores, by its address without a key: Terraform's refresh tells of it all the same.
pub(in crate::engine::terraform) fn ignored(module: &RenderedModule) -> BTreeMap<String, Ignored> {
    by_resource(module, |body| {
        let lifecycles = body.get_blocks("lifecycle");
        let lists = lifecycles.filter_map(|block| block.body.get_attribute("ignore_changes"));
        Ignored(lists.flat_map(|list| ignored_in(&list.value, body)).collect())
    })
}

/// The paths in a list of `ignore_changes`, or all that a block sets.
fn ignored_in(list: &Expression, body: &Body) -> Vec<Vec<String>> {
    match list {
        Expression::Array(items) => items.iter().filter_map(path).collect(),
        Expression::Variable(all) if all.as_str() == "all" => names(body).map(|name| vec![name.to_owned()]).collect(),
        _ => Vec::new(),
    }
}

/// The path of an argument, or of a part of one: `tags["owner"]`.
fn path(item: &Expression) -> Option<Vec<String>> {
    let part = |operator: &TraversalOperator| match operator {
        TraversalOperator::GetAttr(name) => Some(name.as_str().to_owned()),
        TraversalOperator::Index(Expression::String(key)) => Some(key.as_str().to_owned()),
        TraversalOperator::Index(Expression::Number(number)) => Some(number.to_string()),
        TraversalOperator::LegacyIndex(number) => Some(number.to_string()),
        _ => None,
    };
    match item {
        Expression::Variable(name) => Some(vec![name.as_str().to_owned()]),
        Expression::Traversal(whole) => {
            let mut all = path(&whole.expr)?;
            for operator in &whole.operators {
                all.push(part(operator.value())?);
            }
            Some(all)
        }
        _ => None,
    }
}

fn by_resource<T: Default>(module: &RenderedModule, of_body: impl Fn(&Body) -> T) -> BTreeMap<String, T> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{ModuleState, Target};

    fn role(lifecycle: &str) -> RenderedModule {
        let text = format!(
            "resource \"aws_iam_role\" \"main\" {{\n  tags = {{}}\n  lifecycle {{\n    {lifecycle}\n  }}\n}}\n"
        );
        RenderedModule {
            key: "hub".to_owned(),
            target: Target { account: "111122223333".to_owned(), region: "us-east-1".to_owned(), deploy_role: None },
            files: BTreeMap::from([("main.tf".to_owned(), text.into())]),
            variables: BTreeMap::new(),
            state: ModuleState::Local,
            outputs: BTreeMap::new(),
        }
    }

    #[test]
    fn a_part_that_is_ignored_hides_nothing_beside_it() {
        let has = |lifecycle: &str, path: &[&str]| {
            let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
            ignored(&role(lifecycle))["aws_iam_role.main"].has(&path)
        };
        let one = "ignore_changes = [tags[\"cost\"], description]";
        assert!(has(one, &["tags", "cost"]) && has(one, &["description"]));
        assert!(!has(one, &["tags", "team"]) && !has(one, &["tags"]));
        assert!(has("ignore_changes = all", &["tags", "team"]));
    }
}
