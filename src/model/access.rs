//! How people reach a private gateway: Client VPN and a bastion.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::Basis;
use super::cidr;
use super::firewall::letters;
use super::tags::{Tag, Tags};
use crate::spec::{ClientVpn as ClientVpnSpec, VpnAuthentication};

/// The access stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Access {
    /// Client VPN.
    pub client_vpn: Option<ClientVpn>,
    /// Bastion.
    pub bastion: Option<Bastion>,
    /// Tags of the stack's resources, by resource.
    pub tags: IndexMap<String, Vec<Tag>>,
}

/// Client VPN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClientVpn {
    /// Network that clients get addresses from.
    pub client_cidr: String,
    /// ARN of the server's certificate.
    pub server_certificate: String,
    /// ARN of the certificate whose chain signs the clients'. Exactly one of this and `saml_provider` is given.
    pub client_ca_certificate: Option<String>,
    /// ARN of the SAML provider.
    pub saml_provider: Option<String>,
    /// ARN of the self-service portal's SAML provider. The portal is on when it is given.
    pub self_service_provider: Option<String>,
    /// Send only authorized networks through the VPN.
    pub split_tunnel: bool,
    /// Longest session in hours.
    pub session_hours: u8,
    /// Log group of connections.
    pub log_group: Option<String>,
    /// Associations with subnets, one per private subnet.
    pub associations: Vec<Association>,
    /// Networks that clients may reach.
    pub authorizations: Vec<Authorization>,
    /// Routes to authorized networks outside the VPC.
    pub routes: Vec<Route>,
    /// Tags that never change: the endpoint's are create-only.
    pub constant_tags: Vec<Tag>,
}

/// An association of the VPN with a private subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Association {
    /// Logical id.
    pub id: String,
    /// Place of the subnet in the list of private subnets, from 0.
    pub subnet: usize,
}

/// A network that clients may reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Authorization {
    /// Logical id.
    pub id: String,
    /// The network.
    pub cidr: String,
    /// Logical id of the authorization before it, which must come first.
    pub after: Option<String>,
}

/// A route through a private subnet to a network outside the VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Route {
    /// Logical id.
    pub id: String,
    /// The network.
    pub cidr: String,
    /// Place of the subnet in the list of private subnets, from 0.
    pub subnet: usize,
    /// Logical id of the subnet's association, or of the route before it through the same subnet: it must come first.
    pub after: String,
}

/// Bastion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Bastion {
    /// Instance type.
    pub instance_type: String,
    /// Public SSM parameter that holds the id of the newest Amazon Linux 2023 image for the instance's processor.
    pub image_parameter: String,
    /// Name of the role.
    pub role: String,
    /// Tags that never change: those of the launch template.
    pub constant_tags: Vec<Tag>,
}

impl Access {
    /// The ways in that the spec asks for. `None`: none.
    pub fn new(basis: &Basis<'_>, vpc: &str, private_subnets: usize, bastion_role: &str) -> Option<Self> {
        let spec = &basis.spec.access;
        if spec.client_vpn.is_none() && spec.bastion.is_none() {
            return None;
        }
        let tags = basis.tags("access");
        Some(Self {
            client_vpn: spec.client_vpn.as_ref().map(|vpn| ClientVpn::new(basis, vpn, vpc, private_subnets, &tags)),
            bastion: spec.bastion.as_ref().map(|bastion| Bastion {
                instance_type: bastion.instance_type.clone(),
                image_parameter: format!(
                    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{}",
                    if is_graviton(&bastion.instance_type) { "arm64" } else { "x86_64" }
                ),
                role: bastion_role.to_owned(),
                constant_tags: tags.constant("bastion"),
            }),
            tags: tags.each(&["bastion", "vpn-connections"]),
        })
    }
}

impl ClientVpn {
    fn new(basis: &Basis<'_>, spec: &ClientVpnSpec, vpc: &str, private_subnets: usize, tags: &Tags) -> Self {
        let (server_certificate, client_ca_certificate, saml_provider, self_service_provider) =
            match &spec.authentication {
                VpnAuthentication::Mutual(mutual) => {
                    (&mutual.server_certificate, Some(&mutual.client_ca_certificate), None, None)
                }
                VpnAuthentication::Saml(saml) => {
                    (&saml.server_certificate, None, Some(&saml.provider), saml.self_service_provider.as_ref())
                }
            };
        let text = |arn: Option<&crate::spec::types::Arn>| arn.map(|arn| arn.0.clone());
        let associations: Vec<Association> = (0..private_subnets)
            .map(|subnet| Association { id: format!("ClientVpnSubnet{}", subnet + 1), subnet })
            .collect();
        let authorized = authorized(spec, vpc);
        let inside = cidr::parse(vpc);
        let outside: Vec<&String> =
            authorized.iter().filter(|network| !inside.contains(&cidr::parse(network))).collect();
        Self {
            client_cidr: spec.client_cidr.0.clone(),
            server_certificate: server_certificate.0.clone(),
            client_ca_certificate: text(client_ca_certificate),
            saml_provider: text(saml_provider),
            self_service_provider: text(self_service_provider),
            split_tunnel: spec.split_tunnel,
            session_hours: spec.session_hours,
            log_group: spec.log_connections.then(|| basis.names.log_group("vpn-connections")),
            authorizations: authorizations(&authorized),
            routes: routes(&outside, &associations),
            associations,
            constant_tags: tags.constant("client-vpn"),
        }
    }
}

/// One after the other. EC2 takes ten changes of an endpoint at a time and refuses the next with
/// `ConcurrentMutationLimitExceeded`, which fails the stack; CloudFormation starts all that it can at once.
/// <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/limits.html>
fn authorizations(networks: &[String]) -> Vec<Authorization> {
    let id = |network: &String| format!("ClientVpnTo{}", letters(network));
    let before = std::iter::once(None).chain(networks.iter().map(|network| Some(id(network))));
    let each = networks.iter().zip(before);
    each.map(|(network, after)| Authorization { id: id(network), cidr: network.clone(), after }).collect()
}

/// One after the other through each subnet: with at most four subnets and the authorizations, never more than five
/// changes at a time. See [`authorizations`].
fn routes(networks: &[&String], associations: &[Association]) -> Vec<Route> {
    let id = |network: &str, subnet: usize| format!("ClientVpnRoute{}Via{}", letters(network), subnet + 1);
    let mut routes = Vec::new();
    for (index, network) in networks.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| networks.get(before));
        for Association { id: association, subnet } in associations {
            routes.push(Route {
                id: id(network, *subnet),
                cidr: (*network).clone(),
                subnet: *subnet,
                after: before.map_or_else(|| association.clone(), |before| id(before, *subnet)),
            });
        }
    }
    routes
}

/// The networks that VPN clients may reach, each once; `vpc` is the VPC's own.
pub fn authorized(vpn: &ClientVpnSpec, vpc: &str) -> Vec<String> {
    let mut networks: Vec<String> = Vec::new();
    for entry in &vpn.authorize {
        let network = if entry == "vpc" { vpc.to_owned() } else { entry.clone() };
        if !networks.contains(&network) {
            networks.push(network);
        }
    }
    networks
}

/// Whether an instance type has an AWS Graviton processor: the family's attributes, after its generation, have a `g`
/// (`t4g`, `im4gn`, `x2gd`), or it is the first of them, `a1`.
/// <https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html>
pub fn is_graviton(instance_type: &str) -> bool {
    let family = instance_type.split('.').next().unwrap_or_default();
    let attributes =
        family.trim_start_matches(|c: char| !c.is_ascii_digit()).trim_start_matches(|c: char| c.is_ascii_digit());
    family == "a1" || attributes.split('-').next().is_some_and(|attributes| attributes.contains('g'))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Model;
    use crate::model::testing::spec;

    const SERVER: &str = "arn:aws:acm:us-east-1:111122223333:certificate/server";
    const CLIENT: &str = "arn:aws:acm:us-east-1:111122223333:certificate/client";

    fn vpn(changes: Value) -> ClientVpn {
        let mut vpn = json!({
            "client_cidr": "172.16.0.0/22",
            "authentication": {"mutual": {"server_certificate": SERVER, "client_ca_certificate": CLIENT}}
        });
        vpn.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let spec = spec(json!({"access": {"client_vpn": vpn}, "tags": {"team": "platform"}}));
        Model::new(&spec, None).access.unwrap().client_vpn.unwrap()
    }

    #[test]
    fn without_a_way_in_there_is_no_stack() {
        assert_eq!(Model::new(&spec(json!({})), None).access, None);
    }

    #[test]
    fn the_server_and_the_clients_have_different_certificates() {
        let vpn = vpn(json!({}));
        assert_eq!(vpn.server_certificate, SERVER);
        assert_eq!(vpn.client_ca_certificate.as_deref(), Some(CLIENT));
    }

    #[test]
    fn clients_reach_the_vpc_and_nothing_else_by_default() {
        let vpn = vpn(json!({}));
        assert_eq!(vpn.authorizations.iter().map(|rule| rule.cidr.as_str()).collect::<Vec<_>>(), ["10.40.0.0/16"]);
        assert!(vpn.routes.is_empty());
    }

    #[test]
    fn the_vpn_is_associated_with_every_private_subnet() {
        assert_eq!(vpn(json!({})).associations.len(), 2);
    }

    #[test]
    fn a_network_outside_the_vpc_has_a_route_through_each_subnet() {
        let vpn = vpn(json!({"authorize": ["vpc", "10.40.3.0/24", "192.168.0.0/16"]}));
        let routes: Vec<_> = vpn.routes.iter().map(|route| (route.cidr.as_str(), route.subnet)).collect();
        assert_eq!(routes, [("192.168.0.0/16", 0), ("192.168.0.0/16", 1)]);
    }

    #[test]
    fn an_endpoint_is_changed_in_few_places_at_a_time() {
        let vpn = vpn(json!({"authorize": ["vpc", "192.168.0.0/16", "192.169.0.0/16"]}));
        let after: Vec<_> = vpn.authorizations.iter().map(|rule| rule.after.as_deref()).collect();
        assert_eq!(after, [None, Some("ClientVpnTo10x40x0x0m16"), Some("ClientVpnTo192x168x0x0m16")]);
        let after: Vec<_> = vpn.routes.iter().map(|route| route.after.as_str()).collect();
        let second = ["ClientVpnRoute192x168x0x0m16Via1", "ClientVpnRoute192x168x0x0m16Via2"];
        assert_eq!(after, [["ClientVpnSubnet1", "ClientVpnSubnet2"], second].concat());
    }

    #[test]
    fn the_portal_needs_a_saml_provider() {
        assert_eq!(vpn(json!({})).self_service_provider, None);
        let saml = json!({"saml": {"server_certificate": SERVER, "provider": "arn:aws:iam::111122223333:saml-provider/a",
            "self_service_provider": "arn:aws:iam::111122223333:saml-provider/b"}});
        let vpn = vpn(json!({"authentication": saml}));
        assert_eq!(vpn.self_service_provider.as_deref(), Some("arn:aws:iam::111122223333:saml-provider/b"));
        assert_eq!(vpn.client_ca_certificate, None);
    }

    #[test]
    fn a_users_tag_is_never_on_the_endpoint() {
        assert!(vpn(json!({})).constant_tags.iter().all(|tag| tag.key != "team"));
    }

    #[test]
    fn graviton_is_read_from_the_family() {
        for name in ["t4g.nano", "m7g.large", "c7gn.medium", "im4gn.large", "x2gd.medium", "a1.medium", "g5g.xlarge"] {
            assert!(is_graviton(name), "{name}");
        }
        for name in ["t3.nano", "m7i.large", "g5.xlarge", "g4dn.xlarge", "c7i-flex.large", "u-6tb1.metal", "m5.large"] {
            assert!(!is_graviton(name), "{name}");
        }
    }
}
