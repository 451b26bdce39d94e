//! How much a difference matters.

use super::report::{Kind, Level};

/// Types about who may do or reach what, in both engines' names.
const GUARDS: [&str; 18] = [
    "AWS::IAM::",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::ClientVpnAuthorizationRule",
    "AWS::KMS::",
    "AWS::WAFv2::",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::CloudFormation::StackSet",
    "aws_iam_",
    "aws_security_group",
    "aws_vpc_security_group",
    "aws_ec2_client_vpn_authorization_rule",
    "aws_kms_",
    "aws_wafv2_",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_lb_listener",
];

/// Words in properties about the same, about encryption, and about what keeps data, in lower case.
const GUARDING: [&str; 14] = [
    "policy",
    "cidr",
    "encrypt",
    "protection",
    "securitygroup",
    "security_group",
    "publicaccess",
    "kms",
    "certificate",
    "backup",
    "image",
    "trust",
    "authoriz",
    "listeners",
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
    let guards = GUARDS.iter().any(|guard| resource_type.starts_with(guard));
    let guarding = path.iter().any(|part| GUARDING.iter().any(|word| part.to_lowercase().contains(word)));
    if guards || guarding { Level::High } else { Level::Medium }
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
        assert_eq!(of("aws_vpc_security_group_ingress_rule", "cidr_ipv4"), Level::High);
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
