//! The shape of the spec, compiled from its JSON Schema, and the check of a tree against it. The check reports every
//! error with its place, and yields the tree as JSON in which each scalar has the type that its key asks for.

mod check;
mod choice;
mod compile;
mod map;
mod scalar;
mod words;

use std::sync::LazyLock;

use indexmap::IndexMap;

pub use check::{Checker, Patterns};
pub(crate) use scalar::untyped;
pub(crate) use words::{did_you_mean, word_list};

use super::json_schema::SCHEMA_TEXT;

/// The shape of the spec, compiled on first use from the committed schema.
pub static SPEC_SHAPE: LazyLock<Shapes> = LazyLock::new(|| compile::compile(SCHEMA_TEXT));

/// A shape among [`Shapes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShapeId(usize);

/// Shapes that refer to each other.
#[derive(Debug, Default)]
pub struct Shapes {
    shapes: Vec<Shape>,
    root: Option<ShapeId>,
}

impl Shapes {
    /// The shape of that id; anything goes for one that is unknown.
    pub fn get(&self, id: ShapeId) -> &Shape {
        self.shapes.get(id.0).unwrap_or(&Shape::Any)
    }

    /// The shape of the whole spec.
    pub fn root(&self) -> ShapeId {
        self.root.unwrap_or(ShapeId(usize::MAX))
    }
}

/// What a value may be.
#[derive(Debug)]
pub enum Shape {
    /// Anything.
    Any,
    /// A string.
    Text(TextShape),
    /// One of these words.
    Word(Vec<String>),
    /// A whole number.
    Whole(WholeShape),
    /// A number from `least` to `most`.
    Number {
        /// Least value.
        least: Option<f64>,
        /// Greatest value.
        most: Option<f64>,
    },
    /// `true` or `false`.
    Flag,
    /// A list.
    List {
        /// Shape of each item.
        items: ShapeId,
        /// How many items.
        length: Length,
    },
    /// A map.
    Map(MapShape),
    /// Exactly one of several words or alternatives; an alternative is a map with its name as the only key.
    Choice {
        /// The words.
        words: Vec<String>,
        /// The alternatives.
        alternatives: IndexMap<String, ShapeId>,
    },
    /// One of several shapes that are told apart by what kind of value is there.
    Either(Vec<ShapeId>),
}

/// A string.
#[derive(Debug)]
pub struct TextShape {
    /// What it looks like.
    pub pattern: Option<Pattern>,
    /// How many characters.
    pub length: Length,
}

/// A regular expression and the words for it.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// The regular expression.
    pub regex: String,
    /// What is expected, for people.
    pub expectation: Option<String>,
}

/// How long a list or string may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    /// Fewest items or characters.
    pub least: usize,
    /// Most items or characters.
    pub most: usize,
}

/// A whole number.
#[derive(Debug)]
pub struct WholeShape {
    /// Least value.
    pub least: i64,
    /// Greatest value.
    pub most: i64,
    /// The only values, if there are just a few.
    pub only: Vec<i64>,
}

/// A map.
#[derive(Debug)]
pub struct MapShape {
    /// The keys with names of their own.
    pub properties: IndexMap<String, ShapeId>,
    /// Those that must be there.
    pub required: Vec<String>,
    /// The keys that the user names.
    pub rest: Option<Rest>,
}

/// Keys that the user names.
#[derive(Debug)]
pub struct Rest {
    /// What such a key looks like.
    pub key: Option<Pattern>,
    /// Shape of the values.
    pub value: ShapeId,
}
