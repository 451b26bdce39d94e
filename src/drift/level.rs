//! How much a difference matters.

use super::finding::{Kind, Level};

/// A stack as a whole.
const STACK: &str = "AWS::CloudFormation::Stack";

/// Types about who may do or reach what, in both engines' names.
const GUARDS: [&str; 25] = [
    "AWS::IAM::",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::ClientVpnAuthorizationRule",
    "AWS::EC2::ClientVpnRoute",
    "AWS::EC2::Route",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::KMS::",
    "AWS::WAFv2::",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::CloudFormation::StackSet",
    "AWS::ElastiCache::User",
    "aws_iam_",
    "aws_security_group",
    "aws_vpc_security_group",
    "aws_ec2_client_vpn_authorization_rule",
    "aws_ec2_client_vpn_route",
    "aws_route",
    "aws_kms_",
    "aws_wafv2_",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_lb_listener",
    "aws_elasticache_user",
];

/// Words in properties about the same, about encryption, and about what keeps data, in lower case and without underscores.
const GUARDING: [&str; 19] = [
    "policy",
    "cidr",
    "encrypt",
    "ssl",
    "protection",
    "securitygroup",
    "public",
    "executecommand",
    "rolearn",
    "iamauth",
    "iamdatabaseauth",
    "kms",
    "certificate",
    "backup",
    "image",
    "trust",
    "authoriz",
    "listeners",
    "versioning",
];

/// How much a difference of that type and property matters.
pub fn level(resource_type: &str, kind: Kind, path: &[String]) -> Level {
    let first = path.first().map(|name| name.to_lowercase()).unwrap_or_default();
    if kind == Kind::Deleted {
        return Level::High;
    }
    if ["tags", "tags_all", "tagspecifications", "tag_specifications", "description"]
        .iter()
        .any(|end| first.ends_with(end))
    {
        return Level::Low;
    }
    // Another template or other parameters may let anything in.
    let is_stack = resource_type == STACK && kind == Kind::Changed;
    let guards = GUARDS.iter().any(|guard| resource_type.starts_with(guard));
    let in_words = |part: &String| part.to_lowercase().replace('_', "");
    let guarding = path.iter().map(in_words).any(|part| GUARDING.iter().any(|word| part.contains(word)));
    if is_stack || guards || guarding { Level::High } else { Level::Medium }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(resource_type: &str, path: &str) -> Level {
        level(resource_type, Kind::Changed, &[path.to_owned()])
    }

    #[test]
    fn who_may_do_what_matters_most_and_tags_least() {
        assert_eq!(of("AWS::IAM::Role", "AssumeRolePolicyDocument"), Level::High);
        assert_eq!(of("AWS::RDS::DBCluster", "DeletionProtection"), Level::High);
        assert_eq!(of("AWS::Logs::LogGroup", "RetentionInDays"), Level::Medium);
        assert_eq!(of("AWS::IAM::Role", "Tags"), Level::Low);
        assert_eq!(of("AWS::ElastiCache::UserGroup", "UserIds"), Level::High);
        assert_eq!(of("aws_vpc_security_group_ingress_rule", "cidr_ipv4"), Level::High);
    }

    #[test]
    fn what_opens_a_resource_matters_most_in_both_engines() {
        for (resource_type, path) in [
            ("AWS::RDS::DBInstance", "PubliclyAccessible"),
            ("AWS::RDS::DBInstance", "EnableIAMDatabaseAuthentication"),
            ("AWS::RDS::DBClusterParameterGroup", "Parameters.rds.force_ssl"),
            ("AWS::EC2::Subnet", "MapPublicIpOnLaunch"),
            ("AWS::EC2::Route", "GatewayId"),
            ("AWS::EC2::RouteTable", "Routes"),
            ("AWS::EC2::ClientVpnRoute", "TargetVpcSubnetId"),
            ("AWS::ECS::Service", "NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp"),
            ("AWS::ECS::Service", "EnableExecuteCommand"),
            ("AWS::ECS::TaskDefinition", "TaskRoleArn"),
            ("AWS::S3::Bucket", "VersioningConfiguration.Status"),
            ("AWS::S3::Bucket", "PublicAccessBlockConfiguration.BlockPublicAcls"),
            ("AWS::CloudFormation::Stack", "Parameters.LitellmImage"),
            ("aws_db_instance", "publicly_accessible"),
            ("aws_rds_cluster_instance", "publicly_accessible"),
            ("aws_rds_cluster", "iam_database_authentication_enabled"),
            ("aws_rds_cluster_parameter_group", "parameter.rds.force_ssl.value"),
            ("aws_subnet", "map_public_ip_on_launch"),
            ("aws_route", "gateway_id"),
            ("aws_route_table", "route.0.0.0.0/0.gateway_id"),
            ("aws_ec2_client_vpn_route", "target_vpc_subnet_id"),
            ("aws_ecs_service", "network_configuration.0.assign_public_ip"),
            ("aws_ecs_service", "enable_execute_command"),
            ("aws_ecs_task_definition", "task_role_arn"),
            ("aws_s3_bucket_versioning", "versioning_configuration.0.status"),
            ("aws_s3_bucket_public_access_block", "block_public_acls"),
            ("aws_lb", "security_groups"),
        ] {
            let path: Vec<String> = path.split('.').map(ToOwned::to_owned).collect();
            assert_eq!(level(resource_type, Kind::Changed, &path), Level::High, "{resource_type} {path:?}");
        }
    }

    #[test]
    fn how_much_there_is_of_something_matters_less() {
        for (resource_type, path) in [
            ("AWS::ECS::Service", "DesiredCount"),
            ("AWS::ECS::TaskDefinition", "Memory"),
            ("AWS::RDS::DBInstance", "AutoMinorVersionUpgrade"),
            ("AWS::CloudWatch::Alarm", "Threshold"),
            ("aws_ecs_service", "health_check_grace_period_seconds"),
            ("aws_cloudwatch_log_group", "retention_in_days"),
        ] {
            assert_eq!(of(resource_type, path), Level::Medium, "{resource_type} {path}");
        }
    }

    #[test]
    fn tags_of_a_vpn_endpoint_are_tags() {
        let path = ["TagSpecifications", "0", "Tags", "team", "Value"].map(ToOwned::to_owned);
        assert_eq!(level("AWS::EC2::ClientVpnEndpoint", Kind::Changed, &path), Level::Low);
        assert_eq!(of("AWS::EC2::ClientVpnEndpoint", "ServerCertificateArn"), Level::High);
    }

    #[test]
    fn a_way_in_that_somebody_added_matters_most() {
        let added = |resource_type: &str, property: &str| level(resource_type, Kind::Added, &[property.to_owned()]);
        assert_eq!(added("AWS::EC2::ClientVpnEndpoint", "AuthorizationRules"), Level::High);
        assert_eq!(added("AWS::ElasticLoadBalancingV2::LoadBalancer", "Listeners"), Level::High);
        assert_eq!(added("aws_lb", "Listeners"), Level::High);
    }

    #[test]
    fn what_is_gone_matters_most() {
        assert_eq!(level("AWS::Logs::LogGroup", Kind::Deleted, &[]), Level::High);
    }
}
