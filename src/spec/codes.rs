//! The codes of findings about the text and the shape of a spec, GW0001 to GW0099, and what `gwinfra explain` says
//! about each.

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
