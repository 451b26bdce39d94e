//! Values that a template takes from the account.

use std::collections::BTreeMap;

use serde_json::Value;

use super::state::{Settings, Stack, StackResource, State};
use crate::simulator::provision::Place;
use crate::simulator::template::{Body, EvaluateError, Evaluator, Lookup, Pseudo, values};
use crate::simulator::world::World;

/// A stack's resources as they are.
pub(super) struct Live<'a> {
    pub world: &'a World,
    pub stack: &'a Stack,
}

impl Lookup for Live<'_> {
    fn reference(&self, logical_id: &str) -> Option<Value> {
        self.stack.resources.get(logical_id)?.physical_id.clone().map(Value::String)
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Option<Value> {
        attribute_of(self.world, self.stack.place(), self.stack.resources.get(logical_id)?, attribute)
    }

    fn import(&self, name: &str) -> Option<String> {
        export(&self.world.cloudformation, self.stack.place(), name)
    }
}

/// An attribute of a resource that exists. One that the type offers but this resource has not got is an empty text.
pub(super) fn attribute_of(
    world: &World,
    place: Place<'_>,
    resource: &StackResource,
    attribute: &str,
) -> Option<Value> {
    let registry = world.registry();
    let schema = registry.get(&resource.type_name)?;
    let live = world.resource(place.account, place.region, &resource.type_name, resource.identifier.as_deref()?)?;
    match live.property(attribute) {
        Some(value) => Some(value.clone()),
        None => schema.has_attribute(attribute).then(|| Value::String(String::new())),
    }
}

/// The value of an export of an account and region.
pub(super) fn export(state: &State, place: Place<'_>, name: &str) -> Option<String> {
    state
        .list(place.account, place.region)
        .into_iter()
        .flat_map(|stack| &stack.outputs)
        .find(|output| output.export.as_deref() == Some(name))
        .map(|output| output.value.clone())
}

impl Stack {
    pub(super) fn place(&self) -> Place<'_> {
        Place { account: &self.account, region: &self.region }
    }

    pub(super) fn pseudo(&self, settings: &Settings) -> Pseudo {
        Pseudo {
            account: self.account.clone(),
            region: self.region.clone(),
            stack_id: self.id.clone(),
            stack_name: self.name.clone(),
            notification_arns: settings.notification_arns.clone(),
        }
    }
}

/// Everything that an evaluator borrows.
pub(super) struct Inputs {
    pub parameters: BTreeMap<String, Value>,
    pub pseudo: Pseudo,
}

impl Inputs {
    pub(super) fn new(stack: &Stack, settings: &Settings) -> Self {
        Self { parameters: values(&settings.parameters), pseudo: stack.pseudo(settings) }
    }

    pub(super) fn evaluator<'a>(&'a self, body: &'a Body, lookup: &'a dyn Lookup) -> Evaluator<'a> {
        Evaluator::new(body, &self.parameters, &self.pseudo, lookup)
    }
}

/// The evaluated properties of a resource; an empty object if it has none.
pub(super) fn properties(evaluator: &Evaluator<'_>, resource: &Value) -> Result<Value, EvaluateError> {
    match resource.get("Properties") {
        Some(properties) => evaluator.value(properties),
        None => Ok(Value::Object(serde_json::Map::new())),
    }
}

/// Properties with the stack's tags added, for types that take tags. The template's own tags win.
pub(super) fn with_stack_tags(world: &World, type_name: &str, declared: &Value, tags: &[(String, String)]) -> Value {
    let registry = world.registry();
    let node = registry.get(type_name).and_then(|schema| schema.property_schema(&["Tags"]).cloned());
    let (Some(node), false) = (node, tags.is_empty()) else { return declared.clone() };
    let mut result = declared.clone();
    let Some(properties) = result.as_object_mut() else { return result };
    match node.get("type").and_then(Value::as_str) {
        Some("array") => {
            let list = properties.entry("Tags").or_insert_with(|| Value::Array(Vec::new()));
            let Some(list) = list.as_array_mut() else { return result };
            for (key, value) in tags {
                if !list.iter().any(|tag| tag.get("Key").and_then(Value::as_str) == Some(key)) {
                    list.push(serde_json::json!({"Key": key, "Value": value}));
                }
            }
        }
        Some("object") => {
            let map = properties.entry("Tags").or_insert_with(|| Value::Object(serde_json::Map::new()));
            let Some(map) = map.as_object_mut() else { return result };
            for (key, value) in tags {
                map.entry(key).or_insert_with(|| Value::String(value.clone()));
            }
        }
        _ => {}
    }
    result
}

/// Whether a type takes the stack's tags.
pub(super) fn takes_tags(world: &World, type_name: &str) -> bool {
    world.registry().get(type_name).is_some_and(|schema| {
        let kind = schema.property_schema(&["Tags"]).and_then(|node| node.get("type"));
        kind.and_then(Value::as_str).is_some_and(|kind| kind == "array" || kind == "object")
    })
}
