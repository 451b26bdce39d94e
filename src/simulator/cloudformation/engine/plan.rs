//! The tasks of each phase.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::state::{Operation, Phase, Stack, StackResource, Step, Task, TaskWork};
use crate::simulator::template::{Body, Lookup, dependencies};

fn task(logical_id: &str, type_name: &str, work: TaskWork, at: Timestamp) -> Task {
    Task {
        logical_id: logical_id.to_owned(),
        type_name: type_name.to_owned(),
        work,
        needs: Vec::new(),
        step: Step::Waiting,
        at,
        doomed: None,
    }
}

/// One task per resource of the template whose condition holds, each after those it needs.
pub(in super::super) fn plan_apply(
    body: &Body,
    exists: &dyn Fn(&serde_json::Value) -> bool,
    at: Timestamp,
) -> Vec<Task> {
    let needs = dependencies(body);
    let mut tasks: Vec<Task> = body
        .resources()
        .filter(|(_, resource)| exists(resource))
        .map(|(id, resource)| {
            let type_name = resource.get("Type").and_then(serde_json::Value::as_str).unwrap_or_default();
            task(id, type_name, TaskWork::Apply, at)
        })
        .collect();
    let index: BTreeMap<String, usize> =
        tasks.iter().enumerate().map(|(index, task)| (task.logical_id.clone(), index)).collect();
    for task in &mut tasks {
        task.needs =
            needs.get(&task.logical_id).into_iter().flatten().filter_map(|need| index.get(need).copied()).collect();
    }
    tasks
}

/// Deletes resources, each after those that need it.
pub(in super::super) fn plan_delete(resources: Vec<StackResource>, at: Timestamp) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    for resource in &resources {
        tasks.push(task(&resource.logical_id, &resource.type_name, TaskWork::Delete(Box::new(resource.clone())), at));
    }
    for (index, task) in tasks.iter_mut().enumerate() {
        task.needs = resources
            .iter()
            .enumerate()
            .filter(|(other, resource)| {
                // A resource may have an old and a new form; they do not wait for each other.
                *other != index && resource.logical_id != task.logical_id && resource.needs.contains(&task.logical_id)
            })
            .map(|(other, _)| other)
            .collect();
    }
    tasks
}

/// Returns what an update has touched to the stable state, each after those it needs there.
pub(in super::super) fn plan_revert(stack: &Stack, at: Timestamp) -> Vec<Task> {
    let Some(before) = &stack.before else { return Vec::new() };
    let mut tasks: Vec<Task> = before
        .resources
        .values()
        .filter(|stable| {
            stack.resources.get(&stable.logical_id).is_none_or(|current| {
                current.physical_id != stable.physical_id
                    || current.declared != stable.declared
                    || current.tags != stable.tags
                    || current.status.ends_with("_FAILED")
            })
        })
        .map(|stable| task(&stable.logical_id, &stable.type_name, TaskWork::Revert, at))
        .collect();
    let index: BTreeMap<String, usize> =
        tasks.iter().enumerate().map(|(index, task)| (task.logical_id.clone(), index)).collect();
    for task in &mut tasks {
        let needs = before.resources.get(&task.logical_id).map(|resource| resource.needs.clone()).unwrap_or_default();
        task.needs = needs.iter().filter_map(|need| index.get(need).copied()).collect();
    }
    tasks
}

/// Turns to the deletion of what an update left over.
pub(in super::super) fn begin_clean_up(stack: &mut Stack, operation: &mut Operation, phase: Phase, at: Timestamp) {
    operation.phase = phase;
    operation.tasks = plan_delete(std::mem::take(&mut stack.leftovers), at);
    operation.wake = at;
}

/// A lookup without anything: conditions refer to parameters and pseudo parameters only.
pub(in super::super) struct Nothing;

impl Lookup for Nothing {
    fn reference(&self, _: &str) -> Option<serde_json::Value> {
        None
    }
    fn attribute(&self, _: &str, _: &str) -> Option<serde_json::Value> {
        None
    }
    fn import(&self, _: &str) -> Option<String> {
        None
    }
}
