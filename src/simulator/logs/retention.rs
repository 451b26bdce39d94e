//! How long the events of a log group are kept.

use serde_json::{Value, json};

use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::{LOG_GROUP, no_group};

const PROPERTY: &str = "RetentionInDays";

pub(super) fn put(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let days: u64 = request.required("retentionInDays")?.parse().unwrap_or(0);
    let registry = world.registry();
    let property = registry.get(LOG_GROUP).and_then(|schema| schema.property_schema(&[PROPERTY]));
    let allowed = property.and_then(|property| property.get("enum")?.as_array());
    if !allowed.is_some_and(|allowed| allowed.contains(&json!(days))) {
        let message = format!("{days} is not a valid number of days to keep events for.");
        return Err(Fault::new("InvalidParameterException", message));
    }
    group(world, request)?.properties[PROPERTY] = json!(days);
    Ok(Value::Null)
}

pub(super) fn delete(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    if let Some(properties) = group(world, request)?.properties.as_object_mut() {
        properties.remove(PROPERTY);
    }
    Ok(Value::Null)
}

fn group<'a>(world: &'a mut World, request: &Request<'_>) -> Result<&'a mut Resource, Fault> {
    let name = request.required("logGroupName")?;
    world.resource_mut(&request.identity.account, request.region, LOG_GROUP, &name).ok_or_else(no_group)
}
