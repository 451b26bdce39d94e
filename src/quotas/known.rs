//! The quotas that a deployment meets. Codes and names are those of the services' pages in the AWS General Reference.
//! <https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html>

/// What is counted against a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Resources of a type.
    Resource(&'static str),
    /// vCPUs of Fargate.
    Fargate {
        /// On Fargate Spot.
        spot: bool,
    },
    /// CloudFormation stacks.
    Stack,
    /// Nothing that could be counted beforehand.
    Unknown,
}

/// A quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    /// Service code of Service Quotas.
    pub service: &'static str,
    /// Code of the quota.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What is counted, in words.
    pub noun: &'static str,
    /// What is counted.
    pub unit: Unit,
    /// Parts of a message or error code by which services say that it is used up; one is enough. `*` stands for anything between
    /// two parts. CloudFormation gives the message without the code; Terraform gives both.
    pub signs: &'static [&'static str],
}

const fn counted(
    service: &'static str,
    code: &'static str,
    name: &'static str,
    noun: &'static str,
    unit: Unit,
) -> Known {
    Known { service, code, name, noun, unit, signs: &[] }
}

const fn known(signs: &'static [&'static str], service: &'static str, code: &'static str, name: &'static str) -> Known {
    Known { service, code, name, noun: name, unit: Unit::Unknown, signs }
}

impl Known {
    /// Length of the longest sign that some words have.
    pub(crate) fn sign_in(&self, words: &str) -> Option<usize> {
        self.signs.iter().filter(|sign| has_sign(words, sign)).map(|sign| sign.len()).max()
    }

    const fn signs(self, signs: &'static [&'static str]) -> Self {
        Self { signs, ..self }
    }
}

/// Whether words have the parts of a sign, one after the other.
fn has_sign(words: &str, sign: &str) -> bool {
    let mut rest = words;
    sign.split('*').all(|part| match rest.split_once(part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

/// First those that accounts of a normal size meet, each with a low default or a low value in new accounts.
#[rustfmt::skip]
pub(crate) const QUOTAS: [Known; 18] = [
    counted("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", "Elastic IP addresses", Unit::Resource("AWS::EC2::EIP"))
        .signs(&["number of addresses has been reached", "AddressLimitExceeded"]),
    counted("vpc", "L-F678F1CE", "VPCs per Region", "VPCs", Unit::Resource("AWS::EC2::VPC"))
        .signs(&["number of VPCs has been reached", "VpcLimitExceeded"]),
    counted("vpc", "L-A4707A72", "Internet gateways per Region", "internet gateways", Unit::Resource("AWS::EC2::InternetGateway"))
        .signs(&["number of internet gateways has been reached", "InternetGatewayLimitExceeded"]),
    counted("ec2", "L-8EA77D34", "Client VPN endpoints per Region", "Client VPN endpoints", Unit::Resource("AWS::EC2::ClientVpnEndpoint"))
        .signs(&["ClientVpnEndpointLimitExceeded", "limit * Client VPN endpoints", "number of Client VPN endpoints * reached"]),
    counted("elasticloadbalancing", "L-53DA6B97", "Application Load Balancers per Region", "load balancers", Unit::Resource("AWS::ElasticLoadBalancingV2::LoadBalancer"))
        .signs(&["TooManyLoadBalancers", "maximum number of load balancers"]),
    counted("rds", "L-952B80B8", "DB clusters", "DB clusters", Unit::Resource("AWS::RDS::DBCluster"))
        .signs(&["DBClusterQuotaExceeded", "DB Cluster quota exceeded", "DBCluster quota exceeded"]),
    counted("rds", "L-7B6409FD", "DB instances", "DB instances", Unit::Resource("AWS::RDS::DBInstance"))
        .signs(&["InstanceQuotaExceeded", "DBInstanceQuotaExceeded", "DB Instance quota exceeded"]),
    counted("fargate", "L-3032A538", "Fargate On-Demand vCPU resource count", "vCPUs of Fargate", Unit::Fargate { spot: false })
        .signs(&["limit on the number of vCPUs you can run concurrently"]),
    counted("fargate", "L-36FBB829", "Fargate Spot vCPU resource count", "vCPUs of Fargate Spot", Unit::Fargate { spot: true }),
    counted("cloudformation", "L-0485CB21", "Stack count", "stacks", Unit::Stack)
        .signs(&["Limit for stack has been exceeded", "Limit for stacks has been exceeded"]),
    known(&["NatGatewayLimitExceeded", "limit on the number of NAT gateways", "exceed the limit of * NAT gateways"], "vpc", "L-FE5A380F", "NAT gateways per Availability Zone"),
    known(&["SubnetLimitExceeded", "number of subnets has been reached"], "vpc", "L-407747CB", "Subnets per VPC"),
    known(&["VpcEndpointLimitExceeded", "number of VPC endpoints has been reached", "number of VPC endpoints * reached"], "vpc", "L-29B6F2EB", "Interface VPC endpoints per VPC"),
    known(&["SecurityGroupLimitExceeded", "maximum number of security groups"], "vpc", "L-E79EC296", "VPC security groups per Region"),
    known(&["RulesPerSecurityGroupLimitExceeded", "maximum number of rules per security group has been reached"], "vpc", "L-0EA8095F", "Inbound or outbound rules per security group"),
    known(&["TooManyTargetGroups", "maximum number of target groups"], "elasticloadbalancing", "L-B22855CB", "Target Groups per Region"),
    known(&["NodeQuotaForCustomerExceeded"], "elasticache", "L-DFE45DF3", "Nodes per Region"),
    known(&["RolesPerAccount", "Cannot exceed quota for RolesPerAccount"], "iam", "L-FE177D64", "Roles per account"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_with_a_gap_takes_any_number_in_it() {
        let nat = QUOTAS.iter().find(|quota| quota.code == "L-FE5A380F").unwrap();
        let words =
            "Performing this operation would exceed the limit of 5 NAT gateways (Service: Ec2, Status Code: 400)";
        assert!(nat.sign_in(words).is_some());
        assert_eq!(nat.sign_in("NAT gateways would exceed the limit of reason"), None);
    }

    #[test]
    fn no_two_quotas_share_a_code() {
        let codes: std::collections::BTreeSet<_> = QUOTAS.iter().map(|quota| (quota.service, quota.code)).collect();
        assert_eq!(codes.len(), QUOTAS.len());
    }

    #[test]
    fn every_quota_is_counted_or_told_by_a_sign() {
        assert!(QUOTAS.iter().all(|quota| quota.unit != Unit::Unknown || !quota.signs.is_empty()));
    }
}
