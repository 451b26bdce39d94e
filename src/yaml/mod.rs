//! YAML as a tree with places. Scalars keep their text: what a plain scalar means is for the reader of the tree to
//! say, because an account id with a leading zero is a string in one place and `1.10` is a number in another.

mod aliases;
mod parse;
mod problem;
#[cfg(test)]
mod tests;

use indexmap::IndexMap;

use crate::diagnostics::{Position, Span};

pub use parse::{Document, parse};
pub use problem::{Found, Problem};

/// The most lists and maps inside each other that are read, so that no later walk of the tree runs out of stack.
pub const MAX_DEPTH: usize = 100;

/// The most that aliases may add to a document, in bytes: the text of the scalars that they repeat, and
/// [`aliases::NODE_BYTES`] for each value. An ordinary document stays far below; an "alias bomb" grows past any limit.
pub const MAX_ALIASED_BYTES: usize = 8 * 1024 * 1024;

/// What to do with anchors, aliases and merge keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aliases {
    /// Put the anchored value in the place of each alias, and merge `<<`.
    Expand,
    /// Refuse them.
    Refuse,
}

/// A stretch of a text. `end` is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// First character.
    pub start: Position,
    /// The place after the last character.
    pub end: Position,
}

impl Place {
    /// The place as a span in the named text.
    pub fn in_file(self, file: &std::sync::Arc<str>) -> Span {
        Span { file: file.clone(), start: self.start, end: self.end }
    }
}

/// A value, its place and its tag.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it is, without its tag.
    pub place: Place,
    /// Its tag, if it has one.
    pub tag: Option<Tag>,
}

/// A tag of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// As it was written; tags of YAML itself as `!!str`.
    pub text: String,
    /// Where it begins.
    pub start: Position,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A scalar.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A map in source order.
    Map(Map),
}

/// A scalar as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text, without quotes, escapes resolved.
    pub text: String,
    /// Whether it was written without quotes and not as a block, so that it may be something else than a string.
    pub plain: bool,
}

impl Scalar {
    /// Whether YAML takes it for null: `null`, `~` or nothing.
    pub fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }
}

/// A map in source order. Its hasher is twice as fast as the standard one, and seeded, too.
pub type Map = IndexMap<String, Member, foldhash::fast::RandomState>;

/// A value of a map, with the place of its key.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Where the key is.
    pub key: Place,
    /// The value.
    pub node: Node,
}

impl Node {
    /// The members, if it is a map.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The scalar, if it is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The value of a key, if it is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key).map(|member| &member.node)
    }

    /// Whether it is a scalar that YAML takes for null.
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(Scalar::is_null)
    }

    /// A short place that stands for the whole: the first key of a map that is longer than a line, the first item of
    /// such a list, else the whole.
    pub fn head(&self) -> Place {
        if self.place.start.line == self.place.end.line {
            return self.place;
        }
        match &self.value {
            Value::Map(map) => map.first().map_or(self.place, |(_, member)| member.key),
            Value::List(items) => items.first().map_or(self.place, Node::head),
            Value::Scalar(_) => self.place,
        }
    }
}
