//! The policy of a repository, which is a property of it.

use serde_json::{Value, json};

use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::reads::required;
use super::{REPOSITORY, registry, repository_not_found};

const PROPERTY: &str = "RepositoryPolicyText";

pub(super) fn get(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let (registry, name, repository) = repository(world, request)?;
    let document = repository.property(PROPERTY).cloned().ok_or_else(|| none(&name, &registry))?;
    Ok(reply(&registry, &name, &document))
}

pub(super) fn set(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let document: Value = serde_json::from_str(&required(request, "policyText")?).unwrap_or_default();
    if !document.is_object() {
        let message = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid JSON syntax'";
        return Err(Fault::new("InvalidParameterException", message));
    }
    let (registry, name, repository) = repository(world, request)?;
    repository.properties[PROPERTY] = document.clone();
    Ok(reply(&registry, &name, &document))
}

pub(super) fn delete(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let (registry, name, repository) = repository(world, request)?;
    let document = repository.properties.as_object_mut().and_then(|properties| properties.shift_remove(PROPERTY));
    let document = document.ok_or_else(|| none(&name, &registry))?;
    Ok(reply(&registry, &name, &document))
}

fn repository<'a>(world: &'a mut World, request: &Request<'_>) -> Result<(String, String, &'a mut Resource), Fault> {
    let (registry, name) = (registry(request)?, required(request, "repositoryName")?);
    match world.resource_mut(&registry, request.region, REPOSITORY, &name) {
        Some(repository) => Ok((registry, name, repository)),
        None => Err(repository_not_found(&name, &registry)),
    }
}

fn reply(registry: &str, name: &str, document: &Value) -> Reply {
    json!({"registryId": registry, "repositoryName": name, "policyText": document.to_string()})
}

fn none(name: &str, registry: &str) -> Fault {
    let message = format!(
        "Repository policy does not exist for the repository with name '{name}' in the registry with id '{registry}'"
    );
    Fault::new("RepositoryPolicyNotFoundException", message)
}
