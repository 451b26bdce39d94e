//! EC2: networks, security groups and Client VPN, as the stacks made them.

mod addresses;
mod client_vpn;
mod client_vpn_changes;
mod endpoint_services;
mod endpoints;
mod network;
mod offerings;
pub mod regions;
mod routes;
pub mod security_groups;
mod select;

use serde_json::{Value, json};

use super::protocol::service::unknown_action;
use super::request::{Fault, Reply, Request};
use super::resource::Resource;
use super::world::World;

/// Answers an EC2 call.
pub fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    match request.action {
        "DescribeRegions" => regions::describe_regions(request),
        "DescribeAvailabilityZones" => regions::describe_availability_zones(request),
        "DescribeInstanceTypeOfferings" => offerings::describe_instance_type_offerings(world, request),
        "DescribeAddresses" => addresses::describe_addresses(world, request),
        "DescribeVpcs" => network::describe_vpcs(world, request),
        "DescribeVpcAttribute" => network::describe_vpc_attribute(world, request),
        "DescribeSubnets" => network::describe_subnets(world, request),
        "DescribeInternetGateways" => network::describe_internet_gateways(world, request),
        "DescribeNatGateways" => network::describe_nat_gateways(world, request),
        "DescribeRouteTables" => routes::describe_route_tables(world, request),
        "DescribeVpcEndpointServices" => endpoint_services::describe_vpc_endpoint_services(world, request),
        "DescribeVpcEndpoints" => endpoints::describe_vpc_endpoints(world, request),
        "DescribeSecurityGroups" => security_groups::describe(world, request),
        "DescribeSecurityGroupRules" => security_groups::describe_rules(world, request),
        "AuthorizeSecurityGroupIngress" => security_groups::authorize_ingress(world, request),
        "RevokeSecurityGroupIngress" => security_groups::revoke_ingress(world, request),
        "DescribeClientVpnEndpoints" => client_vpn::describe_endpoints(world, request),
        "DescribeClientVpnTargetNetworks" => client_vpn::describe_target_networks(world, request),
        "DescribeClientVpnAuthorizationRules" => client_vpn::describe_authorization_rules(world, request),
        "DescribeClientVpnRoutes" => client_vpn::describe_routes(world, request),
        "AssociateClientVpnTargetNetwork" => client_vpn_changes::associate(world, request),
        "DisassociateClientVpnTargetNetwork" => client_vpn_changes::disassociate(world, request),
        "AuthorizeClientVpnIngress" => client_vpn_changes::authorize(world, request),
        "RevokeClientVpnIngress" => client_vpn_changes::revoke(world, request),
        "CreateClientVpnRoute" => client_vpn_changes::create_route(world, request),
        "DeleteClientVpnRoute" => client_vpn_changes::delete_route(world, request),
        "ModifyClientVpnEndpoint" => client_vpn_changes::modify_endpoint(world, request),
        _ => Err(unknown_action(request)),
    }
}

/// The resources of a type in the caller's account and region.
fn all<'a>(world: &'a World, request: &Request<'_>, type_name: &'a str) -> Vec<&'a Resource> {
    let (account, region) = (&request.identity.account, request.region);
    world.resources_of(account, region, type_name).collect()
}

fn tag_set(resource: &Resource) -> Value {
    Value::Array(resource.tags().into_iter().map(|(key, value)| json!({"key": key, "value": value})).collect())
}

/// A list property, as the resources of a type have it.
fn list<'a>(resource: &'a Resource, property: &str) -> &'a [Value] {
    resource.property(property).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
