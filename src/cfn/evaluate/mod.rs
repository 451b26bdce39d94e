//! Intrinsic functions evaluated as far as their arguments are known.
//!
//! What is not known, such as the attribute of a resource that does not exist yet, stays in long form; a function of
//! known and unknown parts keeps its known parts evaluated.

mod condition;
mod function;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use serde_json::{Value as Json, json};

use super::template::{Member, Node, Parameter, Resource, Template, Value};

/// Values of parameters and pseudo parameters by name, as strings; lists with commas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters {
    values: BTreeMap<String, String>,
}

impl Parameters {
    /// No values: each parameter has its default.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a parameter (`Name`) or a pseudo parameter (`AWS::Region`).
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.values.insert(name.into(), value.into());
        self
    }

    /// The value that was set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The value that a parameter has: the one that was set, or its default.
    pub fn effective(&self, parameter: &Parameter<'_>) -> Option<String> {
        self.get(parameter.name).map(str::to_owned).or_else(|| parameter.default())
    }
}

/// What is known about real resources and other stacks.
pub trait Lookup {
    /// What `Ref` of a resource returns.
    fn reference(&self, logical_id: &str) -> Option<Json>;
    /// What `Fn::GetAtt` of a resource returns.
    fn attribute(&self, logical_id: &str, attribute: &str) -> Option<Json>;
    /// The value of an export of another stack.
    fn export(&self, name: &str) -> Option<Json> {
        let _ = name;
        None
    }
    /// The names of the zones of a region; an empty name is the stack's own region.
    fn availability_zones(&self, region: &str) -> Option<Json> {
        let _ = region;
        None
    }
}

/// Nothing is known about resources.
#[derive(Debug, Clone, Copy, Default)]
pub struct NothingDeployed;

impl Lookup for NothingDeployed {
    fn reference(&self, _: &str) -> Option<Json> {
        None
    }

    fn attribute(&self, _: &str, _: &str) -> Option<Json> {
        None
    }
}

/// Evaluates the values of one template under given parameters.
pub struct Evaluator<'a> {
    template: &'a Template,
    parameters: &'a Parameters,
    lookup: &'a dyn Lookup,
    /// Whether the values of NoEcho parameters stand for themselves; otherwise their `Ref` stays.
    show_no_echo: bool,
    conditions: RefCell<HashMap<String, Option<bool>>>,
}

impl<'a> Evaluator<'a> {
    /// Makes an evaluator. References to NoEcho parameters stay in long form.
    pub fn new(template: &'a Template, parameters: &'a Parameters, lookup: &'a dyn Lookup) -> Self {
        Self { template, parameters, lookup, show_no_echo: false, conditions: RefCell::default() }
    }

    /// Substitutes NoEcho parameters too: for whoever makes the resources, never for what is shown.
    #[must_use]
    pub fn with_no_echo_values(mut self) -> Self {
        self.show_no_echo = true;
        self
    }

    /// The value of a node. `None` when it is `AWS::NoValue`.
    pub fn value(&self, node: &Node) -> Option<Json> {
        if let Some((name, argument)) = node.as_intrinsic() {
            return self.function(name, argument);
        }
        Some(match &node.value {
            Value::List(items) => Json::Array(items.iter().filter_map(|item| self.value(item)).collect()),
            Value::Map(map) => Json::Object(
                map.iter().filter_map(|(key, Member { node, .. })| Some((key.clone(), self.value(node)?))).collect(),
            ),
            _ => node.to_json(),
        })
    }

    /// The properties of a resource; an empty map when it has none.
    pub fn properties(&self, resource: &Resource<'_>) -> Json {
        resource.properties().and_then(|node| self.value(node)).unwrap_or_else(|| json!({}))
    }

    /// Whether a resource or output with this condition exists. `None` when that depends on what is not known.
    pub fn holds(&self, condition: Option<&str>) -> Option<bool> {
        condition.map_or(Some(true), |name| self.condition(name))
    }
}

/// Whether a value has no function left in it.
pub fn is_known(value: &Json) -> bool {
    match value {
        Json::Array(items) => items.iter().all(is_known),
        Json::Object(map) => !is_function(value) && map.values().all(is_known),
        _ => true,
    }
}

/// Whether a value is an intrinsic function in long form.
pub fn is_function(value: &Json) -> bool {
    value
        .as_object()
        .filter(|map| map.len() == 1)
        .and_then(|map| map.keys().next())
        .is_some_and(|key| key == "Ref" || key.starts_with("Fn::"))
}

/// A scalar as the string that CloudFormation makes of it.
pub(crate) fn text_of(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Bool(flag) => Some(flag.to_string()),
        Json::Number(number) => Some(number.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}
