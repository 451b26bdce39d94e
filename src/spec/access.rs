//! `access`: how people reach a private gateway.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::enabled;
use super::types::{Arn, Cidr};

/// How people reach a private gateway.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// AWS Client VPN into the VPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_vpn: Option<ClientVpn>,
    /// A small instance that is reached through Session Manager only: no inbound rule and no key pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bastion: Option<Bastion>,
}

/// AWS Client VPN into the VPC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientVpn {
    /// Network that clients get addresses from, /12 to /22. Must not overlap the VPC. Changing it replaces the
    /// endpoint: every user needs a new profile.
    pub client_cidr: Cidr,
    /// How users prove who they are: exactly one of `mutual`, `saml`. Changing it replaces the endpoint.
    pub authentication: VpnAuthentication,
    /// Send only the VPC's traffic through the VPN. Default true.
    #[serde(default = "enabled")]
    pub split_tunnel: bool,
    /// What clients may reach: `vpc` or networks in CIDR notation. Default `[vpc]`.
    #[serde(default = "default_authorize")]
    #[schemars(length(min = 1, max = 50))]
    pub authorize: Vec<String>,
    /// Record connections in CloudWatch Logs. Default true.
    #[serde(default = "enabled")]
    pub log_connections: bool,
    /// Longest session before users sign in again, in hours: 8 (default), 10, 12 or 24.
    #[serde(default = "default_session_hours")]
    #[schemars(extend("enum" = [8, 10, 12, 24]))]
    pub session_hours: u8,
}

fn default_authorize() -> Vec<String> {
    vec!["vpc".to_owned()]
}

fn default_session_hours() -> u8 {
    8
}

/// How VPN users prove who they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VpnAuthentication {
    /// Client certificates.
    Mutual(MutualAuthentication),
    /// A SAML identity provider.
    Saml(SamlAuthentication),
}

/// Client certificates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MutualAuthentication {
    /// ARN of the server's certificate in ACM, in the hub's account and region.
    pub server_certificate: Arn,
    /// ARN in ACM of a certificate whose chain ends in the authority that signs the clients' certificates. Not the
    /// server's own certificate, unless one authority signs both.
    pub client_ca_certificate: Arn,
}

/// A SAML identity provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SamlAuthentication {
    /// ARN of the server's certificate in ACM, in the hub's account and region.
    pub server_certificate: Arn,
    /// ARN of the IAM SAML provider.
    pub provider: Arn,
    /// ARN of the IAM SAML provider of the self-service portal. The portal is on when it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_service_provider: Option<Arn>,
}

/// A small instance that is reached through Session Manager only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bastion {
    /// Instance type. Default `t4g.nano`.
    #[schemars(extend("pattern" = "^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", "x-expect" = "an EC2 instance type, such as t4g.nano"))]
    pub instance_type: String,
}

impl Default for Bastion {
    fn default() -> Self {
        Self { instance_type: "t4g.nano".to_owned() }
    }
}
