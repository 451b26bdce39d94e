//! CloudFormation as data: templates read back with positions, the resource schemas of AWS's registry, checks of one
//! against the other, and the difference of two templates.
//!
//! * [`template`]: YAML or JSON text to a tree in long form, every node with its place.
//! * [`registry`]: what each resource type takes, gives and is replaced by.
//! * [`check`]: findings about schemas, references and sizes.
//! * [`diff`]: what changes between two templates.
//! * [`evaluate`]: intrinsic functions with what is known.
//! * [`graph`]: which resource needs which.
//! * [`stack_set`]: the stack sets that a template has.
//! * [`intrinsic`]: the references that a value makes.
//! * [`codes`]: the codes of findings, with the texts of `gwinfra explain`.

pub mod check;
pub mod codes;
pub mod diff;
pub mod evaluate;
pub mod graph;
pub mod intrinsic;
pub mod registry;
pub mod stack_set;
pub mod template;
