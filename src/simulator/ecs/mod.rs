//! ECS: clusters, services and task definitions are CloudFormation's resources; deployments, tasks and events are worked out from them.

mod clusters;
mod deployments;
mod names;
mod services;
mod stopped;
mod task_definitions;
mod tasks;

use serde_json::Value;

pub use stopped::{lines, targets};

use super::page::{limit, page};
use super::protocol::service::unknown_action;
use super::request::{Fault, Reply, Request};
use super::world::World;

/// Answers an ECS call.
pub fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    match request.action {
        "ListClusters" => clusters::list(world, request),
        "DescribeClusters" => clusters::describe(world, request),
        "ListServices" => services::list(world, request),
        "DescribeServices" => services::describe(world, request),
        "UpdateService" => services::update(world, request),
        "ListServiceDeployments" => services::list_deployments(world, request),
        "DescribeServiceDeployments" => services::describe_deployments(world, request),
        "ListTasks" => tasks::list(world, request),
        "DescribeTasks" => tasks::describe(world, request),
        "DescribeTaskDefinition" => task_definitions::describe(world, request),
        "ListTaskDefinitions" => task_definitions::list(world, request),
        _ => Err(unknown_action(request)),
    }
}

/// The largest page of ECS's listings.
const MAXIMUM_RESULTS: usize = 100;

fn paged(name: &str, items: Vec<Value>, request: &Request<'_>) -> Result<Reply, Fault> {
    paged_by(MAXIMUM_RESULTS, name, items, request)
}

/// The same, with a page size for requests that do not say one.
fn paged_by(default: usize, name: &str, items: Vec<Value>, request: &Request<'_>) -> Result<Reply, Fault> {
    let size = match request.integer("maxResults") {
        Some(_) => limit(request, "maxResults", MAXIMUM_RESULTS),
        None => default,
    };
    let (items, next) = page(items, size, request.text("nextToken").as_deref(), "InvalidParameterException")?;
    Ok(serde_json::json!({name: items, "nextToken": next}))
}

/// A failure as the batch calls list it.
fn missing(arn: &str) -> Value {
    serde_json::json!({"arn": arn, "reason": "MISSING"})
}
