//! The codes of findings about the text and the shape of a spec, GW0001 to GW0099, and what `gwinfra explain` says
//! about each.

use crate::diagnostics::Code;

/// The file cannot be read. Made by whoever reads files.
pub const UNREADABLE: &str = "GW0001";
/// The file is larger than any spec.
pub const TOO_LARGE: &str = "GW0002";
/// The file is no UTF-8 text.
pub const NOT_TEXT: &str = "GW0003";
/// The file is empty.
pub const EMPTY: &str = "GW0004";
/// The text is no YAML.
pub const SYNTAX: &str = "GW0005";
/// The text is several YAML documents.
pub const SEVERAL_DOCUMENTS: &str = "GW0006";
/// A key is there twice.
pub const DUPLICATE_KEY: &str = "GW0007";
/// The text nests or repeats too much.
pub const TOO_COMPLEX: &str = "GW0008";
/// The text uses YAML that a spec does not take.
pub const UNSUPPORTED_YAML: &str = "GW0009";
/// The spec's version is missing or unknown.
pub const VERSION: &str = "GW0010";
/// A key is unknown.
pub const UNKNOWN_KEY: &str = "GW0011";
/// A key is missing.
pub const MISSING_KEY: &str = "GW0012";
/// A value has the wrong type.
pub const WRONG_TYPE: &str = "GW0013";
/// A word is none of those that may stand here.
pub const UNKNOWN_VALUE: &str = "GW0014";
/// A string does not look like what it must be.
pub const MALFORMED: &str = "GW0015";
/// A number is out of range.
pub const OUT_OF_RANGE: &str = "GW0016";
/// A list or string is too short or too long.
pub const WRONG_LENGTH: &str = "GW0017";
/// Several alternatives of one choice.
pub const SEVERAL_ALTERNATIVES: &str = "GW0018";
/// No alternative of a choice.
pub const NO_ALTERNATIVE: &str = "GW0019";
/// The environment does not exist.
pub const UNKNOWN_ENVIRONMENT: &str = "GW0020";
/// An environment changes what it may not.
pub const FIXED_KEY: &str = "GW0021";
/// The shape is right and the spec still cannot be made.
pub const NOT_A_SPEC: &str = "GW0022";
/// There are more findings than are shown.
pub const MORE_FINDINGS: &str = "GW0099";

/// Every code of this module with its title and explanation.
pub const CODES: &[Code] = &[
    (UNREADABLE, "File that cannot be read", include_str!("codes/GW0001.md")),
    (TOO_LARGE, "File larger than any spec", include_str!("codes/GW0002.md")),
    (NOT_TEXT, "File that is not UTF-8 text", include_str!("codes/GW0003.md")),
    (EMPTY, "Empty spec", include_str!("codes/GW0004.md")),
    (SYNTAX, "Text that is not YAML", include_str!("codes/GW0005.md")),
    (SEVERAL_DOCUMENTS, "Several documents in one file", include_str!("codes/GW0006.md")),
    (DUPLICATE_KEY, "Key that is there twice", include_str!("codes/GW0007.md")),
    (TOO_COMPLEX, "Spec that nests or repeats too much", include_str!("codes/GW0008.md")),
    (UNSUPPORTED_YAML, "YAML that a spec does not take", include_str!("codes/GW0009.md")),
    (VERSION, "Version of the spec", include_str!("codes/GW0010.md")),
    (UNKNOWN_KEY, "Unknown key", include_str!("codes/GW0011.md")),
    (MISSING_KEY, "Missing key", include_str!("codes/GW0012.md")),
    (WRONG_TYPE, "Value of the wrong type", include_str!("codes/GW0013.md")),
    (UNKNOWN_VALUE, "Unknown value", include_str!("codes/GW0014.md")),
    (MALFORMED, "String that does not look as it must", include_str!("codes/GW0015.md")),
    (OUT_OF_RANGE, "Number out of range", include_str!("codes/GW0016.md")),
    (WRONG_LENGTH, "List or string of the wrong length", include_str!("codes/GW0017.md")),
    (SEVERAL_ALTERNATIVES, "Several alternatives of one choice", include_str!("codes/GW0018.md")),
    (NO_ALTERNATIVE, "No alternative of a choice", include_str!("codes/GW0019.md")),
    (UNKNOWN_ENVIRONMENT, "Unknown environment", include_str!("codes/GW0020.md")),
    (FIXED_KEY, "Environment that changes what it may not", include_str!("codes/GW0021.md")),
    (NOT_A_SPEC, "Spec that cannot be read", include_str!("codes/GW0022.md")),
    (MORE_FINDINGS, "More findings than are shown", include_str!("codes/GW0099.md")),
];
