//! The codes of findings in templates, GW0900 to GW0999, and what `gwinfra explain` says about each.

/// The text is no template.
pub const TEMPLATE_SYNTAX: &str = "GW0900";
