//! Terraform as data: rendered HCL read back with positions, the schemas of its providers, checks of one against the
//! other, and the values that follow from the text alone. Nothing here runs terraform.
//!
//! * [`module`]: the `.tf` files of a root module as declarations, every one with its place.
//! * [`expression`]: the references and function calls of an expression.
//! * [`registry`]: what each resource, data source and ephemeral resource takes and gives.
//! * [`function`](mod@function): the functions of Terraform's language.
//! * [`check`]: findings about schemas, references and declarations.
//! * [`evaluate`]: resources expanded into instances with the values that are known.
//! * [`codes`]: the codes of findings, with the texts of `gwinfra explain`.

pub mod check;
pub mod codes;
pub mod evaluate;
pub mod expression;
#[cfg(test)]
mod fixture;
pub mod function;
pub mod module;
pub mod registry;

pub use module::{Declaration, Error, Kind, Module};
