//! Client VPN, whose types have no handlers: EC2 reads it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::stack::{Read, ReadStack};
use crate::aws::ec2::Ec2;
use crate::drift::{Addition, Reader};
use crate::engine::EngineError;

/// The type of an endpoint.
pub(super) const ENDPOINT: &str = "AWS::EC2::ClientVpnEndpoint";
pub(super) const ASSOCIATION: &str = "AWS::EC2::ClientVpnTargetNetworkAssociation";
pub(super) const RULE: &str = "AWS::EC2::ClientVpnAuthorizationRule";
pub(super) const ROUTE: &str = "AWS::EC2::ClientVpnRoute";

/// What is read of an endpoint.
pub(super) const ENDPOINT_COVERED: [&str; 16] = [
    "AuthenticationOptions",
    "ClientCidrBlock",
    "ClientLoginBannerOptions",
    "ConnectionLogOptions",
    "Description",
    "DisconnectOnSessionTimeout",
    "DnsServers",
    "SecurityGroupIds",
    "SelfServicePortal",
    "ServerCertificateArn",
    "SessionTimeoutHours",
    "SplitTunnel",
    "TagSpecifications",
    "TransportProtocol",
    "VpcId",
    "VpnPort",
];
/// What is read of an association with a network.
pub(super) const ASSOCIATION_COVERED: [&str; 2] = ["ClientVpnEndpointId", "SubnetId"];
/// What is read of an authorization rule.
pub(super) const RULE_COVERED: [&str; 5] =
    ["AccessGroupId", "AuthorizeAllGroups", "ClientVpnEndpointId", "Description", "TargetNetworkCidr"];
/// What is read of a route.
pub(super) const ROUTE_COVERED: [&str; 4] =
    ["ClientVpnEndpointId", "Description", "DestinationCidrBlock", "TargetVpcSubnetId"];

/// The types that are read here.
pub(super) const TYPES: [&str; 4] = [ENDPOINT, ASSOCIATION, RULE, ROUTE];

/// What was read of Client VPN.
#[derive(Debug, Default)]
pub(super) struct Vpn {
    /// Resources by logical id.
    pub read: BTreeMap<String, Read>,
    /// What no template has: logical id of the endpoint, property, value, and what AWS calls it.
    pub more: Vec<(String, &'static str, Value, Addition)>,
}

/// Reads the endpoints of a stack, and what belongs to them.
pub(super) async fn read(ec2: &Ec2, stack: &ReadStack) -> Result<Vpn, EngineError> {
    let mut vpn = Vpn::default();
    let endpoints: Vec<(String, String)> =
        stack.of_type(ENDPOINT).map(|(logical, physical)| (logical.to_owned(), physical.to_owned())).collect();
    for (logical_id, id) in endpoints {
        let found = match ec2.client_vpn(&id).await {
            Ok(found) => found,
            Err(error) => {
                for (own, _) in TYPES.into_iter().flat_map(|kind| stack.of_type(kind)) {
                    vpn.read.insert(own.to_owned(), Read::Unread(error.to_string()));
                }
                continue;
            }
        };
        let one = |value: Option<&Value>| match value {
            Some(value) => Read::There(value.clone(), Reader::Ec2),
            None => Read::Gone(Reader::Ec2),
        };
        vpn.read.insert(logical_id.clone(), one(found.endpoint.as_ref()));
        let of_endpoint = |kind: &'static str| {
            let own = stack.of_type(kind).filter_map(|(own, physical)| Some((own, physical, stack.declared(own)?)));
            own.filter(|(_, _, declared)| declared.get("ClientVpnEndpointId") == Some(&json!(id)))
        };
        let mut associations: Vec<&(String, Value)> = found.associations.iter().collect();
        for (own, physical, _) in of_endpoint(ASSOCIATION) {
            let at = associations.iter().position(|(association, _)| association == physical);
            vpn.read.insert(own.to_owned(), one(at.map(|at| &associations.remove(at).1)));
        }
        let mut rules: Vec<&Value> = found.rules.iter().collect();
        for (own, _, declared) in of_endpoint(RULE) {
            let at = rules.iter().position(|rule| agree(rule, &declared, &["TargetNetworkCidr", "AccessGroupId"]));
            vpn.read.insert(own.to_owned(), one(at.map(|at| rules.remove(at))));
        }
        let mut routes: Vec<&Value> = found.routes.iter().collect();
        for (own, _, declared) in of_endpoint(ROUTE) {
            let at =
                routes.iter().position(|route| agree(route, &declared, &["DestinationCidrBlock", "TargetVpcSubnetId"]));
            vpn.read.insert(own.to_owned(), one(at.map(|at| routes.remove(at))));
        }
        let more = |property, value: &Value, addition| (logical_id.clone(), property, value.clone(), addition);
        vpn.more.extend(
            associations
                .into_iter()
                .map(|(association, network)| more("Associations", network, Addition::vpn_network(&id, association))),
        );
        vpn.more.extend(
            rules.into_iter().map(|rule| more("AuthorizationRules", rule, Addition::vpn_authorization(&id, rule))),
        );
        vpn.more.extend(routes.into_iter().map(|route| more("Routes", route, Addition::vpn_route(&id, route))));
    }
    Ok(vpn)
}

/// Whether two values have the same members of these names, absent ones included.
fn agree(one: &Value, other: &Value, names: &[&str]) -> bool {
    names.iter().all(|name| one.get(name) == other.get(name))
}
