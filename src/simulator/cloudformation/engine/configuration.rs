//! The moment in which everything of a stack is configured, and only waits to be ready.

use jiff::Timestamp;

use super::super::state::{Operation, Phase, Stack, Step};
use super::set_status;
use crate::simulator::world::World;

/// Says of a stack that it is configured, once all its resources are (User Guide: *Understand CloudFormation stack creation
/// events*). A stack of which nothing takes long does not say it: the event is not guaranteed.
pub(super) fn tell(world: &World, stack: &mut Stack, operation: &Operation, at: Timestamp) {
    const CONFIGURED: &str = "CONFIGURATION_COMPLETE";
    let all = operation.tasks.iter().all(|task| matches!(task.step, Step::Settling | Step::Done));
    let mut own = stack.events.iter().filter(|event| event.operation_id == operation.id);
    let told = own.clone().any(|event| event.logical_id == stack.name && event.detailed_status.is_some());
    let any = own.any(|event| event.detailed_status.is_some());
    if operation.phase != Phase::Forward || !all || told || !any {
        return;
    }
    let status = stack.status;
    set_status(world, stack, operation, status, None, at);
    if let Some(event) = stack.events.last_mut() {
        event.detailed_status = Some(CONFIGURED.to_owned());
    }
}
