//! CloudFormation.

mod actual;
mod change_set;
mod change_set_calls;
mod change_set_execute;
mod describe;
mod difference;
mod drift;
mod early_validation;
mod engine;
mod events;
mod input;
mod lookup;
mod pinned;
mod preview;
mod recover;
mod registry;
mod resource_change;
mod stack_policy;
mod stack_set;
mod stack_set_calls;
mod stack_set_drift;
mod stack_set_resource;
mod stacks;
mod state;
mod status;
mod template_calls;
#[cfg(test)]
mod tests;

pub(crate) use engine::advance;
pub(crate) use pinned::pin;
pub use state::State;
pub use status::{Call, StackStatus};

use super::request::{Fault, Reply, Request};
use super::world::World;

/// Answers one call.
///
/// # Errors
/// AWS's fault, or [`super::protocol::service::unknown_action`] for a call that is not modelled.
pub fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    advance(world);
    match request.action {
        "CreateStack" => stacks::create(world, request),
        "UpdateStack" => stacks::update(world, request),
        "DeleteStack" => stacks::delete(world, request),
        "UpdateTerminationProtection" => stacks::protect(world, request),
        "SetStackPolicy" => stacks::set_policy(world, request),
        "GetStackPolicy" => stacks::get_policy(world, request),
        "CancelUpdateStack" => recover::cancel(world, request),
        "ContinueUpdateRollback" => recover::continue_rollback(world, request),
        "RollbackStack" => recover::roll_back(world, request),
        "DescribeStacks" => describe::stacks(world, request),
        "ListStacks" => describe::list(world, request),
        "DescribeStackResources" => describe::resources(world, request),
        "DescribeStackResource" => describe::resource(world, request),
        "ListStackResources" => describe::list_resources(world, request),
        "ListExports" => describe::exports(world, request),
        "ListImports" => describe::imports(world, request),
        "DescribeStackEvents" => events::stack_events(world, request),
        "DescribeEvents" => events::operation_events(world, request),
        "GetTemplate" => template_calls::get(world, request),
        "GetTemplateSummary" => template_calls::summary(world, request),
        "ValidateTemplate" => template_calls::validate(world, request),
        "CreateChangeSet" => change_set_calls::create(world, request),
        "DescribeChangeSet" => change_set_calls::describe(world, request),
        "ListChangeSets" => change_set_calls::list(world, request),
        "ExecuteChangeSet" => change_set_execute::execute(world, request),
        "DeleteChangeSet" => change_set_calls::delete(world, request),
        "DetectStackDrift" => drift::detect(world, request),
        "DetectStackResourceDrift" => drift::detect_resource(world, request),
        "DescribeStackDriftDetectionStatus" => drift::status(world, request),
        "DescribeStackResourceDrifts" => drift::resources(world, request),
        "DescribeAccountLimits" => registry::limits(),
        "DescribeType" => registry::describe_type(world, request),
        _ => stack_set_calls::handle(world, request),
    }
}
