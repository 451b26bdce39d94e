//! Creating, changing and deleting resources.

use serde_json::Value;

use super::super::clock::after;
use super::super::ec2::security_groups;
use super::super::provision::{self, Failure, Origin, Place, Work};
use super::super::request::{Fault, Reply, Request};
use super::super::world::World;
use super::requests::{Operation, busy, remember, repeated};
use super::{attached, find, patch, readable, remove, required, support, writable};

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("ValidationException", message)
}

pub(super) fn create_resource(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let type_name = required(request, "TypeName")?;
    support::check(world, &type_name, "CREATE")?;
    if let Some(operation) = repeated(world, request) {
        return Ok(reply(&operation, world));
    }
    let desired: Value = serde_json::from_str(&required(request, "DesiredState")?)
        .map_err(|error| invalid(format!("DesiredState is not valid JSON: {error}")))?;
    let origin = Origin {
        stack: None,
        prefix: "cloudcontrol".into(),
        logical_id: type_name.rsplit("::").next().unwrap_or_default().to_owned(),
        token: request.request_id.to_owned(),
    };
    let place = Place { account: &request.identity.account, region: request.region };
    let result = provision::create(world, place, &origin, &type_name, &desired);
    finish(
        world,
        request,
        &type_name,
        "CREATE",
        Work::Create,
        result.map(|resource| (resource.identifier.clone(), Some(resource))),
    )
}

pub(super) fn update_resource(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let type_name = required(request, "TypeName")?;
    support::check(world, &type_name, "UPDATE")?;
    if let Some(operation) = repeated(world, request) {
        return Ok(reply(&operation, world));
    }
    let resource = find(world, request)?;
    let identifier = resource.identifier.clone();
    let before = writable(world, resource);
    let document: Value = serde_json::from_str(&required(request, "PatchDocument")?)
        .map_err(|error| invalid(format!("Invalid patch update: {error}")))?;
    // A patch is of what the read handler returns.
    let current = readable(world, request, resource);
    let mut wanted = current.clone();
    patch::apply(&mut wanted, &document).map_err(|error| invalid(format!("Invalid patch update: {error}")))?;
    let patched = wanted;
    let mut wanted = attached::written(world, request, resource, &current, &patched).map_err(invalid)?;
    let registry = world.registry();
    if let Some(schema) = registry.get(&type_name) {
        // A read handler gives none of what is only written: what the patch does not say again is gone.
        for path in schema.write_only().iter().filter(|path| !schema.create_only().contains(path)) {
            if !has(&patched, path.segments()) {
                remove(&mut wanted, path.segments());
            }
        }
        for (paths, which) in
            [(schema.create_only(), "createOnlyProperties"), (schema.read_only(), "readOnlyProperties")]
        {
            for path in paths {
                let segments = path.segments();
                if at(&resource.properties, segments) != at(&wanted, segments) {
                    let pointer = segments.join("/");
                    return Err(invalid(format!(
                        "Invalid patch update: {which} [/properties/{pointer}] cannot be updated"
                    )));
                }
            }
        }
    }
    not_busy(world, request, &type_name, &identifier)?;
    let mut after_patch = world.resource(&request.identity.account, request.region, &type_name, &identifier).cloned();
    if let Some(resource) = &mut after_patch {
        resource.properties = wanted;
    }
    let declared = after_patch.map(|resource| writable(world, &resource)).unwrap_or_default();
    attached::leave(world, request, &type_name, &current, &patched);
    let place = Place { account: &request.identity.account, region: request.region };
    let result = provision::update(world, place, &type_name, &identifier, &before, &declared, request.request_id);
    finish(world, request, &type_name, "UPDATE", Work::Update, result.map(|resource| (identifier, Some(resource))))
}

pub(super) fn delete_resource(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let type_name = required(request, "TypeName")?;
    support::check(world, &type_name, "DELETE")?;
    if let Some(operation) = repeated(world, request) {
        return Ok(reply(&operation, world));
    }
    // A rule that stands in its group is a resource to the Cloud Control API all the same.
    let named = required(request, "Identifier")?;
    if security_groups::take_out(world, request, &type_name, &named) {
        return finish(world, request, &type_name, "DELETE", Work::Delete, Ok((named, None)));
    }
    let identifier = find(world, request)?.identifier.clone();
    not_busy(world, request, &type_name, &identifier)?;
    let place = Place { account: &request.identity.account, region: request.region };
    let result = provision::delete(world, place, &type_name, &identifier);
    finish(world, request, &type_name, "DELETE", Work::Delete, result.map(|_| (identifier, None)))
}

fn not_busy(world: &World, request: &Request<'_>, type_name: &str, identifier: &str) -> Result<(), Fault> {
    if busy(world, request, type_name, identifier) {
        let message = format!("Resource {identifier} already has an operation in progress.");
        return Err(Fault::new("ConcurrentOperationException", message));
    }
    Ok(())
}

/// Whether there is something at a path; `*` means any item of a list.
fn has(value: &Value, path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    match value {
        Value::Array(items) => items.iter().any(|item| has(item, if first == "*" { rest } else { path })),
        other => other.get(first).is_some_and(|inner| has(inner, rest)),
    }
}

/// The value at a path that has no lists in it.
fn at<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, name| value.get(name))
}

type Outcome = Result<(String, Option<super::super::resource::Resource>), Failure>;

/// Remembers what was done and answers that it is under way.
fn finish(
    world: &mut World,
    request: &Request<'_>,
    type_name: &str,
    operation: &str,
    work: Work,
    outcome: Outcome,
) -> Result<Reply, Fault> {
    let now = world.now();
    let ends_at = after(now, world.clock.duration(provision::seconds(type_name, work)));
    let (identifier, model, failure) = match outcome {
        Ok((identifier, resource)) => {
            (Some(identifier), resource.map(|resource| readable(world, request, &resource)), None)
        }
        Err(failure) => (request.text("Identifier"), None, Some((failure.code.to_owned(), failure.message))),
    };
    let operation = Operation {
        token: world.new_uuid(),
        client_token: request.text("ClientToken"),
        type_name: type_name.to_owned(),
        identifier,
        operation: operation.to_owned(),
        started_at: now,
        ends_at,
        failure,
        model,
    };
    remember(world, request, &operation);
    Ok(reply(&operation, world))
}

fn reply(operation: &Operation, world: &World) -> Reply {
    serde_json::json!({"ProgressEvent": operation.event(world.now())})
}
