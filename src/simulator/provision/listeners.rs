//! What Elastic Load Balancing allows once only: a listener on a port, a rule of a priority, the load balancer of a target
//! group. <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html>,
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html>

use serde_json::Value;

use super::rules::mentions;
use super::{Failure, Place};
use crate::simulator::resource::Resource;
use crate::simulator::world::World;

pub(super) const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
pub(super) const RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";

/// Checks a new listener.
pub(super) fn listener(world: &World, place: Place<'_>, properties: &Value) -> Result<(), Failure> {
    let of = |properties: &Value| (properties.get("LoadBalancerArn").cloned(), properties.get("Port").cloned());
    let mut others = world.resources_of(place.account, place.region, LISTENER);
    if others.any(|other| of(&other.properties) == of(properties)) {
        let balancer = properties.get("LoadBalancerArn").and_then(Value::as_str).unwrap_or_default();
        let message = format!("A listener already exists on this port for this load balancer '{balancer}'");
        return Err(refused("AlreadyExists", &message, "DuplicateListener"));
    }
    actions(world, place, None, properties)
}

/// Checks a new rule.
pub(super) fn rule(world: &World, place: Place<'_>, properties: &Value) -> Result<(), Failure> {
    let of = |properties: &Value| (properties.get("ListenerArn").cloned(), properties.get("Priority").cloned());
    let mut others = world.resources_of(place.account, place.region, RULE);
    if others.any(|other| of(&other.properties) == of(properties)) {
        let priority = properties.get("Priority").unwrap_or(&Value::Null);
        return Err(refused("AlreadyExists", &format!("Priority '{priority}' is currently in use"), "PriorityInUse"));
    }
    actions(world, place, None, properties)
}

/// Checks where a listener or a rule forwards to: a target group belongs to one load balancer. `current` is the resource
/// that is changed.
pub(super) fn actions(
    world: &World,
    place: Place<'_>,
    current: Option<&Resource>,
    properties: &Value,
) -> Result<(), Failure> {
    let Some(own) = balancer(world, place, properties) else { return Ok(()) };
    let users = || [LISTENER, RULE].into_iter().flat_map(|kind| world.resources_of(place.account, place.region, kind));
    for group in world.resources_of(place.account, place.region, "AWS::ElasticLoadBalancingV2::TargetGroup") {
        let arn = &group.physical_id;
        let elsewhere = || {
            users()
                .filter(|user| current.is_none_or(|current| current.physical_id != user.physical_id))
                .filter(|user| mentions(&user.properties, arn))
                .any(|user| balancer(world, place, &user.properties).is_some_and(|other| other != own))
        };
        if mentions(properties, arn) && elsewhere() {
            let message =
                format!("The following target groups cannot be associated with more than one load balancer: {arn}");
            return Err(refused("InvalidRequest", &message, "TargetGroupAssociationLimit"));
        }
    }
    Ok(())
}

/// The load balancer of a listener, or of the listener of a rule.
fn balancer(world: &World, place: Place<'_>, properties: &Value) -> Option<String> {
    if let Some(own) = properties.get("LoadBalancerArn").and_then(Value::as_str) {
        return Some(own.to_owned());
    }
    let listener = properties.get("ListenerArn").and_then(Value::as_str)?;
    let listener = world.resource(place.account, place.region, LISTENER, listener)?;
    listener.text("LoadBalancerArn").map(str::to_owned)
}

fn refused(code: &'static str, message: &str, service_code: &str) -> Failure {
    Failure::new(
        code,
        format!("{message} (Service: ElasticLoadBalancingV2, Status Code: 400, Error Code: {service_code})"),
    )
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::simulator::clock::{Clock, Pace};

    const PLACE: Place<'static> = Place { account: "111111111111", region: "us-east-1" };
    const GROUP: &str = "arn:aws:elasticloadbalancing:us-east-1:111111111111:targetgroup/g/1";

    /// Accounts in which the load balancer `one` forwards to [`GROUP`].
    fn world() -> World {
        let mut world = World::new(1, Clock::new(Pace::Fast));
        let mut add = |type_name: &str, id: &str, properties: Value| {
            let resource = Resource::new(type_name, id, properties, Timestamp::UNIX_EPOCH);
            world.put(PLACE.account, PLACE.region, resource);
        };
        add("AWS::ElasticLoadBalancingV2::TargetGroup", GROUP, json!({}));
        add(LISTENER, "listener", forward("one", 443));
        add(RULE, "rule", json!({"ListenerArn": "listener", "Priority": 10}));
        world
    }

    fn forward(balancer: &str, port: u16) -> Value {
        let action = json!({"Type": "forward", "TargetGroupArn": GROUP});
        json!({"LoadBalancerArn": balancer, "Port": port, "DefaultActions": [action]})
    }

    fn reason(result: Result<(), Failure>) -> String {
        result.map_or_else(|failure| failure.message, |()| "allowed".to_owned())
    }

    #[test]
    fn a_port_of_a_load_balancer_has_one_listener() {
        assert!(reason(listener(&world(), PLACE, &forward("one", 443))).contains("DuplicateListener"));
        assert_eq!(reason(listener(&world(), PLACE, &forward("one", 80))), "allowed");
    }

    #[test]
    fn a_target_group_has_one_load_balancer() {
        assert!(reason(listener(&world(), PLACE, &forward("two", 443))).contains("TargetGroupAssociationLimit"));
    }

    #[test]
    fn a_priority_of_a_listener_has_one_rule() {
        let new = |priority: u32| json!({"ListenerArn": "listener", "Priority": priority});
        assert!(reason(rule(&world(), PLACE, &new(10))).contains("Priority '10' is currently in use"));
        assert_eq!(reason(rule(&world(), PLACE, &new(20))), "allowed");
    }
}
