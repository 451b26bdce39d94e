//! The Cloud Control API: any resource of any type, read, created, changed and deleted by its schema. This is how anyone reaches into
//! a simulated account behind a stack's back.

mod attached;
mod patch;
mod reads;
mod requests;
mod support;
mod topic_policy;
mod writes;

use serde_json::Value;

use super::protocol::service::unknown_action;
use super::request::{Fault, Reply, Request};
use super::resource::Resource;
use super::world::World;

/// Answers a Cloud Control call.
pub fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    if topic_policy::is_meant(request) {
        return topic_policy::handle(world, request);
    }
    match request.action {
        "GetResource" => reads::get_resource(world, request),
        "ListResources" => reads::list_resources(world, request),
        "CreateResource" => writes::create_resource(world, request),
        "UpdateResource" => writes::update_resource(world, request),
        "DeleteResource" => writes::delete_resource(world, request),
        "GetResourceRequestStatus" => requests::get_status(world, request),
        "ListResourceRequests" => requests::list(world, request),
        _ => Err(unknown_action(request)),
    }
}

/// What was declared of a resource: its properties without those that only AWS sets.
pub fn writable(world: &World, resource: &Resource) -> Value {
    let mut properties = resource.properties.clone();
    let registry = world.registry();
    for path in registry.get(&resource.type_name).map(|schema| schema.read_only()).unwrap_or_default() {
        remove(&mut properties, path.segments());
    }
    properties
}

/// What a read handler returns: the properties without those that can only be written, with what other resources add to them.
fn readable(world: &World, request: &Request<'_>, resource: &Resource) -> Value {
    let mut properties = resource.properties.clone();
    attached::add(world, request, resource, &mut properties);
    let registry = world.registry();
    for path in registry.get(&resource.type_name).map(|schema| schema.write_only()).unwrap_or_default() {
        remove(&mut properties, path.segments());
    }
    properties
}

/// Removes the property at a path; `*` means every item of a list. An object that this empties goes too.
pub fn remove(value: &mut Value, path: &[String]) {
    let Some((first, rest)) = path.split_first() else { return };
    match value {
        Value::Array(items) => {
            let path = if first == "*" { rest } else { path };
            items.iter_mut().for_each(|item| remove(item, path));
        }
        Value::Object(members) if rest.is_empty() => {
            members.shift_remove(first);
        }
        Value::Object(members) => {
            if let Some(member) = members.get_mut(first) {
                let was_empty = member.as_object().is_some_and(serde_json::Map::is_empty);
                remove(member, rest);
                if !was_empty && member.as_object().is_some_and(serde_json::Map::is_empty) {
                    members.shift_remove(first);
                }
            }
        }
        _ => {}
    }
}

fn required(request: &Request<'_>, name: &str) -> Result<String, Fault> {
    request.text(name).ok_or_else(|| {
        let message = format!(
            "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
        );
        Fault::new("ValidationException", message)
    })
}

/// The resource that a call names.
fn find<'a>(world: &'a World, request: &Request<'_>) -> Result<&'a Resource, Fault> {
    let type_name = required(request, "TypeName")?;
    let identifier = required(request, "Identifier")?;
    world.resource(&request.identity.account, request.region, &type_name, &identifier).ok_or_else(|| {
        let message = format!("Resource of type '{type_name}' with identifier '{identifier}' was not found.");
        Fault::new("ResourceNotFoundException", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn removed(mut value: Value, path: &[&str]) -> Value {
        let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        remove(&mut value, &path);
        value
    }

    #[test]
    fn a_nested_property_is_removed() {
        assert_eq!(removed(json!({"A": {"B": 1, "C": 2}}), &["A", "B"]), json!({"A": {"C": 2}}));
    }

    #[test]
    fn a_property_is_removed_from_every_item() {
        assert_eq!(removed(json!({"A": [{"B": 1}, {"C": 2}]}), &["A", "*", "B"]), json!({"A": [{}, {"C": 2}]}));
    }

    #[test]
    fn an_object_that_was_emptied_goes_too() {
        assert_eq!(removed(json!({"A": {"B": 1}, "D": 1}), &["A", "B"]), json!({"D": 1}));
    }
}
