//! The quotas that are looked at.

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Resources of a type.
    Resource(&'static str),
    /// vCPUs of Fargate.
    Fargate {
        /// On Fargate Spot.
        spot: bool,
    },
    /// CloudFormation stacks.
    Stack,
}

/// A quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quota {
    /// Service code.
    pub service: &'static str,
    /// Quota code, as AWS's General Reference has it.
    pub code: &'static str,
    /// What is counted, in words.
    pub noun: &'static str,
    /// What is counted.
    pub unit: Unit,
}

const fn resource(service: &'static str, code: &'static str, noun: &'static str, type_name: &'static str) -> Quota {
    Quota { service, code, noun, unit: Unit::Resource(type_name) }
}

/// Those that accounts of a normal size meet, each with a low default or a low value in new accounts.
/// <https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html>
pub(super) const QUOTAS: &[Quota] = &[
    resource("ec2", "L-0263D0A3", "Elastic IP addresses", "AWS::EC2::EIP"),
    resource("vpc", "L-F678F1CE", "VPCs", "AWS::EC2::VPC"),
    resource("vpc", "L-A4707A72", "internet gateways", "AWS::EC2::InternetGateway"),
    resource("ec2", "L-8EA77D34", "Client VPN endpoints", "AWS::EC2::ClientVpnEndpoint"),
    resource("elasticloadbalancing", "L-53DA6B97", "load balancers", "AWS::ElasticLoadBalancingV2::LoadBalancer"),
    resource("rds", "L-952B80B8", "DB clusters", "AWS::RDS::DBCluster"),
    resource("rds", "L-7B6409FD", "DB instances", "AWS::RDS::DBInstance"),
    Quota { service: "fargate", code: "L-3032A538", noun: "vCPUs of Fargate", unit: Unit::Fargate { spot: false } },
    Quota { service: "fargate", code: "L-36FBB829", noun: "vCPUs of Fargate Spot", unit: Unit::Fargate { spot: true } },
    Quota { service: "cloudformation", code: "L-0485CB21", noun: "stacks", unit: Unit::Stack },
];
