//! Reading resources.

use serde_json::{Value, json};

use super::super::page::{limit, page};
use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::{find, readable, required, support};

/// Cloud Control's largest page.
const MAXIMUM_RESULTS: usize = 100;

fn description(world: &World, request: &Request<'_>, resource: &Resource) -> Value {
    json!({
        "Identifier": resource.identifier,
        "Properties": readable(world, request, resource).to_string(),
    })
}

pub(super) fn get_resource(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let type_name = required(request, "TypeName")?;
    support::check(world, &type_name, "READ")?;
    let resource = find(world, request)?;
    Ok(json!({"TypeName": type_name, "ResourceDescription": description(world, request, resource)}))
}

pub(super) fn list_resources(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let type_name = required(request, "TypeName")?;
    support::check(world, &type_name, "LIST")?;
    let model: Value =
        request.text("ResourceModel").and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    support::check_model(&type_name, &model)?;
    let wanted = |resource: &Resource| {
        let members = model.as_object();
        members.into_iter().flatten().all(|(name, value)| resource.property(name) == Some(value))
    };
    let descriptions = world
        .resources_of(&request.identity.account, request.region, &type_name)
        .filter(|resource| wanted(resource))
        .map(|resource| description(world, request, resource))
        .collect();
    let size = limit(request, "MaxResults", MAXIMUM_RESULTS);
    let (descriptions, next) = page(descriptions, size, request.text("NextToken").as_deref(), "ValidationException")?;
    Ok(json!({"TypeName": type_name, "ResourceDescriptions": descriptions, "NextToken": next}))
}
