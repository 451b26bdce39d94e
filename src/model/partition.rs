//! Where things are: account, region and partition, and the ARNs and names that follow from them.

use schemars::JsonSchema;
use serde::Serialize;

use crate::spec::types::Region;

/// An account and region, with what follows from the region's partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Place {
    /// Account id.
    pub account: String,
    /// Region code.
    pub region: String,
    /// `aws`, `aws-us-gov`, `aws-cn` ...
    pub partition: &'static str,
    /// Suffix of service host names: `amazonaws.com`.
    pub dns_suffix: &'static str,
}

impl Place {
    /// The place of an account in a region.
    pub fn new(account: &str, region: &Region) -> Self {
        Self {
            account: account.to_owned(),
            region: region.0.clone(),
            partition: region.partition(),
            dns_suffix: region.dns_suffix(),
        }
    }

    /// ARN of a regional resource of this account.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition, self.region, self.account)
    }

    /// ARN of a global resource of this account, such as an IAM role.
    pub fn global_arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}::{}:{resource}", self.partition, self.account)
    }

    /// ARN of a role of this account.
    pub fn role_arn(&self, name: &str) -> String {
        self.global_arn("iam", &format!("role/{name}"))
    }

    /// Full name of the VPC endpoint service of an AWS service, such as `com.amazonaws.us-east-1.ecr.api`.
    pub fn endpoint_service(&self, service: &str) -> String {
        // AWS China publishes most of its endpoint services under a prefix of its own.
        // https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-Beijing.html
        const PLAIN_IN_CHINA: [&str; 4] = ["s3", "dynamodb", "logs", "secretsmanager"];
        let ssm = matches!(service, "ssm" | "ssmmessages" | "ec2messages");
        if self.partition == "aws-cn" && !ssm && !PLAIN_IN_CHINA.contains(&service) {
            format!("cn.com.amazonaws.{}.{service}", self.region)
        } else {
            format!("com.amazonaws.{}.{service}", self.region)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(region: &str) -> Place {
        Place::new("111122223333", &Region::from(region))
    }

    #[test]
    fn an_arn_carries_the_partition_of_its_region() {
        assert_eq!(place("us-gov-west-1").arn("kms", "key/1"), "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/1");
        assert_eq!(place("eu-central-1").arn("kms", "key/1"), "arn:aws:kms:eu-central-1:111122223333:key/1");
    }

    #[test]
    fn a_role_has_no_region() {
        assert_eq!(place("cn-north-1").role_arn("x-task"), "arn:aws-cn:iam::111122223333:role/x-task");
    }

    #[test]
    fn an_endpoint_service_is_named_after_its_region() {
        assert_eq!(place("eu-west-1").endpoint_service("ecr.api"), "com.amazonaws.eu-west-1.ecr.api");
        assert_eq!(place("cn-north-1").endpoint_service("ecr.api"), "cn.com.amazonaws.cn-north-1.ecr.api");
    }
}
