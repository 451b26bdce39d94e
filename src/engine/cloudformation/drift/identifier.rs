//! The identifier of a resource for the Cloud Control API.

use serde_json::Value;

use crate::cfn::evaluate::is_known;
use crate::cfn::registry::ResourceSchema;

/// The identifier of a resource: what CloudFormation calls it, or for a type with several parts each of them, as the
/// template declares it, with CloudFormation's name for the part that AWS gives. `None` when a part is not known.
pub(super) fn identifier(schema: &ResourceSchema, physical_id: &str, declared: &Value) -> Option<String> {
    let parts = schema.primary_identifier();
    if parts.len() < 2 || physical_id.split('|').count() == parts.len() {
        return Some(physical_id.to_owned());
    }
    let is_given = |path: &str| schema.read_only().iter().any(|read_only| read_only.as_str() == path);
    // With more than one part that AWS gives, nothing says which one CloudFormation's name is.
    if parts.iter().filter(|path| is_given(path.as_str())).count() > 1 {
        return None;
    }
    let values: Option<Vec<String>> = parts
        .iter()
        .map(|path| {
            if is_given(path.as_str()) {
                return Some(physical_id.to_owned());
            }
            let value = path.segments().iter().try_fold(declared, |value, part| value.get(part));
            let of_target = target_part(declared, path.as_str());
            match value.or(of_target.as_ref())? {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                value if is_known(value) => None,
                _ => None,
            }
        })
        .collect();
    values.map(|values| values.join("|"))
}

/// A part of the identifier of a scaling policy that its target says: `ResourceId|ScalableDimension|ServiceNamespace`.
fn target_part(declared: &Value, part: &str) -> Option<Value> {
    let position = ["ResourceId", "ScalableDimension", "ServiceNamespace"].iter().position(|name| *name == part)?;
    let target = declared.get("ScalingTargetId")?.as_str()?;
    target.split('|').nth(position).map(Value::from)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cfn::registry::Registry;

    fn of(type_name: &str, physical_id: &str, declared: Value) -> Option<String> {
        identifier(Registry::builtin().get(type_name).unwrap(), physical_id, &declared)
    }

    #[test]
    fn one_part_is_what_cloudformation_calls_it() {
        assert_eq!(of("AWS::EC2::VPC", "vpc-1", json!({})).as_deref(), Some("vpc-1"));
    }

    #[test]
    fn a_part_that_aws_gives_is_cloudformations_name_and_the_others_are_declared() {
        let found = of("AWS::ECS::Service", "arn:aws:ecs:x:service/a/b", json!({"Cluster": "a"}));
        assert_eq!(found.as_deref(), Some("arn:aws:ecs:x:service/a/b|a"));
    }

    #[test]
    fn parts_that_cloudformation_joins_are_taken_as_they_are() {
        let web_acl = "acme|1234|REGIONAL";
        assert_eq!(of("AWS::WAFv2::WebACL", web_acl, json!({})).as_deref(), Some(web_acl));
    }

    #[test]
    fn the_dimension_of_a_scaling_policy_is_its_targets() {
        let arn = "arn:aws:autoscaling:us-east-1:111122223333:scalingPolicy:1:resource/ecs/service/a/b:policyName/cpu";
        let target = json!({"ScalingTargetId": "service/a/b|ecs:service:DesiredCount|ecs"});
        let found = of("AWS::ApplicationAutoScaling::ScalingPolicy", arn, target);
        assert_eq!(found, Some(format!("{arn}|ecs:service:DesiredCount")));
    }

    #[test]
    fn an_unknown_part_leaves_the_identifier_unknown() {
        assert_eq!(of("AWS::ECS::Service", "arn", json!({"Cluster": {"Ref": "Other"}})), None);
    }
}
