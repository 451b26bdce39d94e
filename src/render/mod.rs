//! From the model to text and back: safe templating, the source map and the bundle.

mod bundle;

pub use bundle::{BlueprintReference, Bundle, ConfigObject, Deployment, Lookup, ParameterValue, RenderedStack, Target};
