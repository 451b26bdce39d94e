//! Security groups and their rules: who may talk to whom, each rule a resource of its own with a reason.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::Basis;
use super::tags::{Tag, Tags};
use crate::spec::{Cache, Database, Exposure, Tls};

/// Port of LiteLLM.
pub const LITELLM_PORT: u16 = 4000;
/// Port of the middleware.
pub const MIDDLEWARE_PORT: u16 = 3000;
/// Port of PostgreSQL.
pub const DATABASE_PORT: u16 = 5432;
/// Port of the cache.
pub const CACHE_PORT: u16 = 6379;
/// Port that ElastiCache Serverless reads replicas on.
const CACHE_READER_PORT: u16 = 6380;
const ANYWHERE: &str = "0.0.0.0/0";

const LOAD_BALANCER: &str = "LoadBalancer";
const TASK: &str = "Task";
const DATABASE: &str = "Database";
const CACHE: &str = "Cache";
const ENDPOINT: &str = "Endpoint";
const VPN: &str = "Vpn";
const BASTION: &str = "Bastion";

/// Security groups and their rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Firewall {
    /// The groups.
    pub groups: Vec<Group>,
    /// What may come in.
    pub ingress: Vec<Rule>,
    /// What may go out.
    pub egress: Vec<Rule>,
}

/// A security group. It begins with no rule at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Group {
    /// Logical id: `TaskSecurityGroup`.
    pub id: String,
    /// Name of the stack's output that holds the group's id: `TaskSecurityGroupId`.
    pub output: String,
    /// What the group is for. A constant: changing it replaces the group.
    pub description: &'static str,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// One rule of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Rule {
    /// Logical id, made of what the rule allows, so that a changed list adds and removes rules and never swaps two.
    pub id: String,
    /// Logical id of the group.
    pub group: String,
    /// Why the rule is there.
    pub description: String,
    /// `tcp`, `udp`, or `-1` for all.
    pub protocol: &'static str,
    /// First and last port. `None`: all.
    pub ports: Option<(u16, u16)>,
    /// Network at the other end. Exactly one of `cidr` and `peer` is given.
    pub cidr: Option<String>,
    /// Logical id of the group at the other end.
    pub peer: Option<String>,
    /// Checks of checkov that do not apply here, with the reason.
    pub checkov: Vec<Skip>,
}

/// A check that does not apply, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Skip {
    /// Id of the check.
    pub id: &'static str,
    /// Why it does not apply.
    pub comment: &'static str,
}

/// The other end of a rule.
enum Peer<'a> {
    Cidr(&'a str),
    Group(&'static str),
}

impl Firewall {
    /// The groups of the spec's components in the VPC `vpc`.
    pub fn new(basis: &Basis<'_>, vpc: &str, endpoints: bool, tags: &Tags) -> Self {
        let spec = basis.spec;
        let mut firewall = Self { groups: Vec::new(), ingress: Vec::new(), egress: Vec::new() };
        firewall.group(LOAD_BALANCER, "load-balancer", "Load balancer of the LLM gateway", tags);
        firewall.group(TASK, "task", "Containers of the LLM gateway", tags);
        if matches!(spec.database, Database::AuroraPostgres(_)) {
            firewall.group(DATABASE, "database", "Database of the LLM gateway", tags);
        }
        if !matches!(spec.cache, Cache::None(_)) {
            firewall.group(CACHE, "cache", "Cache of the LLM gateway", tags);
        }
        if endpoints {
            firewall.group(ENDPOINT, "endpoints", "VPC endpoints of AWS services", tags);
        }
        if spec.access.client_vpn.is_some() {
            firewall.group(VPN, "client-vpn", "Client VPN of the LLM gateway", tags);
        }
        if spec.access.bastion.is_some() {
            firewall.group(BASTION, "bastion", "Bastion of the LLM gateway: Session Manager only", tags);
        }
        firewall.clients(basis, vpc);
        firewall.tasks(basis, vpc);
        firewall.stores(basis);
        firewall.access(basis, vpc);
        if endpoints {
            firewall.allow_in(ENDPOINT, "HttpsFromVpc", Peer::Cidr(vpc), 443, "AWS APIs for everything in the VPC");
        }
        firewall
    }

    /// Clients to the load balancer, and the load balancer to the containers.
    fn clients(&mut self, basis: &Basis<'_>, vpc: &str) {
        let spec = basis.spec;
        let plaintext = matches!(spec.ingress.tls, Tls::Plaintext(_));
        let ports: &[(u16, &str, &str)] = if plaintext {
            &[(80, "Http", "Clients, in the clear")]
        } else {
            &[(443, "Https", "Clients"), (80, "Http", "Clients that are redirected to HTTPS")]
        };
        let mut networks: Vec<&str> = Vec::new();
        for network in &spec.ingress.allow_from {
            if !networks.contains(&network.as_str()) {
                networks.push(network.as_str());
            }
        }
        // VPN clients and the bastion come from addresses of the VPC, so the default covers them.
        let default = networks.is_empty();
        if default && spec.ingress.exposure == Exposure::Internal {
            networks.push(vpc);
        }
        for (port, name, description) in ports {
            for network in &networks {
                self.allow_in(
                    LOAD_BALANCER,
                    &format!("{name}From{}", letters(network)),
                    Peer::Cidr(network),
                    *port,
                    description,
                );
            }
            if !default {
                for (present, group, who) in [
                    (spec.access.client_vpn.is_some(), VPN, "VPN clients"),
                    (spec.access.bastion.is_some(), BASTION, "Sessions through the bastion"),
                ] {
                    if present {
                        self.allow_in(LOAD_BALANCER, &format!("{name}From{group}"), Peer::Group(group), *port, who);
                    }
                }
            }
        }
        for (port, name) in container_ports(basis) {
            self.allow_between(LOAD_BALANCER, TASK, name, (port, port));
        }
    }

    /// What the containers call.
    fn tasks(&mut self, basis: &Basis<'_>, vpc: &str) {
        // Without NAT this reaches the endpoints only: those in the VPC, and S3's public addresses through its gateway
        // endpoint.
        self.allow_out(
            TASK,
            "HttpsOut",
            Peer::Cidr(ANYWHERE),
            443,
            "AWS APIs and model providers, wherever routes lead",
        );
        for port in provider_ports(basis) {
            let description = "A model provider of the spec on its own port";
            self.allow_out(TASK, &format!("Port{port}Out"), Peer::Cidr(ANYWHERE), port, description);
        }
        for (port, description) in ports_of_variables(basis) {
            self.allow_out(TASK, &format!("Port{port}Out"), Peer::Cidr(ANYWHERE), port, description);
        }
        if matches!(basis.spec.database, Database::External(_)) {
            self.allow_out(
                TASK,
                "DatabaseOut",
                Peer::Cidr(ANYWHERE),
                DATABASE_PORT,
                "The external PostgreSQL database",
            );
        }
        for (protocol, name) in [("udp", "Dns"), ("tcp", "DnsOverTcp")] {
            self.egress.push(Rule {
                id: format!("{TASK}{name}Out"),
                protocol,
                ..rule(TASK, Peer::Cidr(vpc), (53, 53), "DNS servers in the VPC")
            });
        }
    }

    /// The containers to the database and the cache.
    fn stores(&mut self, basis: &Basis<'_>) {
        if matches!(basis.spec.database, Database::AuroraPostgres(_)) {
            self.allow_between(TASK, DATABASE, "PostgreSQL", (DATABASE_PORT, DATABASE_PORT));
        }
        match basis.spec.cache {
            Cache::Redis(_) => self.allow_between(TASK, CACHE, "Cache", (CACHE_PORT, CACHE_PORT)),
            // A serverless cache must be reachable on both of its ports.
            Cache::Serverless(_) => self.allow_between(TASK, CACHE, "Cache", (CACHE_PORT, CACHE_READER_PORT)),
            Cache::None(_) => {}
        }
    }

    /// People.
    fn access(&mut self, basis: &Basis<'_>, vpc: &str) {
        let access = &basis.spec.access;
        if let Some(vpn) = &access.client_vpn {
            for network in super::access::authorized(vpn, vpc) {
                self.egress.push(Rule {
                    id: format!("{VPN}To{}", letters(&network)),
                    protocol: "-1",
                    ports: None,
                    checkov: if network == ANYWHERE { vec![ALL_TRAFFIC] } else { Vec::new() },
                    ..rule(VPN, Peer::Cidr(&network), (0, 0), "Networks that VPN clients are authorized for")
                });
            }
        }
        if access.bastion.is_some() {
            let description = "Session Manager, package updates and the gateway";
            self.allow_out(BASTION, "HttpsOut", Peer::Cidr(ANYWHERE), 443, description);
            if matches!(basis.spec.ingress.tls, Tls::Plaintext(_)) {
                self.allow_out(
                    BASTION,
                    "HttpToLoadBalancer",
                    Peer::Group(LOAD_BALANCER),
                    80,
                    "The gateway, in the clear",
                );
            }
        }
    }

    fn group(&mut self, name: &str, what: &str, description: &'static str, tags: &Tags) {
        self.groups.push(Group {
            id: group_id(name),
            output: format!("{}Id", group_id(name)),
            description,
            tags: tags.named(what),
        });
    }

    fn allow_between(&mut self, from: &'static str, to: &'static str, what: &str, ports: (u16, u16)) {
        let word = what.replace(['-', ' '], "");
        let id = format!("{from}To{to}{word}");
        self.egress.push(Rule { id: id.clone(), ..rule(from, Peer::Group(to), ports, what) });
        self.ingress.push(Rule { id: format!("{to}From{from}{word}"), ..rule(to, Peer::Group(from), ports, what) });
    }

    fn allow_in(&mut self, group: &str, what: &str, peer: Peer<'_>, port: u16, description: &str) {
        let open = matches!(peer, Peer::Cidr(ANYWHERE)) && port == 80;
        let checkov = if open { vec![OPEN_HTTP] } else { Vec::new() };
        self.ingress.push(Rule {
            id: format!("{group}{what}"),
            checkov,
            ..rule(group, peer, (port, port), description)
        });
    }

    fn allow_out(&mut self, group: &str, what: &str, peer: Peer<'_>, port: u16, description: &str) {
        self.egress.push(Rule { id: format!("{group}{what}"), ..rule(group, peer, (port, port), description) });
    }
}

const OPEN_HTTP: Skip = Skip {
    id: "CKV_AWS_260",
    comment: "Public on purpose (ingress.allow_from), and port 80 answers only with a redirect to HTTPS unless plaintext was acknowledged.",
};
const ALL_TRAFFIC: Skip = Skip {
    id: "CKV_AWS_382",
    comment: "Asked for in access.client_vpn.authorize: VPN clients reach every network through the VPC.",
};

fn rule(group: &str, peer: Peer<'_>, ports: (u16, u16), description: &str) -> Rule {
    let (cidr, peer) = match peer {
        Peer::Cidr(network) => (Some(network.to_owned()), None),
        Peer::Group(name) => (None, Some(group_id(name))),
    };
    Rule {
        id: String::new(),
        group: group_id(group),
        description: description.to_owned(),
        protocol: "tcp",
        ports: Some(ports),
        cidr,
        peer,
        checkov: Vec::new(),
    }
}

fn group_id(name: &str) -> String {
    format!("{name}SecurityGroup")
}

/// Ports of the containers, each with its container's name.
fn container_ports(basis: &Basis<'_>) -> Vec<(u16, &'static str)> {
    let mut ports = vec![(LITELLM_PORT, "LiteLLM")];
    if basis.spec.gateway.middleware.enabled {
        ports.push((MIDDLEWARE_PORT, "Middleware"));
    }
    ports
}

/// Ports other than 443 of the base URLs of models, sorted.
fn provider_ports(basis: &Basis<'_>) -> Vec<u16> {
    let bases = basis.spec.models.iter().filter_map(|model| model.litellm.as_ref()?.api_base.as_deref());
    let mut ports: Vec<u16> = bases.filter_map(url_port).filter(|port| *port != 443).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// Variables that name the collector of traces.
const COLLECTORS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
/// Variables that name another way to AWS or to everything, which are also read in small letters.
const WAYS: [&str; 5] =
    ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_BEDROCK_AGENT"];

/// Ports that variables of the containers name and that are neither in the task nor open already, with what is behind them.
fn ports_of_variables(basis: &Basis<'_>) -> BTreeMap<u16, &'static str> {
    let (litellm, middleware) = (&basis.spec.gateway.litellm, &basis.spec.gateway.middleware);
    let own = middleware.environment.iter().filter(|_| middleware.enabled);
    let open = provider_ports(basis);
    let mut ports = BTreeMap::new();
    for (name, url) in litellm.environment.iter().chain(own) {
        let name = name.as_str();
        let description = if COLLECTORS.contains(&name) {
            "The collector of traces on its own port"
        } else if WAYS.iter().any(|way| way.eq_ignore_ascii_case(name)) {
            "A proxy or an endpoint of the containers on its own port"
        } else {
            continue;
        };
        // A proxy needs no scheme.
        let url = if url.contains("://") { url.clone() } else { format!("http://{url}") };
        let in_task = ["127.", "localhost", "[::1]"].iter().any(|host| url.contains(&format!("://{host}")));
        if let Some(port) = url_port(&url).filter(|port| !in_task && *port != 443 && !open.contains(port)) {
            ports.entry(port).or_insert(description);
        }
    }
    ports
}

fn url_port(url: &str) -> Option<u16> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.rsplit_once(':') {
        Some((_, port)) if !port.contains(']') => port.parse().ok(),
        _ if scheme == "http" => Some(80),
        _ => Some(443),
    }
}

/// A network as part of a logical id, which has letters and digits only: `10.0.0.0/8` becomes `10x0x0x0m8`.
pub fn letters(network: &str) -> String {
    network.replace('.', "x").replace('/', "m")
}

#[cfg(test)]
#[path = "firewall_tests.rs"]
mod tests;
