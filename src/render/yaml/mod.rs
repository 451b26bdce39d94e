//! JSON values as YAML that CloudFormation (YAML 1.1), PyYAML and YAML 1.2 readers read back alike.
//!
//! [`inline`] fills one value, key or list item, also inside a flow collection. [`block()`] prints a tree as a person
//! would write it. Both print CloudFormation's functions in short form.

mod block;
mod function;
mod inline;
mod scalar;
#[cfg(test)]
mod tests;

use thiserror::Error;

pub use block::{after, block};
pub use inline::inline;

/// The only key of a map that stands for a dynamic reference: `{{resolve:...}}`, printed as a string. No value can
/// have it, because its character is refused in all of them.
pub const DYNAMIC: &str = "\u{FFFFD}";

/// What stands around the number of a value that is written once its line is known.
pub const VALUE_MARKERS: (char, char) = ('\u{FFFF0}', '\u{FFFF1}');

/// The first of the characters that mark lines while rendering.
pub const FIRST_MARKER: char = '\u{F0000}';
/// The last of them.
pub const LAST_MARKER: char = '\u{FFFFD}';

/// The longest key that YAML readers take without a `?`, with room for quotes.
const MAX_KEY: usize = 1_000;

/// A value that cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unwritable {
    /// A character that marks lines.
    #[error("the value contains the private-use character U+{0:X}")]
    Marker(u32),
    /// Text that CloudFormation would replace.
    #[error("the value contains `{{{{resolve:`, which CloudFormation would replace by a secret")]
    DynamicReference,
    /// A key that YAML readers do not find the end of.
    #[error("the key has {0} characters, and YAML takes {MAX_KEY}")]
    LongKey(usize),
}

/// Refuses what no value may bring into a template.
pub fn check(text: &str) -> Result<(), Unwritable> {
    check_markers(text)?;
    if text.contains("{{resolve:") { Err(Unwritable::DynamicReference) } else { Ok(()) }
}

fn check_markers(text: &str) -> Result<(), Unwritable> {
    // Most text is ASCII, and every marker begins with this byte or a later one.
    if text.bytes().all(|byte| byte < 0xF3) {
        return Ok(());
    }
    match text.chars().find(|c| (FIRST_MARKER..=LAST_MARKER).contains(c)) {
        Some(marker) => Err(Unwritable::Marker(marker as u32)),
        None => Ok(()),
    }
}
