//! Creates, updates and deletes one resource of any type, as the type's schema and the service behind it have it.
//!
//! CloudFormation and the Cloud Control API both go through here.

mod attributes;
mod belongings;
mod dependents;
mod durations;
mod ecs;
mod listeners;
mod managed_secret;
mod naming;
mod rules;
mod scaling;
mod shapes;
#[cfg(test)]
mod tests;
mod validate;

use serde_json::{Map, Value};

pub use durations::{Work, seconds};
pub use ecs::{Outcome, deregistered, fail_tasks, settle_service};
pub use naming::{name_is_taken, name_property};
pub use validate::{Violation, coerce, violations};

use super::resource::{Resource, StackRef};
use super::world::World;

/// The account and region in which something happens.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// 12-digit account id.
    pub account: &'a str,
    /// The region of the call; global resources find their own.
    pub region: &'a str,
}

/// Who asks for a resource: what generated names and identifiers are made from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The stack that will own it.
    pub stack: Option<StackRef>,
    /// The first part of generated names: the stack's name.
    pub prefix: String,
    /// The second part: the logical id.
    pub logical_id: String,
    /// Generated identifiers depend on this and the world's seed alone.
    pub token: String,
}

/// Why a service refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// `HandlerErrorCode`: `InvalidRequest`, `AlreadyExists`, `NotFound`, `ResourceConflict`, `GeneralServiceException` ...
    pub code: &'static str,
    /// The service's text.
    pub message: String,
    /// The message is CloudFormation's own and goes to the user as it is.
    pub verbatim: bool,
}

impl Failure {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), verbatim: false }
    }

    pub(crate) fn verbatim(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), verbatim: true }
    }

    /// The text in a stack event.
    pub fn reason(&self, request_token: &str) -> String {
        if self.verbatim {
            return self.message.clone();
        }
        format!(
            "Resource handler returned message: \"{}\" (RequestToken: {request_token}, HandlerErrorCode: {})",
            self.message, self.code
        )
    }
}

/// Creates a resource.
///
/// # Errors
/// When the properties do not fit the schema, the name is taken, or a rule of the service is broken.
pub fn create(
    world: &mut World,
    place: Place<'_>,
    origin: &Origin,
    type_name: &str,
    declared: &Value,
) -> Result<Resource, Failure> {
    let registry = world.registry();
    let schema = registry.get(type_name).ok_or_else(|| {
        Failure::new("InvalidTypeConfiguration", format!("Unrecognized resource types: [{type_name}]"))
    })?;
    let declared = coerce(schema, declared);
    if let Some(failure) = validate::failure(schema, &declared, &origin.logical_id) {
        return Err(failure);
    }
    rules::check(world, place, type_name, &declared)?;
    let now = world.now();
    let mut properties = declared.as_object().cloned().unwrap_or_default();
    naming::complete(world, schema, place, origin, &mut properties)?;
    scaling::complete(type_name, &mut properties);
    attributes::complete(world, schema, place, origin, &mut properties);
    scaling::settle(type_name, &mut properties);
    let properties = Value::Object(properties);
    let identifier = naming::identifier(schema, &properties, origin);
    if let Some(taken) = world.resource(place.account, place.region, type_name, &identifier) {
        return Err(naming::taken(taken, &identifier));
    }
    let mut resource = Resource::new(type_name, identifier.clone(), properties, now);
    resource.physical_id = naming::physical_id(type_name, &resource.properties, &identifier);
    resource.stack = origin.stack.clone();
    if type_name == "AWS::ECS::Service" {
        ecs::deploy(world, place, None, &mut resource, &origin.token);
    }
    world.put(place.account, place.region, resource.clone());
    managed_secret::make(world, place, &resource);
    Ok(resource)
}

/// Changes a resource in place: `declared` is all that is declared now, and what `previous` declared but `declared` does not is reset.
///
/// # Errors
/// When the resource is gone, the properties do not fit the schema, or a rule of the service is broken.
pub fn update(
    world: &mut World,
    place: Place<'_>,
    type_name: &str,
    identifier: &str,
    previous: &Value,
    declared: &Value,
    token: &str,
) -> Result<Resource, Failure> {
    let registry = world.registry();
    let schema = registry.get(type_name).ok_or_else(|| {
        Failure::new("InvalidTypeConfiguration", format!("Unrecognized resource types: [{type_name}]"))
    })?;
    let Some(current) = world.resource(place.account, place.region, type_name, identifier).cloned() else {
        return Err(not_found(type_name, identifier));
    };
    let declared = coerce(schema, declared);
    if let Some(failure) =
        validate::failure(schema, &declared, current.stack.as_ref().map_or(identifier, |stack| &stack.logical_id))
    {
        return Err(failure);
    }
    rules::check_update(world, place, &current, &declared)?;
    let mut properties = current.properties.as_object().cloned().unwrap_or_default();
    for key in previous.as_object().into_iter().flat_map(Map::keys) {
        if declared.get(key).is_none() {
            properties.shift_remove(key);
        }
    }
    for (key, value) in declared.as_object().into_iter().flatten() {
        properties.insert(key.clone(), value.clone());
    }
    let runs = current.text("TaskDefinition").map(str::to_owned);
    let mut resource = current;
    resource.properties = Value::Object(properties);
    attributes::refresh(schema, &mut resource);
    resource.updated_at = world.now();
    if type_name == "AWS::ECS::Service" {
        ecs::deploy(world, place, runs.as_deref(), &mut resource, token);
    }
    world.put(place.account, place.region, resource.clone());
    Ok(resource)
}

/// Deletes a resource.
///
/// # Errors
/// When it is gone, protected, not empty, or something still uses it.
pub fn delete(world: &mut World, place: Place<'_>, type_name: &str, identifier: &str) -> Result<Resource, Failure> {
    let Some(resource) = world.resource(place.account, place.region, type_name, identifier) else {
        return Err(not_found(type_name, identifier));
    };
    dependents::check(world, place, resource)?;
    let resource = resource.clone();
    managed_secret::remove(world, place, &resource);
    belongings::remove(world, place, &resource);
    let deleted = world
        .remove(place.account, place.region, type_name, identifier)
        .ok_or_else(|| not_found(type_name, identifier))?;
    if type_name == "AWS::ECS::TaskDefinition" {
        ecs::deregister(world, place, &deleted);
    }
    Ok(deleted)
}

fn not_found(type_name: &str, identifier: &str) -> Failure {
    Failure::new("NotFound", format!("Resource of type '{type_name}' with identifier '{identifier}' was not found."))
}
