//! Values that only the engine knows: parameters of a stack, and attributes of its resources.
//!
//! Typed data carries them in CloudFormation's long form, as the templates print them.

use serde_json::{Value, json};

/// A parameter of the stack, or the identity of one of its resources.
pub fn reference(name: &str) -> Value {
    json!({"Ref": name})
}

/// An attribute of a resource of the stack.
pub fn attribute(resource: &str, attribute: &str) -> Value {
    json!({"Fn::GetAtt": [resource, attribute]})
}

/// Text with `${Name}` and `${Resource.Attribute}` in it.
pub fn substitute(text: impl Into<String>) -> Value {
    json!({"Fn::Sub": text.into()})
}
