//! What a service runs: its declared task definition, or an earlier one after the circuit breaker rolled it back.

use serde_json::{Value, json};

use super::super::resource::Resource;
use super::super::world::World;

/// The circuit breaker's work on a service: it stays until the service is given another task definition.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tripped {
    /// The task definition whose tasks did not start.
    pub task_definition: String,
    /// The one that the service went back to; `None` if there was none before.
    pub previous: Option<String>,
    /// How many tasks failed.
    pub failed_tasks: u32,
    /// Why they failed, in ECS's words.
    pub reason: String,
}

/// Lets the circuit breaker of a service trip on the task definition that it declares.
pub fn trip(service: &mut Resource, tripped: &Tripped) {
    if !service.runtime.is_object() {
        service.runtime = json!({});
    }
    if let (Some(runtime), Ok(value)) = (service.runtime.as_object_mut(), serde_json::to_value(tripped)) {
        runtime.insert("tripped".into(), value);
    }
}

/// The circuit breaker's work on the task definition that a service declares now.
pub fn tripped(service: &Resource) -> Option<Tripped> {
    let tripped: Tripped = serde_json::from_value(service.runtime.get("tripped")?.clone()).ok()?;
    (service.text("TaskDefinition") == Some(&tripped.task_definition)).then_some(tripped)
}

/// The task definition that the service's tasks run; `None` if nothing runs.
pub fn running_definition(service: &Resource) -> Option<String> {
    match tripped(service) {
        Some(tripped) => tripped.previous,
        None => service.text("TaskDefinition").map(str::to_owned),
    }
}

/// How many tasks the service is to run; 1 unless it says otherwise, 0 when nothing can run.
pub fn desired_count(service: &Resource) -> i64 {
    match running_definition(service) {
        None => 0,
        Some(_) => service.property("DesiredCount").and_then(Value::as_i64).unwrap_or(1),
    }
}

/// How many failed tasks trip the breaker: half of the desired count, between 3 and 200.
pub fn threshold(service: &Resource) -> u32 {
    let desired = service.property("DesiredCount").and_then(Value::as_u64).unwrap_or(1);
    u32::try_from(desired.div_ceil(2).clamp(3, 200)).unwrap_or(200)
}

/// The number in the names of the deployment of a task definition: the same whenever it is asked for.
pub fn deployment_number(world: &World, service: &Resource, task_definition: &str) -> String {
    let changed = service.updated_at.to_string();
    let digits = world.stable_token(&["deployment", &service.identifier, task_definition, &changed], 15);
    let number = u64::from_str_radix(&digits, 16).unwrap_or_default();
    format!("{number:019}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn service(definition: &str) -> Resource {
        let properties = json!({"TaskDefinition": definition, "DesiredCount": 4});
        Resource::new("AWS::ECS::Service", "s", properties, Timestamp::UNIX_EPOCH)
    }

    fn breaker() -> Tripped {
        Tripped { task_definition: "new".into(), previous: Some("old".into()), failed_tasks: 3, reason: String::new() }
    }

    #[test]
    fn a_service_runs_what_it_declares() {
        assert_eq!(running_definition(&service("new")).as_deref(), Some("new"));
    }

    #[test]
    fn after_the_breaker_it_runs_what_it_ran_before() {
        let mut service = service("new");
        trip(&mut service, &breaker());
        assert_eq!(running_definition(&service).as_deref(), Some("old"));
    }

    #[test]
    fn a_new_task_definition_forgets_the_breaker() {
        let mut service = service("newer");
        trip(&mut service, &breaker());
        assert_eq!(running_definition(&service).as_deref(), Some("newer"));
    }

    #[test]
    fn the_breaker_waits_for_three_failures_at_least() {
        assert_eq!(threshold(&service("new")), 3);
    }
}
