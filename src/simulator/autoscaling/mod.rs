//! Application Auto Scaling: the policies and scheduled actions of scalable targets.

mod policies;
mod schedules;

use serde_json::{Map, Value};

use super::protocol::service::unknown_action;
use super::request::{Fault, Reply, Request};
use super::resource::Resource;
use super::world::World;

const TARGET: &str = "AWS::ApplicationAutoScaling::ScalableTarget";
/// The largest page of scheduled actions (API Reference: *DescribeScheduledActions*).
const MAXIMUM_ACTIONS: usize = 50;
/// The largest page of policies (API Reference: *DescribeScalingPolicies*).
const MAXIMUM_POLICIES: usize = 10;

/// Answers an Application Auto Scaling call.
pub fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    match request.action {
        "PutScalingPolicy" => policies::put(world, request),
        "DescribeScalingPolicies" => policies::describe(world, request),
        "DeleteScalingPolicy" => policies::delete(world, request),
        "PutScheduledAction" => schedules::put(world, request),
        "DescribeScheduledActions" => schedules::describe(world, request),
        "DeleteScheduledAction" => schedules::delete(world, request),
        _ => Err(unknown_action(request)),
    }
}

/// The identifier of the target that a call names.
fn identifier(request: &Request<'_>) -> Result<String, Fault> {
    let names = ["ResourceId", "ScalableDimension", "ServiceNamespace"];
    let parts: Result<Vec<String>, Fault> = names.into_iter().map(|name| required(request, name)).collect();
    Ok(parts?.join("|"))
}

fn required(request: &Request<'_>, name: &str) -> Result<String, Fault> {
    request.required(name).map_err(|fault| Fault { code: "ValidationException".into(), ..fault })
}

/// The target that a call names.
fn target<'a>(world: &'a mut World, request: &Request<'_>) -> Result<&'a mut Resource, Fault> {
    let (account, region) = (&request.identity.account, request.region);
    let found = world.resource_mut(account, region, TARGET, &identifier(request)?);
    found.ok_or_else(|| not_found("scalable target registered", request))
}

fn not_found(what: &str, request: &Request<'_>) -> Fault {
    let text = |name: &str| request.text(name).unwrap_or_default();
    let (namespace, resource, dimension) = (text("ServiceNamespace"), text("ResourceId"), text("ScalableDimension"));
    let message = format!(
        "No {what} for service namespace: {namespace}, resource ID: {resource}, scalable dimension: {dimension}"
    );
    Fault::new("ObjectNotFoundException", message)
}

/// Those members of a call that it has.
fn given(request: &Request<'_>, names: &[&str]) -> Map<String, Value> {
    names.iter().filter_map(|name| Some(((*name).to_owned(), request.params.get(*name)?.clone()))).collect()
}
