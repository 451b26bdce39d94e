//! What a schema says of a block.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Type;

/// The schema of one type: its block, and the blocks that it has in several places.
#[derive(Debug, Deserialize)]
pub struct TypeSchema {
    block: BlockOrReference,
    #[serde(default)]
    defs: BTreeMap<String, Block>,
}

/// A block, or the name of a shared one.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum BlockOrReference {
    /// One of the schema's shared blocks.
    Reference {
        /// Its name.
        #[serde(rename = "$ref")]
        name: String,
    },
    /// The block itself.
    Block(Block),
}

/// What may stand in a block.
#[derive(Debug, Default, Deserialize)]
pub struct Block {
    /// Arguments, `name = value`.
    #[serde(default)]
    pub attributes: BTreeMap<String, Argument>,
    /// Nested blocks, `name { }`.
    #[serde(default)]
    pub block_types: BTreeMap<String, Nested>,
    /// Whether the provider advises against it.
    #[serde(default)]
    pub deprecated: bool,
}

/// An argument or attribute.
#[derive(Debug, Deserialize)]
pub struct Argument {
    /// What its value is.
    #[serde(rename = "type", default)]
    pub value_type: Type,
    /// Must be set.
    #[serde(default)]
    pub required: bool,
    /// May be set.
    #[serde(default)]
    pub optional: bool,
    /// The provider sets it when the configuration does not.
    #[serde(default)]
    pub computed: bool,
    /// Terraform hides it.
    #[serde(default)]
    pub sensitive: bool,
    /// Not stored, so that ephemeral values may stand here.
    #[serde(default)]
    pub write_only: bool,
    /// Whether the provider advises against it.
    #[serde(default)]
    pub deprecated: bool,
}

impl Argument {
    /// Whether only the provider sets it.
    pub fn is_read_only(&self) -> bool {
        !self.required && !self.optional
    }
}

/// How a nested block repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nesting {
    /// At most once; its attributes are read directly.
    Single,
    /// Once, and there even when it is not written.
    Group,
    /// Repeats in order.
    List,
    /// Repeats without order.
    Set,
    /// Repeats under labels.
    Map,
}

/// A kind of nested block.
#[derive(Debug, Deserialize)]
pub struct Nested {
    /// How it repeats.
    pub nesting_mode: Nesting,
    /// What may stand in it; [`TypeSchema::resolve`] follows a reference.
    pub block: BlockOrReference,
    /// How often it stands at least.
    #[serde(default)]
    pub min_items: usize,
    /// How often it stands at most; 0 is without limit.
    #[serde(default)]
    pub max_items: usize,
}

impl Nested {
    /// How often it may stand, if there is a limit.
    pub fn limit(&self) -> Option<usize> {
        match (self.nesting_mode, self.max_items) {
            (Nesting::Single | Nesting::Group, _) => Some(1),
            (_, 0) => None,
            (_, most) => Some(most),
        }
    }
}

impl TypeSchema {
    /// The type's own block.
    pub fn block(&self) -> &Block {
        const NOTHING: &Block = &Block { attributes: BTreeMap::new(), block_types: BTreeMap::new(), deprecated: false };
        self.resolve(&self.block).unwrap_or(NOTHING)
    }

    /// A nested block, looked up if it is shared.
    pub fn resolve<'a>(&'a self, block: &'a BlockOrReference) -> Option<&'a Block> {
        match block {
            BlockOrReference::Reference { name } => self.defs.get(name),
            BlockOrReference::Block(block) => Some(block),
        }
    }
}
