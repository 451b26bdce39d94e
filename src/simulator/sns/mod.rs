//! SNS: who is subscribed to topics. Nobody here confirms a subscription that wants to be confirmed.

use serde_json::{Value, json};

use super::page::page;
use super::protocol::service::unknown_action;
use super::provision::{self, Origin, Place};
use super::request::{Fault, Reply, Request};
use super::resource::Resource;
use super::world::World;

const TOPIC: &str = "AWS::SNS::Topic";
const SUBSCRIPTION: &str = "AWS::SNS::Subscription";
/// The page of ListSubscriptionsByTopic.
const MAXIMUM_RESULTS: usize = 100;
/// Protocols whose endpoints have to confirm a subscription.
const CONFIRMED_BY_HAND: [&str; 4] = ["http", "https", "email", "email-json"];

/// Answers an SNS call.
pub fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    match request.action {
        "Subscribe" => subscribe(world, request),
        "Unsubscribe" => unsubscribe(world, request),
        "ListSubscriptionsByTopic" => list_by_topic(world, request),
        _ => Err(unknown_action(request)),
    }
}

/// What the read handler of a topic gives of its subscriptions.
pub fn of_topic(world: &World, request: &Request<'_>, topic: &str) -> Vec<Value> {
    subscriptions(world, request, topic)
        .map(|one| json!({"Endpoint": one.text("Endpoint"), "Protocol": one.text("Protocol")}))
        .collect()
}

fn subscriptions<'a>(world: &'a World, request: &Request<'_>, topic: &'a str) -> impl Iterator<Item = &'a Resource> {
    let all = world.resources_of(&request.identity.account, request.region, SUBSCRIPTION);
    all.filter(move |one| one.text("TopicArn") == Some(topic))
}

fn invalid(reason: &str) -> Fault {
    Fault::new("InvalidParameter", format!("Invalid parameter: {reason}"))
}

/// The topic that a call names.
fn topic(world: &World, request: &Request<'_>) -> Result<String, Fault> {
    let arn = request.text("TopicArn").ok_or_else(|| invalid("TopicArn"))?;
    match world.resource(&request.identity.account, request.region, TOPIC, &arn) {
        Some(_) => Ok(arn),
        None => Err(Fault::new("NotFound", "Topic does not exist").with_status(404)),
    }
}

fn is_pending(subscription: &Resource) -> bool {
    subscription.text("Protocol").is_some_and(|protocol| CONFIRMED_BY_HAND.contains(&protocol))
}

fn subscribe(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let topic = topic(world, request)?;
    let protocol = request.text("Protocol").ok_or_else(|| invalid("Protocol"))?;
    let endpoint = request.text("Endpoint").ok_or_else(|| invalid("Endpoint"))?;
    let is_it = |one: &&Resource| one.text("Protocol") == Some(&protocol) && one.text("Endpoint") == Some(&endpoint);
    let there = subscriptions(world, request, &topic).find(is_it).cloned();
    let subscription = match there {
        Some(there) => there,
        None => {
            let (prefix, logical_id) = ("sns".to_owned(), "Subscription".to_owned());
            let origin = Origin { stack: None, prefix, logical_id, token: request.request_id.to_owned() };
            let place = Place { account: &request.identity.account, region: request.region };
            let wanted = json!({"TopicArn": topic, "Protocol": protocol, "Endpoint": endpoint});
            provision::create(world, place, &origin, SUBSCRIPTION, &wanted)
                .map_err(|failure| invalid(&failure.message))?
        }
    };
    let is_told = !is_pending(&subscription) || request.flag("ReturnSubscriptionArn") == Some(true);
    Ok(json!({"SubscriptionArn": if is_told { &subscription.identifier } else { "pending confirmation" }}))
}

fn unsubscribe(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let arn = request.text("SubscriptionArn").unwrap_or_default();
    let parts = arn.split(':').count();
    if parts < 6 {
        let reason = format!("SubscriptionArn Reason: An ARN must have at least 6 elements, not {parts}");
        return Err(invalid(&reason));
    }
    world.remove(&request.identity.account, request.region, SUBSCRIPTION, &arn);
    Ok(Value::Null)
}

fn list_by_topic(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let topic = topic(world, request)?;
    let found = subscriptions(world, request, &topic)
        .map(|one| {
            let arn = if is_pending(one) { "PendingConfirmation" } else { &one.identifier };
            json!({
                "SubscriptionArn": arn,
                "Owner": request.identity.account,
                "Protocol": one.text("Protocol"),
                "Endpoint": one.text("Endpoint"),
                "TopicArn": topic,
            })
        })
        .collect();
    let (found, next) = page(found, MAXIMUM_RESULTS, request.text("NextToken").as_deref(), "InvalidParameter")?;
    Ok(json!({"Subscriptions": found, "NextToken": next}))
}
