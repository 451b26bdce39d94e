//! Hooks, which look at a resource before it is made or changed.

use jiff::Timestamp;

use super::super::state::{HookResult, Operation, Stack};
use super::resource_event;
use super::task::occasion;
use crate::simulator::world::World;

/// Asks the scenario whether a hook refuses a resource, and says so in its events. Returns why the resource fails then.
pub(super) fn refused(
    world: &mut World,
    stack: &mut Stack,
    operation: &Operation,
    index: usize,
    at: Timestamp,
) -> Option<String> {
    let task = &operation.tasks[index];
    let hook = world.scenario.hook(&occasion(stack, operation, index))?;
    let resource = stack.resources.get(&task.logical_id)?;
    let (status, physical) = (resource.status.clone(), resource.physical_id.clone());
    let told = [("HOOK_IN_PROGRESS", "Invoking hook"), ("HOOK_COMPLETE_FAILED", hook.reason.as_str())];
    for (hook_status, reason) in told {
        resource_event(stack, operation, &task.logical_id, &task.type_name, physical.clone(), &status, None, None, at);
        if let Some(event) = stack.events.last_mut() {
            event.hook = Some(HookResult {
                name: hook.name.clone(),
                status: hook_status.to_owned(),
                reason: reason.to_owned(),
                mode: if hook.warn { "WARN" } else { "FAIL" }.to_owned(),
            });
        }
    }
    (!hook.warn).then(|| format!("The following hook(s) failed: [{}]", hook.name))
}
