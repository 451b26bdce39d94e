//! The schemas of the AWS provider, for the types that a blueprint may emit.
//!
//! The files are `schemas/vendor/terraform`. A type's schema is parsed when it is first asked for, because a whole
//! render has 20 ms and a module uses a fifth of the types.

mod block;
mod value_type;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rust_embed::Embed;

pub use block::{Argument, Block, Nested, Nesting, TypeSchema};
pub use value_type::Type;

use super::module::Kind;

/// The vendored files, also in a debug binary.
#[derive(Embed)]
#[folder = "schemas/vendor/terraform/"]
struct Vendored;

/// The types and what is known about them.
#[derive(Debug)]
pub struct Registry {
    /// By file name without `.json`: `resource/aws_vpc`.
    types: BTreeMap<String, OnceLock<Option<TypeSchema>>>,
}

impl Registry {
    /// The registry that the binary carries. Cheap: no schema is parsed yet.
    pub fn builtin() -> Self {
        let names = Vendored::iter().filter_map(|file| Some(file.strip_suffix(".json")?.to_owned()));
        Self { types: names.map(|name| (name, OnceLock::new())).collect() }
    }

    /// The schema of a type, `aws_vpc`, as a resource, a data source or an ephemeral resource; or of a provider,
    /// `aws`.
    pub fn get(&self, kind: Kind, type_name: &str) -> Option<&TypeSchema> {
        let name = format!("{}/{type_name}", folder(kind)?);
        self.types.get(&name)?.get_or_init(|| load(&name)).as_ref()
    }

    /// The names of all types of a kind, sorted.
    pub fn type_names(&self, kind: Kind) -> impl Iterator<Item = &str> {
        let folder = folder(kind);
        self.types.keys().filter_map(move |name| name.strip_prefix(folder?)?.strip_prefix('/'))
    }
}

fn folder(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Resource => Some("resource"),
        Kind::Data => Some("data"),
        Kind::Ephemeral => Some("ephemeral"),
        Kind::Provider => Some("provider"),
        _ => None,
    }
}

fn load(name: &str) -> Option<TypeSchema> {
    let file = Vendored::get(&format!("{name}.json"))?;
    serde_json::from_slice(&file.data).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vendored_type_parses() {
        let registry = Registry::builtin();
        for kind in [Kind::Resource, Kind::Data, Kind::Ephemeral, Kind::Provider] {
            for name in registry.type_names(kind) {
                assert!(registry.get(kind, name).is_some(), "{kind:?} {name}");
            }
        }
        assert!(registry.type_names(Kind::Resource).count() >= 214);
    }

    #[test]
    fn every_shared_block_is_there() {
        fn follow(schema: &TypeSchema, block: &Block) {
            for nested in block.block_types.values() {
                follow(schema, schema.resolve(&nested.block).expect("a definition"));
            }
        }
        let registry = Registry::builtin();
        for kind in [Kind::Resource, Kind::Data, Kind::Ephemeral, Kind::Provider] {
            for name in registry.type_names(kind) {
                let schema = registry.get(kind, name).unwrap();
                follow(schema, schema.block());
            }
        }
    }

    #[test]
    fn a_data_source_is_no_resource() {
        assert!(Registry::builtin().get(Kind::Resource, "aws_caller_identity").is_none());
        assert!(Registry::builtin().get(Kind::Data, "aws_caller_identity").is_some());
    }

    #[test]
    fn a_write_only_argument_is_known_as_such() {
        let registry = Registry::builtin();
        let schema = registry.get(Kind::Resource, "aws_secretsmanager_secret_version").unwrap();
        assert!(schema.block().attributes["secret_string_wo"].write_only);
    }
}
