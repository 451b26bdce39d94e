//! From resources and properties to places in the spec.

use std::sync::{Arc, OnceLock};

use crate::blueprint::{Annotations, Blueprint};
use crate::plan::SourcePlace;
use crate::render::{Node, Rendering};
use crate::spec::{Loaded, SpanIndex, Spec};

/// Keys that shape resources of every kind, and are the reason for none.
const EVERYWHERE: [&str; 3] = ["name", "tags", "observability.log_retention_days"];
/// The list of accounts. A resource in one of them comes from its entry.
const ACCOUNTS: &str = "bedrock.accounts";

/// What says where a resource or property comes from.
pub(super) struct Origins {
    rendering: Arc<Rendering>,
    loaded: Arc<Loaded>,
    blueprint: Blueprint,
    /// Read when something is asked for that is no longer rendered.
    annotations: OnceLock<Annotations>,
}

impl Origins {
    /// The origins of a rendering of that spec and blueprint.
    pub fn new(rendering: Arc<Rendering>, loaded: Arc<Loaded>, blueprint: Blueprint) -> Self {
        Self { rendering, loaded, blueprint, annotations: OnceLock::new() }
    }

    /// The places of the keys that a property comes from; of a resource, as which an empty path counts, those that ask for it.
    /// `stack` is the key of a stack or root module, `name` a logical id or address.
    pub fn places(&self, stack: &str, name: &str, path: &[String]) -> Vec<SourcePlace> {
        let spans = &self.loaded.spans;
        let mut paths = match account_path(&self.loaded.spec, name) {
            Some(path) => vec![path],
            None if self.rendering.has(stack, name) => self.of_rendered(stack, name, path),
            None => self.of_gone(stack, name),
        };
        // Keys that are not written say nothing beside such as are.
        if paths.iter().any(|path| spans.written(path).is_some()) {
            paths.retain(|path| spans.written(path).is_some());
        }
        paths.into_iter().filter_map(|path| place(spans, path)).collect()
    }

    fn of_rendered(&self, stack: &str, name: &str, path: &[String]) -> Vec<String> {
        let own = self.rendering.own_paths(stack, name, path);
        if !own.is_empty() || !path.is_empty() {
            return own;
        }
        if let Some(asks) = self.asks_for(stack, name) {
            return vec![asks];
        }
        // A blueprint of somebody else may not say what asks for a resource: then what its properties have.
        let mut all = self.rendering.spec_paths(stack, name, &[]);
        all.retain(|path| !EVERYWHERE.contains(&path.as_str()));
        all
    }

    /// What the spec says now in the place of what asked for a resource that is no longer rendered.
    fn of_gone(&self, stack: &str, name: &str) -> Vec<String> {
        let annotations = self.annotations.get_or_init(|| Annotations::of(&self.blueprint));
        let left = left_of(annotations.keys(name), &self.loaded.spans);
        if !left.is_empty() {
            return left;
        }
        let asked: Vec<String> = self.asks_for(stack, name).into_iter().collect();
        left_of(&asked, &self.loaded.spans)
    }

    /// The key that asks for a resource, by the manifest: of several the first that is written.
    fn asks_for(&self, stack: &str, name: &str) -> Option<String> {
        let (bundle, manifest) = (&self.rendering.bundle, &self.blueprint.manifest);
        let nodes = &bundle.nodes;
        let (node, account) = match bundle.stacks.iter().find(|other| other.key == stack) {
            // `BedrockAccess/Role`: who reads an account of a set knows its entry.
            Some(_) if name.contains('/') => return None,
            Some(stack) => {
                let node = nodes.iter().find(|node| node.of_logical_id(&stack.kind, name).is_some());
                (node.map_or((stack.kind.as_str(), name), of_node), &stack.target.account)
            }
            None => {
                let module = bundle.modules.iter().find(|module| module.key == stack)?;
                let exact = nodes.iter().find(|node| node.of_address(name).is_some());
                // All instances of a block are asked for by the same key, also such as an index tells apart.
                let of_block =
                    || nodes.iter().find(|node| node.terraform.iter().any(|pattern| block(pattern) == block(name)));
                (of_node(exact.or_else(of_block)?), &module.target.account)
            }
        };
        let keys = manifest.spec_keys(node.0, node.1);
        let key = keys.iter().find(|key| self.loaded.spans.contains(key)).or(keys.first())?;
        let entry = || self.loaded.spec.bedrock.accounts.iter().position(|one| one.id.to_string() == *account);
        Some(match entry().filter(|_| key == ACCOUNTS) {
            Some(at) => format!("{ACCOUNTS}.{at}"),
            None => key.clone(),
        })
    }
}

/// Stack and name of a node in the manifest.
fn of_node(node: &Node) -> (&str, &str) {
    (&node.stack, &node.logical_id)
}

/// An address without the key of an instance.
fn block(address: &str) -> &str {
    address.split('[').next().unwrap_or(address)
}

/// Where the spec has a key.
pub(super) fn place(spans: &SpanIndex, path: String) -> Option<SourcePlace> {
    let span = spans.nearest(&path)?;
    Some(SourcePlace {
        file: span.file.to_string(),
        line: span.start.line,
        column: span.start.column,
        path: Some(path),
    })
}

/// What the spec has where keys were that it no longer has. What is written as a whole asks for nothing to go, except that it may
/// say no: it counts where nothing else does.
fn left_of(keys: &[String], spans: &SpanIndex) -> Vec<String> {
    let parts = keys.iter().filter_map(|key| spans.written(key).map(|part| (part, part == key)));
    let (whole, left): (Vec<_>, Vec<_>) = parts.partition(|(_, is_whole)| *is_whole);
    let whole: Vec<_> = whole.into_iter().filter(|(part, _)| !EVERYWHERE.contains(part)).collect();
    let mut found: Vec<String> = Vec::new();
    for (part, _) in if left.is_empty() { whole } else { left } {
        if !found.iter().any(|known| known == part) {
            found.push(part.to_owned());
        }
    }
    found
}

/// The key of the account whose stack is meant: `BedrockAccess/222222222222`, what a stack set has there.
fn account_path(spec: &Spec, name: &str) -> Option<String> {
    let (_, account) = name.rsplit_once('/')?;
    let at = spec.bedrock.accounts.iter().position(|one| one.id.to_string() == account)?;
    Some(format!("{ACCOUNTS}.{at}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::cfn::registry::Registry;
    use crate::engine::nearest_places;
    use crate::model::Model;
    use crate::render::{self, Input};
    use crate::tf::Kind;

    fn origins(text: &str, engine: &str) -> Origins {
        let loaded = crate::spec::load("gwinfra.yaml", text.as_bytes(), None).unwrap();
        let mut input = Input::new(&loaded, &Model::new(&loaded.spec, None));
        engine.clone_into(&mut input.deployment.engine);
        let blueprint = Blueprint::open(&loaded.spec.blueprint, Path::new("."), None).unwrap();
        let rendering = render::render(&input, &blueprint, &Registry::builtin()).unwrap();
        Origins::new(Arc::new(rendering), Arc::new(loaded), blueprint)
    }

    fn example(name: &str) -> String {
        fs_err::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)).unwrap()
    }

    /// Keys of stacks and root modules, each with the name of a resource.
    fn resources(origins: &Origins) -> Vec<(String, String)> {
        let Rendering { bundle, module_maps, .. } = &*origins.rendering;
        let stacks = bundle.stacks.iter().flat_map(|stack| {
            let template = origins.rendering.source_map(&stack.key).unwrap().template();
            template.resources().map(|one| (stack.key.clone(), one.logical_id.to_owned())).collect::<Vec<_>>()
        });
        let modules = module_maps.iter().flat_map(|(key, map)| {
            map.module().of_kind(Kind::Resource).map(|one| (key.clone(), one.address().to_owned()))
        });
        stacks.chain(modules).collect()
    }

    fn keys(origins: &Origins, stack: &str, name: &str, path: &[&str]) -> Vec<String> {
        let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        origins.places(stack, name, &path).into_iter().filter_map(|place| place.path).collect()
    }

    /// The keys that drift shows.
    fn nearest_keys(origins: &Origins, stack: &str, name: &str, path: &[&str]) -> Vec<String> {
        let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        let places = |stack: &str, name: &str, path: &[String]| origins.places(stack, name, path);
        nearest_places(&places, stack, name, &[&path]).into_iter().filter_map(|place| place.path).collect()
    }

    #[test]
    fn every_resource_of_every_example_comes_from_a_key_that_asks_for_it() {
        let directory = fs_err::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).unwrap();
        let names = directory.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let specs: Vec<String> = names.filter(|name| name.ends_with(".yaml")).collect();
        let mut without = Vec::new();
        let mut seen = 0;
        for (spec, engine) in specs.iter().flat_map(|spec| [(spec, "cloudformation"), (spec, "terraform")]) {
            let origins = origins(&example(spec), engine);
            for (stack, name) in resources(&origins) {
                for path in [&[][..], &["SomethingAdded"]] {
                    let keys = nearest_keys(&origins, &stack, &name, path);
                    seen += 1;
                    if keys.is_empty() || keys.iter().any(|key| ["tags", "name"].contains(&key.as_str())) {
                        without.push(format!("{spec} {stack}/{name} {path:?}: {keys:?}"));
                    }
                }
            }
        }
        assert!(seen > 2000, "{seen}");
        assert!(without.is_empty(), "{}", without.join("\n"));
    }

    #[test]
    fn of_several_keys_that_may_ask_for_a_resource_the_one_that_is_written_counts() {
        for (wanted, cache) in [("cache.redis", "{redis: {}}"), ("cache.serverless", "{serverless: {}}")] {
            let origins = origins(&format!("{}\ncache: {cache}\n", example("minimal.yaml")), "cloudformation");
            assert_eq!(keys(&origins, "data", "CachePassword", &[]), [wanted]);
        }
    }

    #[test]
    fn a_resource_in_an_account_comes_from_the_entry_of_that_account() {
        let text = example("private-vpn-two-accounts.yaml");
        for (engine, second, role) in [
            ("cloudformation", "bedrock-access@333333333333", "Role"),
            ("terraform", "accounts/bedrock-2", "aws_iam_role.main"),
        ] {
            assert_eq!(keys(&origins(&text, engine), second, role, &[]), ["bedrock.accounts.1"]);
        }
    }

    #[test]
    fn a_property_that_no_key_feeds_comes_from_none() {
        let origins = origins(&example("private-vpn-two-accounts.yaml"), "cloudformation");
        assert_eq!(keys(&origins, "gateway", "Service", &["TaskDefinition"]), [""; 0]);
        assert_eq!(nearest_keys(&origins, "gateway", "Service", &["TaskDefinition"]), ["compute.fargate"]);
    }

    #[test]
    fn a_property_has_the_keys_of_its_own_lines() {
        let origins = origins(&example("private-vpn-two-accounts.yaml"), "cloudformation");
        assert_eq!(keys(&origins, "network", "Vpc", &["CidrBlock"]), ["network.vpc.create.cidr"]);
    }
}
