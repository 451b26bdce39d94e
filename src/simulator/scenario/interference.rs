//! What a scenario does to calls.

use std::time::Duration;

use super::super::request::{Fault as Refusal, Request};
use super::super::world::World;
use super::selector::Occasion;

/// What a scenario does to a call before its handler sees it.
#[derive(Debug, Clone, PartialEq)]
pub enum Interference {
    /// The call is refused.
    Refuse(Refusal),
    /// The call is answered after this time.
    Delay(Duration),
    /// The connection is closed.
    Drop,
}

/// Asks the world's scenario about a call, before its handler runs. `service` is the signature's name for it.
pub fn interfere(world: &mut World, service: &str, request: &Request<'_>) -> Option<Interference> {
    if world.scenario.faults.is_empty() {
        return None;
    }
    let stack = request.text("StackName");
    let stack = stack.as_deref().map(|name| name.split('/').nth(1).unwrap_or(name));
    let role = request.text("RoleArn");
    let type_name = request.text("TypeName");
    let occasion = Occasion {
        role: role.as_deref(),
        type_name: type_name.as_deref(),
        ..Occasion::of_call(request, service, stack)
    };
    let before = world.scenario.uses();
    let scenario = &mut world.scenario;
    let result = if scenario.take(&occasion, |entry| entry.drop_connection.as_ref()).is_some() {
        Some(Interference::Drop)
    } else if scenario.take(&occasion, |entry| entry.expire_credentials.as_ref()).is_some() {
        let text = "The security token included in the request is expired";
        Some(Interference::Refuse(Refusal::new("ExpiredToken", text).with_status(403)))
    } else if scenario.take(&occasion, |entry| entry.throttle.as_ref()).is_some() {
        Some(Interference::Refuse(Refusal::new("Throttling", "Rate exceeded")))
    } else if let Some(error) = scenario.take(&occasion, |entry| entry.server_error.as_ref()) {
        let code = if error.status == 503 { "ServiceUnavailable" } else { "InternalFailure" };
        Some(Interference::Refuse(
            Refusal::new(code, "The request processing has failed because of an unknown error, exception or failure.")
                .with_status(error.status),
        ))
    } else if let Some(refuse) = scenario.take(&occasion, |entry| entry.refuse.as_ref()) {
        Some(Interference::Refuse(Refusal::new(refuse.code, refuse.message).with_status(refuse.status)))
    } else {
        scenario
            .take(&occasion, |entry| entry.delay.as_ref())
            .map(|delay| Interference::Delay(Duration::from_millis(delay.milliseconds)))
    };
    // What lasts leaves nothing to be saved.
    if world.scenario.uses() != before {
        world.touch();
    }
    result
}
