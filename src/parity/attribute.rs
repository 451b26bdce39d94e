//! One name for what `Ref` and `Fn::GetAtt` give in CloudFormation and attributes are in Terraform.

use crate::render::snake;

/// What `Ref` gives where it is no id of its own, by type.
const REFERENCE: &[(&str, &str)] = &[
    ("AWS::CertificateManager::Certificate", "arn"),
    ("AWS::CloudWatch::Alarm", "name"),
    ("AWS::ECR::Repository", "name"),
    ("AWS::ECS::Cluster", "name"),
    ("AWS::ECS::Service", "arn"),
    ("AWS::ECS::TaskDefinition", "arn"),
    ("AWS::ElastiCache::ParameterGroup", "name"),
    ("AWS::ElastiCache::SubnetGroup", "name"),
    ("AWS::ElastiCache::ServerlessCache", "name"),
    ("AWS::ElasticLoadBalancingV2::Listener", "arn"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "arn"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "arn"),
    ("AWS::IAM::InstanceProfile", "name"),
    ("AWS::IAM::ManagedPolicy", "arn"),
    ("AWS::IAM::Role", "name"),
    ("AWS::Logs::LogGroup", "name"),
    ("AWS::RDS::DBClusterParameterGroup", "name"),
    ("AWS::RDS::DBSubnetGroup", "name"),
    ("AWS::S3::Bucket", "name"),
    ("AWS::SNS::Topic", "arn"),
    ("AWS::SecretsManager::Secret", "arn"),
];

/// Properties that `Ref` gives back, where one engine writes the value and the other refers to it.
const GIVEN_BACK: &[(&str, &str)] = &[("AWS::ElastiCache::UserGroup", "UserGroupId")];

/// Arguments that the provider gives back as they are, where one engine refers to what the other writes.
const ECHOED: &[(&str, &str)] = &[("aws_ec2_client_vpn_network_association", "subnet_id")];

/// Attributes with another name in Terraform.
const ATTRIBUTE: &[(&str, &str)] = &[
    ("allocation_id", "id"),
    ("association_id", "id"),
    ("canonical_hosted_zone_id", "zone_id"),
    ("certificate_arn", "arn"),
    ("db_cluster_resource_id", "cluster_resource_id"),
    ("endpoint_address", "endpoint"),
    ("endpoint_port", "port"),
    ("group_id", "id"),
    ("internet_gateway_id", "id"),
    ("key_id", "id"),
    ("latest_version", "latest_version_number"),
    ("load_balancer_full_name", "arn_suffix"),
    ("primary_end_point_address", "primary_endpoint_address"),
    ("primary_end_point_port", "port"),
    ("configuration_end_point_address", "configuration_endpoint_address"),
    ("configuration_end_point_port", "port"),
    ("repository_uri", "repository_url"),
    ("target_group_full_name", "arn_suffix"),
    ("topic_arn", "arn"),
];

/// The shared name of an attribute of a resource, by its CloudFormation type: `id`, `arn`, `endpoint`. `Ref` is what
/// `Ref` gives.
pub(super) fn of_cloudformation(type_name: &str, attribute: &str) -> String {
    if attribute == "Ref" {
        return reference(type_name).to_owned();
    }
    shared(&snake(&attribute.replace('.', "_")))
}

/// The shared name of an attribute of a resource, by the type that the same node has in CloudFormation.
pub(super) fn of_terraform(type_name: &str, terraform_type: &str, attribute: &str) -> String {
    let plain = attribute.replace("[0]", "").replace('.', "_");
    match (terraform_type, plain.as_str()) {
        // The provider's id is something else than what `Ref` gives.
        ("aws_ecs_cluster", "id") => "arn".to_owned(),
        ("aws_secretsmanager_secret", "id") => "arn".to_owned(),
        (_, "id") => reference(type_name).to_owned(),
        (_, plain) => shared(plain),
    }
}

/// The property whose value `Ref` gives back.
pub(super) fn given_back(type_name: &str) -> Option<&'static str> {
    GIVEN_BACK.iter().find(|(name, _)| *name == type_name).map(|(_, property)| *property)
}

/// Whether an attribute is the argument of the same name.
pub(super) fn is_echoed(terraform_type: &str, attribute: &str) -> bool {
    ECHOED.contains(&(terraform_type, attribute))
}

fn reference(type_name: &str) -> &'static str {
    REFERENCE.iter().find(|(name, _)| *name == type_name).map_or("id", |(_, attribute)| attribute)
}

fn shared(name: &str) -> String {
    ATTRIBUTE.iter().find(|(own, _)| *own == name).map_or(name, |(_, shared)| shared).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_one_name_in_both_engines() {
        let group = "AWS::ElasticLoadBalancingV2::TargetGroup";
        assert_eq!(of_cloudformation(group, "Ref"), of_terraform(group, "aws_lb_target_group", "arn"));
        assert_eq!(
            of_cloudformation(group, "TargetGroupFullName"),
            of_terraform(group, "aws_lb_target_group", "arn_suffix")
        );
    }

    #[test]
    fn an_id_in_terraform_is_what_ref_gives() {
        assert_eq!(of_terraform("AWS::S3::Bucket", "aws_s3_bucket", "id"), "name");
        assert_eq!(of_terraform("AWS::EC2::VPC", "aws_vpc", "id"), of_cloudformation("AWS::EC2::VPC", "Ref"));
    }

    #[test]
    fn the_first_of_a_computed_list_is_an_attribute_of_its_own() {
        let cluster = "AWS::RDS::DBCluster";
        assert_eq!(
            of_terraform(cluster, "aws_rds_cluster", "master_user_secret[0].secret_arn"),
            of_cloudformation(cluster, "MasterUserSecret.SecretArn")
        );
    }
}
