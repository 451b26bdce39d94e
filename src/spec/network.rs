//! `network`: VPC, subnets, NAT and VPC endpoints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::enabled;
use super::types::{AvailabilityZone, Cidr, SubnetId, VpcId};

/// VPC, subnets, NAT and VPC endpoints.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// The VPC: exactly one of `create`, `existing`. Default: `create`.
    #[serde(default)]
    pub vpc: Vpc,
    /// VPC endpoints: `auto` (default: S3 always; with `nat: none` also an interface endpoint for every service that
    /// the enabled features call), `all`, `none`, or a list of service names such as `bedrock-runtime`.
    #[serde(default)]
    pub endpoints: Endpoints,
}

/// A new VPC or one that exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Vpc {
    /// A new VPC with public, private and data subnets in each availability zone.
    Create(CreateVpc),
    /// A VPC that exists. gwinfra adds security groups and endpoints to it and leaves the rest alone.
    Existing(ExistingVpc),
}

impl Default for Vpc {
    fn default() -> Self {
        Self::Create(CreateVpc::default())
    }
}

/// A new VPC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateVpc {
    /// IPv4 network of the VPC, /16 to /24. Must not overlap the Client VPN's client network.
    #[serde(default = "default_cidr")]
    pub cidr: Cidr,
    /// How many availability zones to use (2 to 4, default 2), or a list of their names.
    #[serde(default)]
    pub availability_zones: AvailabilityZones,
    /// NAT gateways for outbound calls: `single` (default, one for all zones), `per_az`, or `none` (isolated: every
    /// AWS call goes through a VPC endpoint, and nothing else is reachable).
    #[serde(default)]
    pub nat: Nat,
    /// Record accepted and rejected traffic of the VPC in CloudWatch Logs.
    #[serde(default = "enabled")]
    pub flow_logs: bool,
}

impl Default for CreateVpc {
    fn default() -> Self {
        Self {
            cidr: default_cidr(),
            availability_zones: AvailabilityZones::default(),
            nat: Nat::default(),
            flow_logs: true,
        }
    }
}

fn default_cidr() -> Cidr {
    "10.40.0.0/16".into()
}

/// A VPC that exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExistingVpc {
    /// Id of the VPC.
    pub id: VpcId,
    /// IPv4 network of the VPC, for the rules of security groups. Checked against the VPC before anything is made.
    pub cidr: Cidr,
    /// Subnets for the gateway's tasks and the internal load balancer, in two or more availability zones, with a route
    /// to the internet or to endpoints for every AWS service that the gateway calls.
    #[schemars(length(min = 2))]
    pub private_subnets: Vec<SubnetId>,
    /// Subnets for a public load balancer, in two or more availability zones. Needed with `ingress.exposure: public`.
    #[serde(default)]
    pub public_subnets: Vec<SubnetId>,
    /// Subnets for the database and the cache. Default: the private subnets.
    #[serde(default)]
    pub data_subnets: Vec<SubnetId>,
}

/// A number of availability zones, or their names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AvailabilityZones {
    /// The first zones of the region, as many as this.
    Count(#[schemars(range(min = 2, max = 4))] u8),
    /// These zones, in this order.
    Names(#[schemars(length(min = 2, max = 4))] Vec<AvailabilityZone>),
}

impl AvailabilityZones {
    /// How many zones are used.
    pub fn count(&self) -> usize {
        match self {
            Self::Count(count) => usize::from(*count),
            Self::Names(names) => names.len(),
        }
    }
}

impl Default for AvailabilityZones {
    fn default() -> Self {
        Self::Count(2)
    }
}

/// NAT gateways of a new VPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Nat {
    /// One NAT gateway for all zones: cheapest; outbound calls stop when its zone fails.
    #[default]
    Single,
    /// A NAT gateway in each zone.
    PerAz,
    /// No NAT gateway and no way out: AWS services through VPC endpoints only.
    None,
}

/// Which VPC endpoints to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Endpoints {
    /// A rule.
    Mode(EndpointMode),
    /// These services, by the last part of their service name: `bedrock-runtime`, `ecr.api`.
    Services(Vec<String>),
}

impl Default for Endpoints {
    fn default() -> Self {
        Self::Mode(EndpointMode::Auto)
    }
}

/// Which VPC endpoints to make, as a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndpointMode {
    /// S3 always; interface endpoints when there is no NAT gateway.
    Auto,
    /// S3, and an interface endpoint for every service that the features call.
    All,
    /// None at all.
    None,
}
