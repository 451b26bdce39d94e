//! What a manifest says about Terraform.

use indexmap::IndexMap;

use super::manifest::{ModuleFile, Resource, Terraform};
use super::read::Reader;
use crate::render::codes;
use crate::yaml::Node;

impl Reader {
    pub(super) fn terraform(&mut self, node: &Node) -> Option<Terraform> {
        self.keys(node, &["hub", "account", "variables", "references", "only"])?;
        Some(Terraform {
            hub: self.module(node, "hub"),
            account: self.module(node, "account"),
            variables: self.parameters(node, "variables"),
            references: self.texts(node, "references"),
            only: self.texts(node, "only"),
        })
    }

    fn module(&mut self, node: &Node, module: &str) -> Vec<ModuleFile> {
        let items = node.get(module).map(|list| self.items(list)).unwrap_or_default();
        items.into_iter().filter_map(|item| self.module_file(item, module)).collect()
    }

    fn module_file(&mut self, node: &Node, module: &str) -> Option<ModuleFile> {
        self.keys(node, &["file", "stack"])?;
        let name = self.text(node, "file")?;
        let place = node.get("file").map_or(node.head(), |file| file.place);
        let stem = name.strip_suffix(".tf").unwrap_or_default();
        if stem.is_empty() || !stem.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
            let message = format!("`{name}` is no file of a module: lower-case letters, `_`, and `.tf` at the end");
            self.add(codes::MANIFEST_VALUE, place, message);
        }
        let stack = match node.get("stack") {
            Some(stack) => Some(self.scalar(stack)?),
            None => None,
        };
        Some(ModuleFile { template: format!("terraform/{module}/{name}.j2"), name, stack, place })
    }

    /// Resources by logical id: a description, or a map with the addresses in Terraform and the keys of the spec.
    pub(super) fn resources(&mut self, stack: &Node) -> IndexMap<String, Resource> {
        let mut resources = IndexMap::new();
        let Some(node) = stack.get("resources") else { return resources };
        let Some(map) = node.as_map() else {
            self.add(codes::MANIFEST_VALUE, node.place, "`resources` is a map of what they are, by logical id");
            return resources;
        };
        for (name, member) in map {
            let resource = match member.node.as_map() {
                None => self.scalar(&member.node).map(|description| Resource { description, ..Resource::default() }),
                Some(_) => self.resource(&member.node),
            };
            resources.extend(resource.map(|resource| (name.clone(), resource)));
        }
        resources
    }

    fn resource(&mut self, node: &Node) -> Option<Resource> {
        self.keys(node, &["description", "terraform", "spec"])?;
        let (terraform, spec) = (self.one_or_more(node, "terraform"), self.one_or_more(node, "spec"));
        Some(Resource { description: self.text(node, "description")?, terraform, spec })
    }
}
