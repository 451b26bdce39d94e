//! From the model to text and back: safe templating, the source map and the bundle.
//!
//! [`render`] is pure. [`template`] places values, [`yaml`] writes them, `cfn` reads the result back, and
//! [`SourceMap`] remembers which line of which template, and which key of the spec, each rendered line is from.

mod assemble;
mod bundle;
pub mod codes;
mod digest;
pub mod disk;
mod explain;
pub mod hcl;
mod input;
mod member;
mod module_map;
mod modules;
mod node;
mod parameters;
mod read_back;
mod rendering;
mod source_map;
pub mod template;
#[cfg(test)]
mod tests;
pub mod yaml;

pub use assemble::{TERRAFORM, render};
pub use bundle::{
    BlueprintReference, Bundle, ConfigObject, Deployment, Lookup, ModuleState, Node, ParameterValue, RenderedModule,
    RenderedStack, Target,
};
pub use digest::digest;
pub use explain::{Explanation, explain};
pub use input::{Account, AccountGroup, Configuration, Input};
pub use module_map::ModuleMap;
pub use node::{FoundNode, snake};
pub use rendering::Rendering;
pub use source_map::SourceMap;
