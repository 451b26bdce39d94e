//! How web ACLs log.

use serde_json::{Map, Value, json};

use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::{LOGGING, WEB_ACL, by_arn, find, missing, required};

const NAMES: [&str; 4] = ["ResourceArn", "LogDestinationConfigs", "RedactedFields", "LoggingFilter"];

fn description(logging: &Resource) -> Value {
    let own = NAMES.iter().filter_map(|name| Some(((*name).to_owned(), logging.property(name)?.clone())));
    let mut out: Map<String, Value> = own.collect();
    out.insert("ManagedByFirewallManager".into(), json!(false));
    Value::Object(out)
}

pub(super) fn get(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let logging = find(world, request, LOGGING, &required(request, "ResourceArn")?)?;
    Ok(json!({"LoggingConfiguration": description(logging)}))
}

pub(super) fn put(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let wanted = request.params.get("LoggingConfiguration").ok_or_else(|| missing("LoggingConfiguration"))?;
    let arn = wanted.get("ResourceArn").and_then(Value::as_str).ok_or_else(|| missing("ResourceArn"))?;
    by_arn(world, request, WEB_ACL, arn)?;
    let properties: Map<String, Value> =
        NAMES.iter().filter_map(|name| Some(((*name).to_owned(), wanted.get(*name)?.clone()))).collect();
    let now = world.now();
    let there = world.resource(&request.identity.account, request.region, LOGGING, arn).cloned();
    let mut logging = there.unwrap_or_else(|| Resource::new(LOGGING, arn, json!({}), now));
    logging.properties = Value::Object(properties);
    logging.updated_at = now;
    let answer = json!({"LoggingConfiguration": description(&logging)});
    world.put(&request.identity.account, request.region, logging);
    Ok(answer)
}

pub(super) fn delete(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let arn = required(request, "ResourceArn")?;
    find(world, request, LOGGING, &arn)?;
    world.remove(&request.identity.account, request.region, LOGGING, &arn);
    Ok(Value::Null)
}
