//! Route tables.

use serde_json::{Value, json};

use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::select::{Kind, describe};
use super::{all, list, tag_set};

const ROUTE_TABLE: Kind = Kind {
    set: "routeTableSet",
    ids: "RouteTableId",
    key: "routeTableId",
    code: "InvalidRouteTableID.NotFound",
    missing: "The routeTable ID '{}' does not exist",
};

/// A route's targets: CloudFormation's property and EC2's member.
const TARGETS: [(&str, &str); 6] = [
    ("GatewayId", "gatewayId"),
    ("NatGatewayId", "natGatewayId"),
    ("TransitGatewayId", "transitGatewayId"),
    ("VpcPeeringConnectionId", "vpcPeeringConnectionId"),
    ("NetworkInterfaceId", "networkInterfaceId"),
    ("InstanceId", "instanceId"),
];

pub(super) fn describe_route_tables(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let items = all(world, request, "AWS::EC2::RouteTable")
        .into_iter()
        .map(|table| table_json(world, request, table))
        .collect();
    describe(request, &ROUTE_TABLE, items)
}

fn table_json(world: &World, request: &Request<'_>, table: &Resource) -> Value {
    let id = table.identifier.as_str();
    let vpc = table.text("VpcId").unwrap_or_default();
    let block = world
        .resource(&request.identity.account, request.region, "AWS::EC2::VPC", vpc)
        .and_then(|vpc| vpc.text("CidrBlock").map(str::to_owned));
    let mut routes = vec![json!({
        "destinationCidrBlock": block,
        "gatewayId": "local",
        "state": "active",
        "origin": "CreateRouteTable",
    })];
    for route in
        all(world, request, "AWS::EC2::Route").into_iter().filter(|route| route.text("RouteTableId") == Some(id))
    {
        let mut entry = json!({
            "destinationCidrBlock": route.text("DestinationCidrBlock"),
            "destinationIpv6CidrBlock": route.text("DestinationIpv6CidrBlock"),
            "destinationPrefixListId": route.text("DestinationPrefixListId"),
            "state": "active",
            "origin": "CreateRoute",
        });
        for (property, member) in TARGETS {
            if let Some(target) = route.text(property) {
                entry[member] = json!(target);
            }
        }
        routes.push(entry);
    }
    // A gateway endpoint writes its route by itself.
    for endpoint in all(world, request, "AWS::EC2::VPCEndpoint") {
        if list(endpoint, "RouteTableIds").iter().any(|table| table == id) {
            let service = endpoint.text("ServiceName").unwrap_or_default();
            routes.push(json!({
                "destinationPrefixListId": format!("pl-{}", world.stable_token(&["prefix-list", service], 8)),
                "gatewayId": endpoint.identifier,
                "state": "active",
                "origin": "CreateRoute",
            }));
        }
    }
    let associations: Vec<Value> = all(world, request, "AWS::EC2::SubnetRouteTableAssociation")
        .into_iter()
        .filter(|association| association.text("RouteTableId") == Some(id))
        .map(|association| {
            json!({
                "routeTableAssociationId": association.identifier,
                "routeTableId": id,
                "subnetId": association.text("SubnetId"),
                "main": false,
                "associationState": {"state": "associated"},
            })
        })
        .collect();
    json!({
        "routeTableId": id,
        "vpcId": vpc,
        "ownerId": request.identity.account,
        "routeSet": routes,
        "associationSet": associations,
        "propagatingVgwSet": [],
        "tagSet": tag_set(table),
    })
}
