//! `AWS::SNS::TopicInlinePolicy`: the policy of one topic, whoever set it. A topic with the policy that SNS gives to a new one
//! has none.

use serde_json::{Value, json};

use super::super::protocol::service::unknown_action;
use super::super::provision::{self, Failure, Origin, Place};
use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::requests::{Operation, remember};
use super::{patch, required};

const TYPE: &str = "AWS::SNS::TopicInlinePolicy";
/// What a template has in its place; one can be of several topics.
const POLICY: &str = "AWS::SNS::TopicPolicy";
const TOPIC: &str = "AWS::SNS::Topic";

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
        "CreateResource" => create(world, request),
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

/// Whether a policy is one of this topic.
fn is_of(policy: &Resource, topic: &str) -> bool {
    let topics = policy.property("Topics").and_then(Value::as_array);
    topics.is_some_and(|topics| topics.contains(&json!(topic)))
}

/// The policy of the topic that a call names.
fn find<'a>(world: &'a World, request: &Request<'_>) -> Result<&'a Resource, Fault> {
    let topic = required(request, "Identifier")?;
    world
        .resources_of(&request.identity.account, request.region, POLICY)
        .find(|policy| is_of(policy, &topic))
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

fn create(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let invalid = |text: String| Fault::new("ValidationException", text);
    let desired: Value = serde_json::from_str(&required(request, "DesiredState")?)
        .map_err(|error| invalid(format!("DesiredState is not valid JSON: {error}")))?;
    let topic = desired["TopicArn"].as_str().ok_or_else(|| invalid("required key [TopicArn] not found".to_owned()))?;
    let failure = make(world, request, topic, &desired["PolicyDocument"]).err();
    Ok(created(world, request, &desired, failure))
}

/// Gives a topic that has no policy of its own one.
fn make(world: &mut World, request: &Request<'_>, topic: &str, document: &Value) -> Result<(), Failure> {
    let (account, region) = (&request.identity.account, request.region);
    let failed = |code, message: String| Err(Failure { code, message, verbatim: false });
    if world.resource(account, region, TOPIC, topic).is_none() {
        return failed("NotFound", format!("Topic: {topic} does not exist"));
    }
    if world.resources_of(account, region, POLICY).any(|policy| is_of(policy, topic)) {
        return failed("AlreadyExists", format!("Topic: {topic}, Policy already exists"));
    }
    let origin = Origin {
        stack: None,
        prefix: "cloudcontrol".into(),
        logical_id: "TopicInlinePolicy".into(),
        token: request.request_id.to_owned(),
    };
    let own = json!({"Topics": [topic], "PolicyDocument": document});
    provision::create(world, Place { account, region }, &origin, POLICY, &own).map(drop)
}

/// Remembers what was done and answers how it ended.
fn done(world: &mut World, request: &Request<'_>, operation: &str, model: Option<Value>) -> Reply {
    let identifier = request.text("Identifier");
    ended(world, request, operation, (identifier, model), None)
}

/// The same of a creation, with what went wrong if something did.
fn created(world: &mut World, request: &Request<'_>, desired: &Value, failure: Option<Failure>) -> Reply {
    let topic = desired["TopicArn"].as_str().map(ToOwned::to_owned);
    let model = failure.is_none().then(|| desired.clone());
    let failure = failure.map(|failure| (failure.code.to_owned(), failure.message));
    ended(world, request, "CREATE", (topic, model), failure)
}

fn ended(
    world: &mut World,
    request: &Request<'_>,
    operation: &str,
    (identifier, model): (Option<String>, Option<Value>),
    failure: Option<(String, String)>,
) -> Reply {
    let now = world.now();
    let operation = Operation {
        token: world.new_uuid(),
        client_token: request.text("ClientToken"),
        type_name: TYPE.to_owned(),
        identifier,
        operation: operation.to_owned(),
        started_at: now,
        ends_at: now,
        failure,
        model,
    };
    remember(world, request, &operation);
    json!({"ProgressEvent": operation.event(now)})
}
