//! Task definitions.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::super::ecr::epoch;
use super::super::provision::{Place, deregistered};
use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::{names, paged};

const TASK_DEFINITION: &str = "AWS::ECS::TaskDefinition";

/// Family and revision of a task definition's ARN.
pub(super) fn family(arn: &str) -> (&str, i64) {
    let name = arn.rsplit('/').next().unwrap_or(arn);
    let (family, revision) = name.rsplit_once(':').unwrap_or((name, "0"));
    (family, revision.parse().unwrap_or_default())
}

fn arn(definition: &Resource) -> &str {
    definition.text("TaskDefinitionArn").unwrap_or(&definition.identifier)
}

/// The task definition that an ARN, `FAMILY:REVISION` or `FAMILY` means; a family is its latest revision.
pub(super) fn find<'a>(world: &'a World, request: &Request<'_>, name: &str) -> Option<&'a Resource> {
    let wanted = name.rsplit('/').next().unwrap_or(name);
    world
        .resources_of(&request.identity.account, request.region, TASK_DEFINITION)
        .filter(|definition| {
            let (family, revision) = family(arn(definition));
            match wanted.split_once(':') {
                Some((wanted, number)) => wanted == family && number.parse() == Ok(revision),
                None => wanted == family,
            }
        })
        .max_by_key(|definition| family(arn(definition)).1)
}

/// The same, or one that was deregistered.
pub(super) fn find_any<'a>(world: &'a World, request: &Request<'_>, name: &str) -> Option<Cow<'a, Resource>> {
    let place = Place { account: &request.identity.account, region: request.region };
    find(world, request, name).map(Cow::Borrowed).or_else(|| deregistered(world, place, name).map(Cow::Owned))
}

pub(super) fn describe(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request.text("taskDefinition").unwrap_or_default();
    let active = find(world, request, &name).is_some();
    let definition = find_any(world, request, &name)
        .ok_or_else(|| Fault::new("ClientException", "Unable to describe task definition."))?;
    let definition = definition.as_ref();
    let (family, revision) = family(arn(definition));
    let mut properties = match names::api_form(&definition.properties) {
        Value::Object(properties) => properties,
        _ => serde_json::Map::new(),
    };
    let tags =
        definition.tags().into_iter().map(|(key, value)| json!({"key": key, "value": value})).collect::<Vec<_>>();
    properties.shift_remove("tags");
    if let Some(containers) = properties.get_mut("containerDefinitions").and_then(Value::as_array_mut) {
        for container in containers {
            fill_container(container);
        }
    }
    let fargate = properties.get("requiresCompatibilities").is_some_and(|list| *list == json!(["FARGATE"]));
    let compatibilities = if fargate { json!(["EC2", "FARGATE"]) } else { json!(["EC2"]) };
    for (name, value) in [
        ("taskDefinitionArn", json!(arn(definition))),
        ("family", json!(family)),
        ("revision", json!(revision)),
        ("status", json!(if active { "ACTIVE" } else { "INACTIVE" })),
        ("compatibilities", compatibilities),
        ("registeredAt", json!(epoch(definition.created_at))),
    ] {
        properties.insert(name.to_owned(), value);
    }
    for name in ["volumes", "placementConstraints"] {
        properties.entry(name).or_insert_with(|| json!([]));
    }
    // CloudFormation has them as texts and the API too, whatever a template wrote.
    for name in ["cpu", "memory"] {
        if let Some(number) = properties.get(name).filter(|value| value.is_number()).map(Value::to_string) {
            properties.insert(name.to_owned(), json!(number));
        }
    }
    let with_tags = request.texts("include").iter().any(|name| name == "TAGS");
    Ok(json!({"taskDefinition": properties, "tags": if with_tags { json!(tags) } else { Value::Null }}))
}

/// What ECS adds to every container definition.
fn fill_container(container: &mut Value) {
    let Some(container) = container.as_object_mut() else { return };
    for name in ["portMappings", "environment", "mountPoints", "volumesFrom", "systemControls"] {
        container.entry(name).or_insert_with(|| json!([]));
    }
    container.entry("cpu").or_insert_with(|| json!(0));
    container.entry("essential").or_insert_with(|| json!(true));
}

pub(super) fn list(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let prefix = request.text("familyPrefix");
    let mut arns: Vec<&str> = world
        .resources_of(&request.identity.account, request.region, TASK_DEFINITION)
        .map(arn)
        .filter(|arn| prefix.as_ref().is_none_or(|prefix| family(arn).0 == prefix))
        .collect();
    arns.sort_by_key(|arn| family(arn));
    if request.text("sort").as_deref() == Some("DESC") {
        arns.reverse();
    }
    paged("taskDefinitionArns", arns.into_iter().map(|arn| json!(arn)).collect(), request)
}
