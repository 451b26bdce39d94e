//! Changes of Client VPN that EC2 makes at once. On AWS each takes a while, and some answer that they have begun.

use serde_json::{Map, Value, json};

use super::super::request::{Fault, Reply, Request, scalar};
use super::super::resource::Resource;
use super::super::world::World;
use super::client_vpn::{ASSOCIATION, ENDPOINT, ROUTE, RULE, of_endpoint, required};

const SUBNET: &str = "AWS::EC2::Subnet";

/// A parameter that a call must have.
fn needed(request: &Request<'_>, name: &str) -> Result<String, Fault> {
    request
        .text(name)
        .ok_or_else(|| Fault::new("MissingParameter", format!("The request must contain the parameter {name}")))
}

fn begun(code: &str) -> Value {
    json!({"status": {"code": code}})
}

/// An object of the members that are there.
fn object(members: Value) -> Value {
    match members {
        Value::Object(members) => Value::Object(members.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        other => other,
    }
}

fn put(world: &mut World, request: &Request<'_>, type_name: &str, identifier: &str, properties: Value) {
    let resource = Resource::new(type_name, identifier, properties, world.now());
    world.put(&request.identity.account, request.region, resource);
}

fn subnet<'a>(world: &'a World, request: &Request<'_>, id: &str) -> Result<&'a Resource, Fault> {
    let found = world.resource(&request.identity.account, request.region, SUBNET, id);
    found.ok_or_else(|| Fault::new("InvalidClientVpnSubnetId.NotFound", format!("Subnet {id} does not exist")))
}

pub(super) fn associate(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let endpoint = required(world, request)?;
    let id = needed(request, "SubnetId")?;
    let zone = subnet(world, request, &id)?.text("AvailabilityZone");
    for own in of_endpoint(world, request, ASSOCIATION, &endpoint).filter_map(|one| one.text("SubnetId")) {
        if own == id {
            let message = format!("Endpoint {endpoint} is already associated with subnet {id}");
            return Err(Fault::new("InvalidClientVpnDuplicateAssociationException", message));
        }
        if zone.is_some() && subnet(world, request, own).is_ok_and(|own| own.text("AvailabilityZone") == zone) {
            let message = format!("Endpoint {endpoint} is already associated with another subnet in the zone of {id}");
            return Err(Fault::new("InvalidClientVpnSubnetId.DuplicateAz", message));
        }
    }
    let association = world.new_id("cvpn-assoc");
    let properties = json!({"Id": association, "ClientVpnEndpointId": endpoint, "SubnetId": id});
    put(world, request, ASSOCIATION, &association, properties);
    Ok(json!({"associationId": association, "status": {"code": "associating"}}))
}

pub(super) fn disassociate(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let endpoint = required(world, request)?;
    let id = needed(request, "AssociationId")?;
    let is_it = |one: &&Resource| one.text("Id").unwrap_or(&one.physical_id) == id;
    let own = of_endpoint(world, request, ASSOCIATION, &endpoint).find(is_it);
    let own = own.map(|one| one.identifier.clone()).ok_or_else(|| {
        let message = format!("Association {id} of endpoint {endpoint} does not exist");
        Fault::new("InvalidClientVpnAssociationIdNotFound", message)
    })?;
    world.remove(&request.identity.account, request.region, ASSOCIATION, &own);
    Ok(json!({"associationId": id, "status": {"code": "disassociating"}}))
}

/// The rule of an endpoint for a network and a group, or for everybody.
fn rule(world: &World, request: &Request<'_>, endpoint: &str, network: &str, group: Option<&str>) -> Option<String> {
    let is_it = |one: &&Resource| one.text("TargetNetworkCidr") == Some(network) && one.text("AccessGroupId") == group;
    of_endpoint(world, request, RULE, endpoint).find(is_it).map(|one| one.identifier.clone())
}

pub(super) fn authorize(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let endpoint = required(world, request)?;
    let network = needed(request, "TargetNetworkCidr")?;
    let group = request.text("AccessGroupId");
    let is_for_all = request.flag("AuthorizeAllGroups") == Some(true);
    if group.is_some() == is_for_all {
        let message = "Exactly one of AccessGroupId and AuthorizeAllGroups must be given";
        return Err(Fault::new("InvalidParameterCombination", message));
    }
    if rule(world, request, &endpoint, &network, group.as_deref()).is_some() {
        let message = format!("Endpoint {endpoint} already has this rule for {network}");
        return Err(Fault::new("InvalidClientVpnDuplicateAuthorizationRule", message));
    }
    let id = format!("{endpoint}|{network}|{}", group.as_deref().unwrap_or("*"));
    let properties = object(json!({
        "ClientVpnEndpointId": endpoint,
        "TargetNetworkCidr": network,
        "AccessGroupId": group,
        "AuthorizeAllGroups": is_for_all,
        "Description": request.text("Description"),
    }));
    put(world, request, RULE, &id, properties);
    Ok(begun("authorizing"))
}

pub(super) fn revoke(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let endpoint = required(world, request)?;
    let network = needed(request, "TargetNetworkCidr")?;
    let group = request.text("AccessGroupId");
    let own = rule(world, request, &endpoint, &network, group.as_deref()).ok_or_else(|| {
        let message = format!("Endpoint {endpoint} has no such rule for {network}");
        Fault::new("InvalidClientVpnEndpointAuthorizationRuleNotFound", message)
    })?;
    world.remove(&request.identity.account, request.region, RULE, &own);
    Ok(begun("revoking"))
}

/// The route of an endpoint to a network through a subnet, or through any.
fn route(world: &World, request: &Request<'_>, endpoint: &str, network: &str, subnet: Option<&str>) -> Option<String> {
    let is_it = |one: &&Resource| {
        one.text("DestinationCidrBlock") == Some(network)
            && subnet.is_none_or(|subnet| one.text("TargetVpcSubnetId") == Some(subnet))
    };
    of_endpoint(world, request, ROUTE, endpoint).find(is_it).map(|one| one.identifier.clone())
}

pub(super) fn create_route(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let endpoint = required(world, request)?;
    let (network, subnet) = (needed(request, "DestinationCidrBlock")?, needed(request, "TargetVpcSubnetId")?);
    let is_associated =
        of_endpoint(world, request, ASSOCIATION, &endpoint).any(|one| one.text("SubnetId") == Some(&subnet));
    if !is_associated {
        let message = format!("Endpoint {endpoint} is not associated with subnet {subnet}");
        return Err(Fault::new("InvalidClientVpnActiveAssociationNotFound", message));
    }
    if route(world, request, &endpoint, &network, Some(&subnet)).is_some() {
        let message = format!("Endpoint {endpoint} already has a route to {network} through {subnet}");
        return Err(Fault::new("InvalidClientVpnDuplicateRoute", message));
    }
    let id = format!("{endpoint}|{network}|{subnet}");
    let properties = object(json!({
        "ClientVpnEndpointId": endpoint,
        "DestinationCidrBlock": network,
        "TargetVpcSubnetId": subnet,
        "Description": request.text("Description"),
    }));
    put(world, request, ROUTE, &id, properties);
    Ok(begun("creating"))
}

pub(super) fn delete_route(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let endpoint = required(world, request)?;
    let network = needed(request, "DestinationCidrBlock")?;
    let subnet = request.text("TargetVpcSubnetId");
    let own = route(world, request, &endpoint, &network, subnet.as_deref()).ok_or_else(|| {
        let message = format!("Endpoint {endpoint} has no such route to {network}");
        Fault::new("InvalidClientVpnRouteNotFound", message)
    })?;
    world.remove(&request.identity.account, request.region, ROUTE, &own);
    Ok(begun("deleting"))
}

pub(super) fn modify_endpoint(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let id = required(world, request)?;
    let now = world.now();
    let (account, region) = (&request.identity.account, request.region);
    if let Some(endpoint) = world.resource_mut(account, region, ENDPOINT, &id)
        && let Some(properties) = endpoint.properties.as_object_mut()
    {
        properties.extend(changes(request));
        endpoint.updated_at = now;
    }
    Ok(json!({"return": true}))
}

/// What a call changes of an endpoint, in CloudFormation's words.
fn changes(request: &Request<'_>) -> Map<String, Value> {
    let mut changes = Map::new();
    for name in ["Description", "SelfServicePortal", "ServerCertificateArn", "VpcId"] {
        changes.extend(request.text(name).map(|value| (name.to_owned(), json!(value))));
    }
    for name in ["DisconnectOnSessionTimeout", "SplitTunnel"] {
        changes.extend(request.flag(name).map(|value| (name.to_owned(), json!(value))));
    }
    for name in ["SessionTimeoutHours", "VpnPort"] {
        changes.extend(request.integer(name).map(|value| (name.to_owned(), json!(value))));
    }
    let groups = request.texts("SecurityGroupId");
    if !groups.is_empty() {
        changes.insert("SecurityGroupIds".into(), json!(groups));
    }
    if let Some(servers) = request.params.get("DnsServers") {
        let own = servers.get("CustomDnsServers").and_then(Value::as_array).into_iter().flatten().filter_map(scalar);
        let is_off = servers.get("Enabled").and_then(scalar).as_deref() == Some("false");
        changes.insert("DnsServers".into(), if is_off { json!([]) } else { own.collect::<Vec<_>>().into() });
    }
    for name in ["ClientLoginBannerOptions", "ConnectionLogOptions"] {
        if let Some(Value::Object(options)) = request.params.get(name) {
            let mut options = options.clone();
            if let Some(enabled) = options.get_mut("Enabled") {
                *enabled = json!(scalar(enabled).as_deref() == Some("true"));
            }
            changes.insert(name.into(), Value::Object(options));
        }
    }
    changes
}
