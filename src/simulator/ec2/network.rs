//! VPCs, subnets and gateways.

use serde_json::{Value, json};

use super::super::clock::iso8601;
use super::super::identity::partition;
use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::regions::zone_id;
use super::select::{Kind, describe};
use super::{all, tag_set};

const VPC: Kind = Kind {
    set: "vpcSet",
    ids: "VpcId",
    key: "vpcId",
    code: "InvalidVpcID.NotFound",
    missing: "The vpc ID '{}' does not exist",
};

pub(super) fn describe_vpcs(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let vpcs = all(world, request, "AWS::EC2::VPC");
    let secondary = all(world, request, "AWS::EC2::VPCCidrBlock");
    let items = vpcs
        .into_iter()
        .map(|vpc| {
            let blocks = secondary.iter().filter(|block| block.text("VpcId") == Some(vpc.identifier.as_str()));
            let blocks = std::iter::once(vpc).chain(blocks.copied());
            let associations: Vec<Value> = blocks
                .filter_map(|block| Some((block, block.text("CidrBlock")?)))
                .map(|(block, cidr)| {
                    let association = world.stable_token(&["vpc-cidr", &block.identifier], 17);
                    json!({
                        "cidrBlock": cidr,
                        "associationId": format!("vpc-cidr-assoc-{association}"),
                        "cidrBlockState": {"state": "associated"},
                    })
                })
                .collect();
            json!({
                "vpcId": vpc.identifier,
                "ownerId": request.identity.account,
                "state": "available",
                "cidrBlock": vpc.text("CidrBlock"),
                "cidrBlockAssociationSet": associations,
                "dhcpOptionsId": format!("dopt-{}", world.stable_token(&["dhcp", request.region], 17)),
                "instanceTenancy": vpc.text("InstanceTenancy").unwrap_or("default"),
                "isDefault": false,
                "tagSet": tag_set(vpc),
            })
        })
        .collect();
    describe(request, &VPC, items)
}

pub(super) fn describe_vpc_attribute(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let id = request.text("VpcId").unwrap_or_default();
    let vpc = world
        .resource(&request.identity.account, request.region, "AWS::EC2::VPC", &id)
        .ok_or_else(|| Fault::new(VPC.code, VPC.missing.replace("{}", &id)))?;
    let is_true = |name: &str, default: bool| match vpc.property(name) {
        Some(value) => json!(super::super::request::scalar(value).as_deref() == Some("true")),
        None => json!(default),
    };
    // A new VPC resolves names, and gives none to its instances.
    let (name, value) = match request.text("Attribute").as_deref() {
        Some("enableDnsHostnames") => ("enableDnsHostnames", is_true("EnableDnsHostnames", false)),
        Some("enableDnsSupport") => ("enableDnsSupport", is_true("EnableDnsSupport", true)),
        Some("enableNetworkAddressUsageMetrics") => ("enableNetworkAddressUsageMetrics", json!(false)),
        other => {
            let message = format!("Value ({}) for parameter attribute is invalid.", other.unwrap_or_default());
            return Err(Fault::new("InvalidParameterValue", message));
        }
    };
    Ok(json!({"vpcId": id, name: {"value": value}}))
}

const SUBNET: Kind = Kind {
    set: "subnetSet",
    ids: "SubnetId",
    key: "subnetId",
    code: "InvalidSubnetID.NotFound",
    missing: "The subnet ID '{}' does not exist",
};

/// The addresses that AWS keeps in every subnet.
const RESERVED_ADDRESSES: u64 = 5;

pub(super) fn describe_subnets(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let items = all(world, request, "AWS::EC2::Subnet")
        .into_iter()
        .map(|subnet| {
            let zone = subnet.text("AvailabilityZone").unwrap_or_default();
            let account = &request.identity.account;
            let id = &subnet.identifier;
            json!({
                "subnetId": id,
                "subnetArn": format!("arn:{}:ec2:{}:{account}:subnet/{id}", partition(request.region), request.region),
                "state": "available",
                "vpcId": subnet.text("VpcId"),
                "ownerId": account,
                "cidrBlock": subnet.text("CidrBlock"),
                "availableIpAddressCount": addresses(subnet).saturating_sub(RESERVED_ADDRESSES),
                "availabilityZone": zone,
                "availabilityZoneId": zone_id(request.region, zone),
                "defaultForAz": false,
                "mapPublicIpOnLaunch": subnet.property("MapPublicIpOnLaunch").cloned().unwrap_or(json!(false)),
                "assignIpv6AddressOnCreation": false,
                "ipv6CidrBlockAssociationSet": [],
                "tagSet": tag_set(subnet),
            })
        })
        .collect();
    describe(request, &SUBNET, items)
}

fn addresses(subnet: &Resource) -> u64 {
    let prefix = subnet.text("CidrBlock").and_then(|block| block.split_once('/')?.1.parse::<u32>().ok());
    1 << (32 - prefix.unwrap_or(32).min(32))
}

const INTERNET_GATEWAY: Kind = Kind {
    set: "internetGatewaySet",
    ids: "InternetGatewayId",
    key: "internetGatewayId",
    code: "InvalidInternetGatewayID.NotFound",
    missing: "The internetGateway ID '{}' does not exist",
};

pub(super) fn describe_internet_gateways(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let attachments = all(world, request, "AWS::EC2::VPCGatewayAttachment");
    let items = all(world, request, "AWS::EC2::InternetGateway")
        .into_iter()
        .map(|gateway| {
            let attached: Vec<Value> = attachments
                .iter()
                .filter(|attachment| attachment.text("InternetGatewayId") == Some(&gateway.identifier))
                .map(|attachment| json!({"vpcId": attachment.text("VpcId"), "state": "available"}))
                .collect();
            json!({
                "internetGatewayId": gateway.identifier,
                "ownerId": request.identity.account,
                "attachmentSet": attached,
                "tagSet": tag_set(gateway),
            })
        })
        .collect();
    describe(request, &INTERNET_GATEWAY, items)
}

const NAT_GATEWAY: Kind = Kind {
    set: "natGatewaySet",
    ids: "NatGatewayId",
    key: "natGatewayId",
    code: "NatGatewayNotFound",
    missing: "The Nat Gateway {} was not found",
};

pub(super) fn describe_nat_gateways(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let subnets = all(world, request, "AWS::EC2::Subnet");
    let addresses = all(world, request, "AWS::EC2::EIP");
    let items = all(world, request, "AWS::EC2::NatGateway")
        .into_iter()
        .map(|gateway| {
            let subnet = gateway.text("SubnetId");
            let vpc =
                subnets.iter().find(|one| Some(one.identifier.as_str()) == subnet).and_then(|one| one.text("VpcId"));
            let allocation = gateway.text("AllocationId");
            let address = addresses
                .iter()
                .find(|one| one.text("AllocationId").is_some() && one.text("AllocationId") == allocation);
            json!({
                "natGatewayId": gateway.identifier,
                "subnetId": subnet,
                "vpcId": vpc,
                "state": "available",
                "connectivityType": gateway.text("ConnectivityType").unwrap_or("public"),
                "createTime": iso8601(gateway.created_at),
                "natGatewayAddressSet": [{
                    "allocationId": allocation,
                    "publicIp": address.and_then(|address| address.text("PublicIp")),
                    "networkInterfaceId": gateway.text("EniId"),
                    "isPrimary": true,
                    "status": "succeeded",
                }],
                "tagSet": tag_set(gateway),
            })
        })
        .collect();
    describe(request, &NAT_GATEWAY, items)
}
