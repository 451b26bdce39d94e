//! Reads of templates.

use serde_json::{Value, json};

use super::input::{find, parse, template};
use crate::simulator::request::{Fault, Reply, Request, scalar};
use crate::simulator::template::{Body, required_capabilities};
use crate::simulator::world::World;

pub(super) fn get(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let change_set = request.text("ChangeSetName");
    let text = match (request.text("StackName"), change_set) {
        (Some(name), None) => find(world, request, &name)?.settings.template.clone(),
        (name, Some(change_set)) => {
            super::change_set_calls::find(world, request, name.as_deref(), &change_set)?.1.settings.template.clone()
        }
        (None, None) => return Err(Fault::validation("Either StackName or ChangeSetName must be specified")),
    };
    // Without macros of its own kind, the processed template is the original one.
    // CloudFormation gives no other characters back.
    let text: String = text.chars().map(|character| if character.is_ascii() { character } else { '?' }).collect();
    Ok(json!({"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]}))
}

fn declarations(body: &Body, constraints: bool) -> Vec<Value> {
    body.section("Parameters")
        .into_iter()
        .flatten()
        .map(|(key, declaration)| {
            let text = |name: &str| declaration.get(name).and_then(scalar);
            let no_echo = text("NoEcho").is_some_and(|flag| flag.eq_ignore_ascii_case("true"));
            let mut value = json!({"ParameterKey": key, "DefaultValue": text("Default")});
            if constraints {
                value["ParameterType"] = Value::from(text("Type").unwrap_or_else(|| "String".to_owned()));
            }
            value["NoEcho"] = Value::from(no_echo);
            value["Description"] = text("Description").map_or(Value::Null, Value::from);
            if constraints {
                let allowed: Vec<String> = declaration
                    .get("AllowedValues")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(scalar)
                    .collect();
                value["ParameterConstraints"] =
                    if allowed.is_empty() { json!({}) } else { json!({"AllowedValues": allowed}) };
            }
            value
        })
        .collect()
}

fn capabilities(body: &Body) -> (Value, Value) {
    match required_capabilities(body) {
        Some((capability, reason)) => (json!([capability.as_str()]), json!(reason)),
        None => (Value::Null, Value::Null),
    }
}

pub(super) fn summary(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let text = match template(world, request)? {
        Some(text) => text,
        None => match request.text("StackName") {
            Some(name) => find(world, request, &name)?.settings.template.clone(),
            None => return Err(Fault::validation("Either StackName, TemplateBody or TemplateURL must be specified")),
        },
    };
    let body = parse(&text)?;
    let mut types: Vec<&str> =
        body.resources().filter_map(|(_, resource)| resource.get("Type").and_then(Value::as_str)).collect();
    types.sort_unstable();
    let registry = world.registry();
    let mut unique = types.clone();
    unique.dedup();
    let identifiers: Vec<Value> = unique
        .iter()
        .map(|type_name| {
            let ids: Vec<&str> = body
                .resources()
                .filter(|(_, resource)| resource.get("Type").and_then(Value::as_str) == Some(type_name))
                .map(|(id, _)| id)
                .collect();
            let names: Vec<&str> = registry
                .get(type_name)
                .into_iter()
                .flat_map(|schema| schema.primary_identifier().iter().map(|path| path.as_str()))
                .collect();
            json!({"ResourceType": type_name, "LogicalResourceIds": ids, "ResourceIdentifiers": names})
        })
        .collect();
    let (capabilities, reason) = capabilities(&body);
    Ok(json!({
        "Parameters": declarations(&body, true),
        "Description": body.description(),
        "Capabilities": capabilities,
        "CapabilitiesReason": reason,
        "ResourceTypes": types,
        "Version": body.root().get("AWSTemplateFormatVersion").and_then(Value::as_str),
        "Metadata": body.root().get("Metadata").map(Value::to_string),
        "DeclaredTransforms": body.transforms(),
        "ResourceIdentifierSummaries": identifiers,
    }))
}

pub(super) fn validate(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let text = template(world, request)?
        .ok_or_else(|| Fault::validation("Either Template URL or Template Body must be specified."))?;
    let body = parse(&text)?;
    let (capabilities, reason) = capabilities(&body);
    Ok(json!({
        "Parameters": declarations(&body, false),
        "Description": body.description(),
        "Capabilities": capabilities,
        "CapabilitiesReason": reason,
        "DeclaredTransforms": body.transforms(),
    }))
}
