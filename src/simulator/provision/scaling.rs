//! Scaling policies, which take from their target what it scales.

use serde_json::{Map, Value};

/// The type of a policy.
const POLICY: &str = "AWS::ApplicationAutoScaling::ScalingPolicy";
/// The target in one, and its parts in their order.
const TARGET: &str = "ScalingTargetId";
const PARTS: [&str; 3] = ["ResourceId", "ScalableDimension", "ServiceNamespace"];

/// Fills in what a policy's target says: `ScalingTargetId` is its resource, dimension and namespace in one.
pub(super) fn complete(type_name: &str, properties: &mut Map<String, Value>) {
    let Some(target) = target(type_name, properties) else { return };
    for (name, value) in PARTS.into_iter().zip(target.split('|')) {
        properties.entry(name).or_insert_with(|| Value::from(value));
    }
}

/// Takes the resource out again, once the policy has its ARN: a policy names its target or its resource, not both.
pub(super) fn settle(type_name: &str, properties: &mut Map<String, Value>) {
    if target(type_name, properties).is_some() {
        properties.shift_remove("ResourceId");
    }
}

fn target(type_name: &str, properties: &Map<String, Value>) -> Option<String> {
    let target = properties.get(TARGET).filter(|_| type_name == POLICY);
    target.and_then(Value::as_str).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_policy_has_the_dimension_of_its_target() {
        let mut policy = json!({"ScalingTargetId": "service/a/b|ecs:service:DesiredCount|ecs"});
        let properties = policy.as_object_mut().unwrap();
        complete(POLICY, properties);
        assert_eq!(properties["ResourceId"], "service/a/b");
        settle(POLICY, properties);
        assert_eq!(
            (properties.get("ResourceId"), &properties["ScalableDimension"]),
            (None, &json!("ecs:service:DesiredCount"))
        );
    }

    #[test]
    fn a_policy_that_names_its_resource_keeps_it() {
        let mut policy = json!({"ResourceId": "service/a/b", "ScalableDimension": "ecs:service:DesiredCount"});
        let properties = policy.as_object_mut().unwrap();
        complete(POLICY, properties);
        settle(POLICY, properties);
        assert_eq!(properties["ResourceId"], "service/a/b");
    }
}
