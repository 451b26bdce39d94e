//! What EC2 tells of Client VPN: the only way to read it, since its types have no handlers for the Cloud Control API.

use serde_json::{Value, json};

use super::super::clock::iso8601;
use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::select::{Kind, describe, filters_hold, paged};
use super::{all, list, tag_set};

pub(super) const ENDPOINT: &str = "AWS::EC2::ClientVpnEndpoint";
pub(super) const ASSOCIATION: &str = "AWS::EC2::ClientVpnTargetNetworkAssociation";
pub(super) const RULE: &str = "AWS::EC2::ClientVpnAuthorizationRule";
pub(super) const ROUTE: &str = "AWS::EC2::ClientVpnRoute";

const KIND: Kind = Kind {
    set: "clientVpnEndpoint",
    ids: "ClientVpnEndpointId",
    key: "clientVpnEndpointId",
    code: "InvalidClientVpnEndpointId.NotFound",
    missing: "Endpoint {} does not exist",
};

pub(super) fn describe_endpoints(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let items =
        all(world, request, ENDPOINT).into_iter().map(|endpoint| endpoint_json(world, request, endpoint)).collect();
    describe(request, &KIND, items)
}

fn endpoint_json(world: &World, request: &Request<'_>, endpoint: &Resource) -> Value {
    let associated = of_endpoint(world, request, ASSOCIATION, &endpoint.identifier).next().is_some();
    let state = if associated { "available" } else { "pending-associate" };
    let member = |name: &str, default: Value| endpoint.property(name).cloned().unwrap_or(default);
    let authentication: Vec<Value> = list(endpoint, "AuthenticationOptions").iter().map(authentication).collect();
    // Tags are part of the endpoint's TagSpecifications; a template has no other place for them.
    let tags: Vec<Value> = list(endpoint, "TagSpecifications")
        .iter()
        .flat_map(|specification| specification.get("Tags").and_then(Value::as_array).into_iter().flatten())
        .map(|tag| json!({"key": tag.get("Key"), "value": tag.get("Value")}))
        .chain(endpoint.stack_tags().into_iter().map(|(key, value)| json!({"key": key, "value": value})))
        .collect();
    let own_tags = tag_set(endpoint);
    json!({
        "clientVpnEndpointId": endpoint.identifier,
        "description": endpoint.text("Description"),
        "status": {"code": state},
        "creationTime": iso8601(endpoint.created_at),
        "dnsName": format!("*.{}.prod.clientvpn.{}.amazonaws.com", endpoint.identifier, request.region),
        "clientCidrBlock": endpoint.text("ClientCidrBlock"),
        "dnsServer": list(endpoint, "DnsServers"),
        "splitTunnel": member("SplitTunnel", json!(false)),
        "vpnProtocol": "openvpn",
        "transportProtocol": member("TransportProtocol", json!("udp")),
        "vpnPort": member("VpnPort", json!(443)),
        "serverCertificateArn": endpoint.text("ServerCertificateArn"),
        "authenticationOptions": authentication,
        "connectionLogOptions": {
            "Enabled": member("ConnectionLogOptions.Enabled", json!(false)),
            "CloudwatchLogGroup": endpoint.text("ConnectionLogOptions.CloudwatchLogGroup"),
            "CloudwatchLogStream": endpoint.text("ConnectionLogOptions.CloudwatchLogStream"),
        },
        "securityGroupIdSet": list(endpoint, "SecurityGroupIds"),
        "vpcId": endpoint.text("VpcId"),
        "selfServicePortalUrl": (endpoint.text("SelfServicePortal") == Some("enabled"))
            .then(|| format!("https://self-service.clientvpn.amazonaws.com/endpoints/{}", endpoint.identifier)),
        "sessionTimeoutHours": member("SessionTimeoutHours", json!(24)),
        "disconnectOnSessionTimeout": member("DisconnectOnSessionTimeout", json!(false)),
        "clientLoginBannerOptions": {
            "enabled": member("ClientLoginBannerOptions.Enabled", json!(false)),
            "bannerText": endpoint.text("ClientLoginBannerOptions.BannerText"),
        },
        "tagSet": if tags.is_empty() { own_tags } else { Value::Array(tags) },
    })
}

fn authentication(option: &Value) -> Value {
    let text = |path: &str| option.pointer(path).cloned().unwrap_or_default();
    match option.get("Type").and_then(Value::as_str) {
        Some("federated-authentication") => json!({
            "type": "federated-authentication",
            "federatedAuthentication": {
                "samlProviderArn": text("/FederatedAuthentication/SAMLProviderArn"),
                "selfServiceSamlProviderArn": text("/FederatedAuthentication/SelfServiceSAMLProviderArn"),
            },
        }),
        Some("directory-service-authentication") => json!({
            "type": "directory-service-authentication",
            "activeDirectory": {"directoryId": text("/ActiveDirectory/DirectoryId")},
        }),
        _ => json!({
            "type": "certificate-authentication",
            "mutualAuthentication": {
                "clientRootCertificateChain": text("/MutualAuthentication/ClientRootCertificateChainArn"),
            },
        }),
    }
}

pub(super) fn of_endpoint<'a>(
    world: &'a World,
    request: &Request<'_>,
    type_name: &'a str,
    endpoint: &str,
) -> impl Iterator<Item = &'a Resource> {
    let endpoint = endpoint.to_owned();
    all(world, request, type_name)
        .into_iter()
        .filter(move |resource| resource.text("ClientVpnEndpointId") == Some(&endpoint))
}

/// The endpoint that a call must name.
pub(super) fn required(world: &World, request: &Request<'_>) -> Result<String, Fault> {
    let id = request
        .text("ClientVpnEndpointId")
        .ok_or_else(|| Fault::new("MissingParameter", "The request must contain the parameter ClientVpnEndpointId"))?;
    match world.resource(&request.identity.account, request.region, ENDPOINT, &id) {
        Some(_) => Ok(id),
        None => Err(Fault::new(KIND.code, KIND.missing.replace("{}", &id))),
    }
}

fn listed(request: &Request<'_>, set: &str, items: impl Iterator<Item = Value>) -> Result<Reply, Fault> {
    paged(request, set, items.filter(|item| filters_hold(request, item)).collect())
}

pub(super) fn describe_target_networks(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let id = required(world, request)?;
    let endpoint = world.resource(&request.identity.account, request.region, ENDPOINT, &id);
    let groups = endpoint.map_or(&[][..], |endpoint| list(endpoint, "SecurityGroupIds"));
    let wanted = request.texts("AssociationIds");
    let items = of_endpoint(world, request, ASSOCIATION, &id)
        .filter(|association| wanted.is_empty() || wanted.contains(&association.identifier))
        .map(|association| {
            let subnet = association.text("SubnetId");
            let vpc = subnet
                .and_then(|subnet| {
                    world.resource(&request.identity.account, request.region, "AWS::EC2::Subnet", subnet)
                })
                .and_then(|subnet| subnet.text("VpcId"));
            json!({
                "associationId": association.text("Id").unwrap_or(&association.physical_id),
                "vpcId": vpc,
                "targetNetworkId": subnet,
                "clientVpnEndpointId": id,
                "status": {"code": "associated"},
                "securityGroups": groups,
            })
        });
    listed(request, "clientVpnTargetNetworks", items)
}

pub(super) fn describe_authorization_rules(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let id = required(world, request)?;
    let items = of_endpoint(world, request, RULE, &id).map(|rule| {
        json!({
            "clientVpnEndpointId": id,
            "description": rule.text("Description"),
            "groupId": rule.text("AccessGroupId"),
            "accessAll": rule.property("AuthorizeAllGroups").cloned().unwrap_or(json!(false)),
            "destinationCidr": rule.text("TargetNetworkCidr"),
            "status": {"code": "active"},
        })
    });
    listed(request, "authorizationRule", items)
}

pub(super) fn describe_routes(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let id = required(world, request)?;
    // An association brings the route to its VPC with it.
    let own = of_endpoint(world, request, ASSOCIATION, &id).map(|association| {
        let subnet = association.text("SubnetId");
        let (account, region) = (&request.identity.account, request.region);
        let block = subnet
            .and_then(|subnet| world.resource(account, region, "AWS::EC2::Subnet", subnet)?.text("VpcId"))
            .and_then(|vpc| world.resource(account, region, "AWS::EC2::VPC", vpc)?.text("CidrBlock"));
        json!({
            "clientVpnEndpointId": id,
            "destinationCidr": block,
            "targetSubnet": subnet,
            "type": "Nat",
            "origin": "associate",
            "status": {"code": "active"},
            "description": "Default Route",
        })
    });
    let added = of_endpoint(world, request, ROUTE, &id).map(|route| {
        json!({
            "clientVpnEndpointId": id,
            "destinationCidr": route.text("DestinationCidrBlock"),
            "targetSubnet": route.text("TargetVpcSubnetId"),
            "type": "Nat",
            "origin": "add-route",
            "status": {"code": "active"},
            "description": route.text("Description"),
        })
    });
    listed(request, "routes", own.chain(added))
}
