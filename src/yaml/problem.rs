//! Why a text is no usable YAML.

use thiserror::Error;

use super::{MAX_DEPTH, Place};

/// A problem and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Where.
    pub place: Place,
    /// What.
    pub problem: Problem,
}

/// Why a text is no usable YAML.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Problem {
    /// No YAML at all.
    #[error("{0}")]
    Syntax(String),
    /// Nothing but space and comments.
    #[error("the document is empty")]
    Empty,
    /// A second `---` document.
    #[error("a second document begins here")]
    SeveralDocuments,
    /// A key that its map has already.
    #[error("the key `{key}` is there twice")]
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it is the first time.
        first: Place,
    },
    /// A key that is a list, a map or an alias.
    #[error("a key must be a scalar")]
    KeyNotScalar,
    /// An alias, `*name`, where none may be.
    #[error("aliases may not be used here")]
    Alias,
    /// An anchor, `&name`, where none may be.
    #[error("anchors may not be used here")]
    Anchor,
    /// A merge key, `<<`, where none may be.
    #[error("merge keys may not be used here")]
    MergeKey,
    /// A merge key with something else than a map or a list of maps.
    #[error("`<<` takes a map, or a list of maps")]
    MergeValue,
    /// An alias inside the value that it stands for.
    #[error("the alias stands inside the value that it repeats")]
    AliasInItself,
    /// Aliases that add more than [`super::MAX_ALIASED_BYTES`].
    #[error("the aliases repeat too much")]
    AliasBomb,
    /// Lists and maps inside each other beyond [`MAX_DEPTH`].
    #[error("more than {MAX_DEPTH} lists and maps inside each other")]
    TooDeep,
}
