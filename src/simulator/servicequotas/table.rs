//! Quotas with the values that accounts have by default.
//!
//! AWS does not publish the codes of Bedrock's. Codes, names and values are those that Service Quotas answered in public
//! repositories, read in November 2026; the value of Opus 4.5 is one that was applied, and the quota per day is that per
//! minute times 1,440. Those of the other services are in AWS's General Reference (*Service endpoints and quotas*); new
//! accounts often start with fewer vCPUs of Fargate.

/// A quota.
pub(super) struct Quota {
    /// Service code: `bedrock`.
    pub service: &'static str,
    pub code: &'static str,
    pub name: &'static str,
    pub default: f64,
    pub adjustable: bool,
}

const fn quota(code: &'static str, name: &'static str, default: f64) -> Quota {
    of("bedrock", code, name, default)
}

const fn of(service: &'static str, code: &'static str, name: &'static str, default: f64) -> Quota {
    Quota { service, code, name, default, adjustable: true }
}

pub(super) const QUOTAS: &[Quota] = &[
    quota("L-0AD9BBE8", "Cross-region model inference tokens per minute for Anthropic Claude Opus 4.6", 3e6),
    quota("L-15B8E632", "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.6", 6e6),
    quota("L-27C57EE8", "Global cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5", 5e6),
    Quota {
        service: "bedrock",
        code: "L-381AD9EE",
        name: "Model invocation max tokens per day for Anthropic Claude Sonnet 4.5 V1 (doubled for cross-region calls)",
        default: 7.2e9,
        adjustable: false,
    },
    quota("L-4A6BFAB1", "Cross-region model inference requests per minute for Anthropic Claude Sonnet 4.5 V1", 1e4),
    quota("L-58BE175A", "Cross-region model inference tokens per minute for Anthropic Claude Haiku 4.5", 5e6),
    quota("L-59759B4A", "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4 V1", 2e5),
    quota("L-6E888CC2", "Cross-region model inference tokens per minute for Anthropic Claude 3.7 Sonnet V1", 1e6),
    quota("L-7007E9C9", "Cross-region model inference tokens per minute for Anthropic Claude Opus 4.5", 2e6),
    quota("L-7BEE40FB", "Global cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.6", 6e6),
    quota(
        "L-8EA73537",
        "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1 1M Context Length",
        1e6,
    ),
    quota("L-9A11C666", "Global cross-region model inference tokens per minute for Anthropic Claude Haiku 4.5", 5e6),
    quota("L-A50569E5", "On-demand model inference tokens per minute for Anthropic Claude 3.5 Sonnet", 4e5),
    quota("L-D4FBCF4E", "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 5", 6e6),
    quota("L-DD84E5CA", "Global cross-region model inference tokens per minute for Anthropic Claude Sonnet 5", 6e6),
    quota("L-F4DDD3EB", "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1", 5e6),
    of("cloudformation", "L-0485CB21", "Stack count", 2000.0),
    of("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5.0),
    of("ec2", "L-8EA77D34", "Client VPN endpoints per Region", 5.0),
    of("elasticloadbalancing", "L-53DA6B97", "Application Load Balancers per Region", 50.0),
    of("fargate", "L-3032A538", "Fargate On-Demand vCPU resource count", 4000.0),
    of("fargate", "L-36FBB829", "Fargate Spot vCPU resource count", 4000.0),
    of("rds", "L-7B6409FD", "DB instances", 40.0),
    of("rds", "L-952B80B8", "DB clusters", 40.0),
    of("vpc", "L-A4707A72", "Internet gateways per Region", 5.0),
    of("vpc", "L-F678F1CE", "VPCs per Region", 5.0),
];

/// The services that have some, with their names.
pub(super) const SERVICES: &[(&str, &str)] = &[
    ("bedrock", "Amazon Bedrock"),
    ("cloudformation", "AWS CloudFormation"),
    ("ec2", "Amazon Elastic Compute Cloud (Amazon EC2)"),
    ("elasticloadbalancing", "Elastic Load Balancing (ELB)"),
    ("fargate", "AWS Fargate"),
    ("rds", "Amazon Relational Database Service (Amazon RDS)"),
    ("vpc", "Amazon Virtual Private Cloud (Amazon VPC)"),
];
