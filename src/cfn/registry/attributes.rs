//! What `Fn::GetAtt` offers.

use serde_json::Value;

use super::ResourceSchema;

/// Types for which `Fn::GetAtt` also offers the properties that a template sets (cfn-lint 1.51, `schema/_getatts.py`).
const OFFER_EVERY_PROPERTY: &[&str] = &[
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::Backup::BackupSelection",
    "AWS::Backup::BackupVault",
    "AWS::EC2::Instance",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::EFS::MountTarget",
    "AWS::EKS::Nodegroup",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::Events::EventBus",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBParameterGroup",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SSM::Parameter",
];

pub(super) fn has(schema: &ResourceSchema, attribute: &str) -> bool {
    match schema.type_name() {
        // Whatever the provider of the custom resource returns.
        "AWS::CloudFormation::CustomResource" => !attribute.is_empty(),
        "AWS::CloudFormation::Stack" => attribute.strip_prefix("Outputs.").is_some_and(|output| !output.is_empty()),
        type_name => {
            schema.read_only().iter().any(|path| offers(schema, path.as_str(), attribute))
                || (OFFER_EVERY_PROPERTY.contains(&type_name)
                    && schema.properties().is_some_and(|all| all.keys().any(|own| offers(schema, own, attribute))))
        }
    }
}

/// Whether a read-only path offers an attribute: itself, or a value inside it when it is an object.
fn offers(schema: &ResourceSchema, own: &str, attribute: &str) -> bool {
    if own == attribute {
        return true;
    }
    let below = attribute.strip_prefix(own).is_some_and(|rest| rest.starts_with('.'));
    below && schema.property_schema(&attribute.split('.').collect::<Vec<_>>()).is_some_and(|node| !is_list(node))
}

fn is_list(node: &Value) -> bool {
    node.get("type").and_then(Value::as_str) == Some("array")
}

pub(super) fn names(schema: &ResourceSchema) -> Vec<&str> {
    let mut names: Vec<&str> =
        schema.read_only().iter().map(|path| path.as_str()).filter(|name| !name.contains('*')).collect();
    if OFFER_EVERY_PROPERTY.contains(&schema.type_name()) {
        names.extend(schema.properties().into_iter().flat_map(|all| all.keys().map(String::as_str)));
    }
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::super::Registry;

    fn has(type_name: &str, attribute: &str) -> bool {
        Registry::builtin().get(type_name).unwrap().has_attribute(attribute)
    }

    #[test]
    fn a_nested_attribute_is_dotted() {
        assert!(has("AWS::RDS::DBCluster", "Endpoint.Address"));
        assert!(!has("AWS::RDS::DBCluster", "Endpoint.Adress"));
    }

    #[test]
    fn a_property_that_is_set_is_no_attribute() {
        assert!(!has("AWS::IAM::Role", "Description"));
    }

    #[test]
    fn a_vpc_also_offers_what_was_set() {
        assert!(has("AWS::EC2::VPC", "CidrBlock"));
    }

    #[test]
    fn a_nested_stack_offers_its_outputs_only() {
        assert!(has("AWS::CloudFormation::Stack", "Outputs.Anything"));
        assert!(!has("AWS::CloudFormation::Stack", "Anything"));
    }

    #[test]
    fn a_custom_resource_offers_anything() {
        assert!(has("Custom::Thing", "Anything.At.All"));
    }
}
