//! VPC, subnets, routes, endpoints and security groups.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::Basis;
use super::cidr;
use super::endpoints::Endpoints;
use super::firewall::Firewall;
use super::tags::{Tag, Tags};
use crate::spec::{AvailabilityZones, CreateVpc, Exposure, Nat, Vpc};

/// The network stack.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Network {
    /// A VPC to make. Exactly one of `create` and `existing` is given.
    pub create: Option<NewVpc>,
    /// A VPC that exists.
    pub existing: Option<KnownVpc>,
    /// IPv4 network of the VPC.
    pub cidr: String,
    /// Address of the VPC's DNS resolver.
    pub resolver: String,
    /// How many private subnets there are.
    pub private_subnets: usize,
    /// VPC endpoints.
    pub endpoints: Endpoints,
    /// Security groups and their rules.
    pub firewall: Firewall,
    /// Tags of the stack's resources, by resource.
    pub tags: IndexMap<String, Vec<Tag>>,
}

/// A VPC to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NewVpc {
    /// Its zones.
    pub zones: Vec<Zone>,
    /// Whether there are public subnets and an internet gateway: for NAT gateways or a public load balancer.
    pub public: bool,
    /// NAT gateways: one, one per zone, or none.
    pub nat_gateways: Vec<NatGateway>,
    /// Flow logs: name of their log group.
    pub flow_logs: Option<FlowLogs>,
}

/// Flow logs of the VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FlowLogs {
    /// Log group.
    pub log_group: String,
    /// Role that writes them.
    pub role: String,
}

/// An availability zone of a new VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Zone {
    /// Number from 0: the place in the region's list of zones.
    pub index: usize,
    /// `A`, `B` ...: ends the logical ids.
    pub key: String,
    /// Name of the zone. `None`: the region's zone with that index.
    pub name: Option<String>,
    /// For NAT gateways and a public load balancer.
    pub public: Subnet,
    /// For tasks, endpoints and an internal load balancer.
    pub private: Subnet,
    /// For the database and the cache.
    pub data: Subnet,
    /// Route table of the private subnet.
    pub private_routes: Named,
    /// Logical id of the private subnet's default route.
    pub private_default_route: String,
    /// NAT gateway that the default route leads to. `None`: no default route.
    pub nat_gateway: Option<String>,
}

/// A subnet of a new VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Subnet {
    /// Logical id.
    pub id: String,
    /// Logical id of its association with a route table.
    pub association: String,
    /// IPv4 network.
    pub cidr: String,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// A resource of which there are several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Named {
    /// Logical id.
    pub id: String,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// A NAT gateway and its address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NatGateway {
    /// Logical id.
    pub id: String,
    /// Logical id of its address.
    pub address: String,
    /// Logical id of its public subnet.
    pub subnet: String,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// A VPC that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KnownVpc {
    /// Id.
    pub id: String,
    /// Subnets for the tasks and an internal load balancer.
    pub private_subnets: Vec<String>,
    /// Subnets for a public load balancer.
    pub public_subnets: Vec<String>,
    /// Subnets for the database and the cache.
    pub data_subnets: Vec<String>,
}

impl Network {
    /// The network of the spec. `role_name` is the role in the Bedrock accounts.
    pub fn new(basis: &Basis<'_>, role_name: &str) -> Self {
        let tags = basis.tags("network");
        let spec = &basis.spec.network;
        let (create, existing, text) = match &spec.vpc {
            Vpc::Create(vpc) => (Some(NewVpc::new(basis, vpc, &tags)), None, &vpc.cidr),
            Vpc::Existing(vpc) => {
                let ids = |subnets: &[crate::spec::types::SubnetId]| {
                    subnets.iter().map(|id| id.0.clone()).collect::<Vec<_>>()
                };
                let data = if vpc.data_subnets.is_empty() { &vpc.private_subnets } else { &vpc.data_subnets };
                let known = KnownVpc {
                    id: vpc.id.0.clone(),
                    private_subnets: ids(&vpc.private_subnets),
                    public_subnets: ids(&vpc.public_subnets),
                    data_subnets: ids(data),
                };
                (None, Some(known), &vpc.cidr)
            }
        };
        let private_subnets = match (&create, &existing) {
            (Some(vpc), _) => vpc.zones.len(),
            (None, Some(vpc)) => vpc.private_subnets.len(),
            (None, None) => 0,
        };
        let endpoints = Endpoints::new(basis, &tags, role_name);
        let net = cidr::parse(text.as_str());
        Self {
            create,
            existing,
            cidr: net.to_string(),
            resolver: cidr::resolver(net).to_string(),
            private_subnets,
            firewall: Firewall::new(basis, &net.to_string(), endpoints.any_interface(), &tags),
            endpoints,
            tags: tags.each(&["vpc", "internet-gateway", "public-routes", "data-routes", "flow-logs", "s3"]),
        }
    }
}

impl NewVpc {
    fn new(basis: &Basis<'_>, vpc: &CreateVpc, tags: &Tags) -> Self {
        let public_load_balancer = basis.spec.ingress.exposure == Exposure::Public;
        let count = vpc.availability_zones.count();
        let names: &[_] = match &vpc.availability_zones {
            AvailabilityZones::Count(_) => &[],
            AvailabilityZones::Names(names) => names,
        };
        let zones: Vec<Zone> = cidr::plan(cidr::parse(vpc.cidr.as_str()), count, public_load_balancer)
            .into_iter()
            .enumerate()
            .zip(["A", "B", "C", "D"])
            .map(|((index, plan), key)| {
                let lower = key.to_ascii_lowercase();
                let subnet = |tier: &str, net: ipnet::Ipv4Net| Subnet {
                    id: format!("{tier}Subnet{key}"),
                    association: format!("{tier}SubnetRoutes{key}"),
                    cidr: net.to_string(),
                    tags: tags.named(&format!("{}-{lower}", tier.to_ascii_lowercase())),
                };
                Zone {
                    index,
                    key: key.to_owned(),
                    name: names.get(index).map(|name| name.0.clone()),
                    public: subnet("Public", plan.public),
                    private: subnet("Private", plan.private),
                    data: subnet("Data", plan.data),
                    private_routes: Named {
                        id: format!("PrivateRouteTable{key}"),
                        tags: tags.named(&format!("private-{lower}")),
                    },
                    private_default_route: format!("PrivateDefaultRoute{key}"),
                    nat_gateway: match vpc.nat {
                        Nat::Single => Some("NatGatewayA".to_owned()),
                        Nat::PerAz => Some(format!("NatGateway{key}")),
                        Nat::None => None,
                    },
                }
            })
            .collect();
        let gateways = match vpc.nat {
            Nat::Single => 1,
            Nat::PerAz => zones.len(),
            Nat::None => 0,
        };
        let nat_gateways = zones
            .iter()
            .take(gateways)
            .map(|zone| NatGateway {
                id: format!("NatGateway{}", zone.key),
                address: format!("NatAddress{}", zone.key),
                subnet: zone.public.id.clone(),
                tags: tags.named(&format!("nat-{}", zone.key.to_ascii_lowercase())),
            })
            .collect();
        Self {
            public: public_load_balancer || vpc.nat != Nat::None,
            zones,
            nat_gateways,
            flow_logs: vpc.flow_logs.then(|| FlowLogs {
                log_group: basis.names.log_group("flow-logs"),
                role: basis.names.role("flow-logs"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Model;
    use crate::model::testing::spec;

    fn vpc(create: Value) -> NewVpc {
        network(json!({"network": {"vpc": {"create": create}}})).create.unwrap()
    }

    fn network(changes: Value) -> Network {
        Model::new(&spec(changes), None).network
    }

    #[test]
    fn the_default_has_two_zones_behind_one_nat_gateway() {
        let vpc = vpc(json!({}));
        assert_eq!(vpc.zones.len(), 2);
        assert_eq!(vpc.nat_gateways.len(), 1);
        assert!(vpc.zones.iter().all(|zone| zone.nat_gateway.as_deref() == Some("NatGatewayA")));
    }

    #[test]
    fn per_az_gives_each_zone_its_own_nat_gateway() {
        let vpc = vpc(json!({"nat": "per_az", "availability_zones": 3}));
        let gateways: Vec<_> = vpc.zones.iter().filter_map(|zone| zone.nat_gateway.as_deref()).collect();
        assert_eq!(gateways, ["NatGatewayA", "NatGatewayB", "NatGatewayC"]);
    }

    #[test]
    fn an_isolated_vpc_has_no_way_out() {
        let vpc = vpc(json!({"nat": "none"}));
        assert!(!vpc.public && vpc.nat_gateways.is_empty());
        assert!(vpc.zones.iter().all(|zone| zone.nat_gateway.is_none()));
    }

    #[test]
    fn a_public_load_balancer_keeps_the_public_subnets_without_nat() {
        let changes = json!({"ingress": {"exposure": "public"}, "network": {"vpc": {"create": {"nat": "none"}}}});
        assert!(network(changes).create.unwrap().public);
    }

    #[test]
    fn zones_that_are_named_are_used_in_their_order() {
        let vpc = vpc(json!({"availability_zones": ["us-east-1c", "us-east-1a"]}));
        let names: Vec<_> = vpc.zones.iter().filter_map(|zone| zone.name.as_deref()).collect();
        assert_eq!(names, ["us-east-1c", "us-east-1a"]);
    }

    #[test]
    fn an_existing_vpc_keeps_its_data_in_the_private_subnets_unless_told_otherwise() {
        let subnets = json!(["subnet-0a1b2c3d", "subnet-0a1b2c3e"]);
        let existing = json!({"id": "vpc-0a1b2c3d", "cidr": "10.0.0.0/16", "private_subnets": subnets});
        let network = network(json!({"network": {"vpc": {"existing": existing}}}));
        assert_eq!(network.existing.unwrap().data_subnets, ["subnet-0a1b2c3d", "subnet-0a1b2c3e"]);
        assert!(network.create.is_none());
    }
}
