//! JSON values as HCL that `terraform fmt` leaves as they are.
//!
//! [`write()`] prints a tree as a person would write it, over several lines where that reads better. References that the
//! render context holds in CloudFormation's form become Terraform's expressions through [`References`].

mod align;
mod reference;
#[cfg(test)]
mod tests;
mod text;
mod write;

pub use align::align;
pub use reference::{EXPRESSION, References};
pub use text::{is_identifier, quoted};
pub use write::{inline, write};

use thiserror::Error;

/// A value that cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unwritable {
    /// A character that marks lines.
    #[error("the value contains the private-use character U+{0:X}")]
    Marker(u32),
    /// A name that the blueprint gives no expression for.
    #[error("the blueprint has no expression for the reference `{0}`")]
    Reference(String),
    /// One of CloudFormation's functions that has no counterpart.
    #[error("`{0}` is a function of CloudFormation and has no counterpart here")]
    Function(String),
}
