//! `ingress`: how clients reach the gateway.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::types::{Arn, Cidr, DnsName};

/// How clients reach the gateway.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ingress {
    /// Where the load balancer stands: `internal` (default) or `public`.
    #[serde(default)]
    pub exposure: Exposure,
    /// TLS of the load balancer: exactly one of `certificate`, `domain`, `plaintext`. There is no silent plaintext.
    pub tls: Tls,
    /// Longest silence on a connection before the load balancer closes it, in seconds, 1 to 4000. Default 600, for long
    /// streams. Must not be shorter than `routing.timeout_seconds`.
    #[serde(default = "default_idle_timeout")]
    #[schemars(range(min = 1, max = 4000))]
    pub idle_timeout_seconds: u32,
    /// Networks that may connect. Default: the VPC and the VPN's clients. Required with `exposure: public`.
    #[serde(default)]
    pub allow_from: Vec<Cidr>,
    /// AWS WAF in front of the load balancer. On by default with `exposure: public`; an empty map turns it on for an
    /// internal one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waf: Option<Waf>,
}

fn default_idle_timeout() -> u32 {
    600
}

/// Where the load balancer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Exposure {
    /// In the private subnets: reachable from the VPC, from peered networks and over the VPN.
    #[default]
    Internal,
    /// In the public subnets: reachable from the networks in `allow_from`.
    Public,
}

/// TLS of the load balancer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// A certificate that exists in ACM.
    Certificate(Certificate),
    /// A certificate that is issued for a domain name, and the DNS record of that name.
    Domain(Domain),
    /// No TLS at all.
    Plaintext(Plaintext),
}

impl Tls {
    /// Name that clients use; `None` where they have the load balancer's own only.
    pub fn name(&self) -> Option<&DnsName> {
        match self {
            Self::Certificate(certificate) => certificate.name.as_ref(),
            Self::Domain(domain) => Some(&domain.name),
            Self::Plaintext(_) => None,
        }
    }
}

/// A certificate that exists in ACM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// ARN of the certificate, in the hub's account and region.
    pub arn: Arn,
    /// Name that clients use, such as `llm.example.com`: one of the certificate's. gwinfra does not make its record: point
    /// it, as a CNAME or an alias, at the output `LoadBalancerDnsName`. Default: none; clients then have the load balancer's
    /// own name only, for which no certificate is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<DnsName>,
}

/// A certificate that is issued and validated through Route 53, and the DNS record of the gateway.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// Name of the gateway, such as `llm.example.com`.
    pub name: DnsName,
    /// Hosted zone of the name: its name (looked up when planning) or its id, such as `Z0123456789ABCDEFGHIJ`. It must
    /// be a public zone in the hub's account, or the certificate cannot be validated.
    #[schemars(extend("pattern" = "^(Z[A-Z0-9]{7,31}|([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}\\.?)$", "x-expect" = "the name or the id of a Route 53 hosted zone, such as example.com"))]
    pub hosted_zone: String,
}

/// No TLS at all: keys and prompts cross the network in the clear.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plaintext {
    /// Must be `true`: you have read that keys and prompts cross the network in the clear.
    pub acknowledge: bool,
}

/// AWS WAF in front of the load balancer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Waf {
    /// Most requests from one address in five minutes; more are blocked. 10 to 2,000,000,000. Default 2000.
    #[schemars(range(min = 10, max = 2_000_000_000))]
    pub rate_limit_per_5_minutes: u32,
    /// AWS's managed rules: `llm` (default: common rules, known bad inputs and IP reputation, with the rules on body
    /// size, file inclusion and scripting that block ordinary prompts only counted), `strict` (all of them block), or
    /// `none`.
    pub managed_rules: ManagedRules,
    /// Networks that are always blocked.
    #[schemars(length(max = 10000))]
    pub block: Vec<Cidr>,
}

impl Default for Waf {
    fn default() -> Self {
        Self { rate_limit_per_5_minutes: 2000, managed_rules: ManagedRules::Llm, block: Vec::new() }
    }
}

/// AWS's managed rules in the web ACL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ManagedRules {
    /// Tuned for prompts: body rules that block ordinary prompts only count.
    Llm,
    /// Every managed rule blocks.
    Strict,
    /// No managed rules.
    None,
}
