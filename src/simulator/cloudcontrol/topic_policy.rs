//! `AWS::SNS::TopicInlinePolicy`: the policy of one topic, whoever set it. A topic with the policy that SNS gives to a new one
//! has none.

use serde_json::{Value, json};

use super::super::protocol::service::unknown_action;
use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::requests::{Operation, remember};
use super::{patch, required};

const TYPE: &str = "AWS::SNS::TopicInlinePolicy";
/// What a template has in its place; one can be of several topics.
const POLICY: &str = "AWS::SNS::TopicPolicy";

/// Whether a call is about one.
pub(super) fn is_meant(request: &Request<'_>) -> bool {
    request.text("TypeName").as_deref() == Some(TYPE)
}

/// Answers a call about one.
pub(super) fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    match request.action {
        "GetResource" => {
            let topic = required(request, "Identifier")?;
            let properties = json!({"TopicArn": topic, "PolicyDocument": document(find(world, request)?)});
            let description = json!({"Identifier": topic, "Properties": properties.to_string()});
            Ok(json!({"TypeName": TYPE, "ResourceDescription": description}))
        }
        "UpdateResource" => update(world, request),
        "DeleteResource" => {
            let identifier = find(world, request)?.identifier.clone();
            world.remove(&request.identity.account, request.region, POLICY, &identifier);
            Ok(done(world, request, "DELETE", None))
        }
        _ => Err(unknown_action(request)),
    }
}

fn document(policy: &Resource) -> Value {
    policy.property("PolicyDocument").cloned().unwrap_or_default()
}

/// The policy of the topic that a call names.
fn find<'a>(world: &'a World, request: &Request<'_>) -> Result<&'a Resource, Fault> {
    let topic = required(request, "Identifier")?;
    let is_of = |policy: &&Resource| {
        let topics = policy.property("Topics").and_then(Value::as_array);
        topics.is_some_and(|topics| topics.contains(&json!(topic)))
    };
    world
        .resources_of(&request.identity.account, request.region, POLICY)
        .find(is_of)
        .ok_or_else(|| Fault::new("ResourceNotFoundException", format!("Topic: {topic}, Policy does not exist")))
}

fn update(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let invalid = |error: String| Fault::new("ValidationException", format!("Invalid patch update: {error}"));
    let policy = find(world, request)?;
    let identifier = policy.identifier.clone();
    let mut wanted = json!({"TopicArn": required(request, "Identifier")?, "PolicyDocument": document(policy)});
    let operations: Value =
        serde_json::from_str(&required(request, "PatchDocument")?).map_err(|error| invalid(error.to_string()))?;
    patch::apply(&mut wanted, &operations).map_err(|error| invalid(error.to_string()))?;
    let now = world.now();
    if let Some(policy) = world.resource_mut(&request.identity.account, request.region, POLICY, &identifier) {
        policy.properties["PolicyDocument"] = wanted["PolicyDocument"].clone();
        policy.updated_at = now;
    }
    Ok(done(world, request, "UPDATE", Some(wanted)))
}

/// Remembers what was done and answers how it ended.
fn done(world: &mut World, request: &Request<'_>, operation: &str, model: Option<Value>) -> Reply {
    let now = world.now();
    let operation = Operation {
        token: world.new_uuid(),
        client_token: request.text("ClientToken"),
        type_name: TYPE.to_owned(),
        identifier: request.text("Identifier"),
        operation: operation.to_owned(),
        started_at: now,
        ends_at: now,
        failure: None,
        model,
    };
    remember(world, request, &operation);
    json!({"ProgressEvent": operation.event(now)})
}
