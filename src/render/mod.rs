//! From the model to text and back: safe templating, the source map and the bundle.

mod bundle;
pub mod codes;
pub mod template;
pub mod yaml;

pub use bundle::{BlueprintReference, Bundle, ConfigObject, Deployment, Lookup, ParameterValue, RenderedStack, Target};
