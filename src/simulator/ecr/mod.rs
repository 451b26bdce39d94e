//! ECR: repositories are `AWS::ECR::Repository` resources; their images live in the resource's runtime state, and images that the spec names are
//! assumed to be there.

pub mod images;
mod policy;
mod reads;
pub mod registry;
mod writes;

use super::protocol::service::unknown_action;
use super::request::{Fault, Reply, Request};
use super::world::World;

/// The type of a repository.
pub const REPOSITORY: &str = "AWS::ECR::Repository";

/// Answers an ECR call.
pub fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    match request.action {
        "GetAuthorizationToken" => Ok(reads::get_authorization_token(world, request)),
        "DescribeRepositories" => reads::describe_repositories(world, request),
        "DescribeImages" => reads::describe_images(world, request),
        "ListImages" => reads::list_images(world, request),
        "BatchGetImage" => reads::batch_get_image(world, request),
        "GetLifecyclePolicy" => reads::get_lifecycle_policy(world, request),
        "ListTagsForResource" => reads::list_tags_for_resource(world, request),
        "GetRepositoryPolicy" => policy::get(world, request),
        "SetRepositoryPolicy" => policy::set(world, request),
        "DeleteRepositoryPolicy" => policy::delete(world, request),
        "PutImage" => writes::put_image(world, request),
        "BatchDeleteImage" => writes::batch_delete_image(world, request),
        "CreateRepository" => writes::create_repository(world, request),
        "DeleteRepository" => writes::delete_repository(world, request),
        _ => Err(unknown_action(request)),
    }
}

/// The registry that a call means: its own unless it names another, which it may then not see.
fn registry(request: &Request<'_>) -> Result<String, Fault> {
    let own = &request.identity.account;
    match request.text("registryId") {
        Some(other) if other != *own => Err(Fault::new(
            "AccessDeniedException",
            format!(
                "User: {} is not authorized to perform: ecr:{} on the registry of account {other}",
                request.identity.arn, request.action
            ),
        )),
        _ => Ok(own.clone()),
    }
}

fn repository_not_found(name: &str, registry: &str) -> Fault {
    Fault::new(
        "RepositoryNotFoundException",
        format!("The repository with name '{name}' does not exist in the registry with id '{registry}'"),
    )
}

/// A JSON protocol timestamp: seconds since 1970 with milliseconds.
pub(super) fn epoch(moment: jiff::Timestamp) -> f64 {
    moment.as_millisecond() as f64 / 1000.0
}
