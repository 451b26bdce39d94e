//! Subnets, routes, endpoints and firewall rules.

use serde_json::{Value as Json, json};

use super::Expectations;
use crate::model::Model;
use crate::model::firewall::Rule;
use crate::model::network::{NewVpc, Subnet, Zone};
use crate::model::reference::{attribute, reference};

const STACK: &str = "network";

pub(super) fn expect(model: &Model, said: &mut Expectations<'_>) {
    let network = &model.network;
    if let Some(vpc) = &network.create {
        let properties = json!({"CidrBlock": network.cidr, "EnableDnsSupport": true, "EnableDnsHostnames": true});
        said.expect(STACK, "Vpc", "AWS::EC2::VPC", properties);
        new_vpc(model, vpc, said);
    }
    let vpc = network.existing.as_ref().map_or_else(|| reference("Vpc"), |vpc| json!(vpc.id));
    if let Some(service) = &network.endpoints.s3 {
        let properties = json!({"VpcId": vpc, "ServiceName": service, "VpcEndpointType": "Gateway"});
        said.expect(STACK, "S3Endpoint", "AWS::EC2::VPCEndpoint", properties);
    }
    for endpoint in &network.endpoints.interface {
        let properties = json!({
            "VpcId": vpc,
            "ServiceName": endpoint.service_name,
            "VpcEndpointType": "Interface",
            "PrivateDnsEnabled": true,
            "SecurityGroupIds": [attribute("EndpointSecurityGroup", "GroupId")],
        });
        said.expect(STACK, &endpoint.id, "AWS::EC2::VPCEndpoint", properties);
        said.tags(STACK, &endpoint.id, &endpoint.tags);
    }
    for group in &network.firewall.groups {
        let properties = json!({"VpcId": vpc, "GroupDescription": group.description});
        said.expect(STACK, &group.id, "AWS::EC2::SecurityGroup", properties);
        said.tags(STACK, &group.id, &group.tags);
    }
    for rule in &network.firewall.ingress {
        said.expect(STACK, &rule.id, "AWS::EC2::SecurityGroupIngress", allowed(rule, "SourceSecurityGroupId"));
    }
    for rule in &network.firewall.egress {
        said.expect(STACK, &rule.id, "AWS::EC2::SecurityGroupEgress", allowed(rule, "DestinationSecurityGroupId"));
    }
}

fn new_vpc(model: &Model, vpc: &NewVpc, said: &mut Expectations<'_>) {
    for zone in &vpc.zones {
        let public = vpc.public.then_some((&zone.public, "PublicRouteTable"));
        let tiers =
            [public, Some((&zone.private, zone.private_routes.id.as_str())), Some((&zone.data, "DataRouteTable"))];
        for (subnet, routes) in tiers.into_iter().flatten() {
            expect_subnet(zone, subnet, routes, said);
        }
        if let Some(gateway) = &zone.nat_gateway {
            let properties = json!({
                "RouteTableId": reference(&zone.private_routes.id),
                "DestinationCidrBlock": "0.0.0.0/0",
                "NatGatewayId": reference(gateway),
            });
            said.expect(STACK, &zone.private_default_route, "AWS::EC2::Route", properties);
        }
    }
    for gateway in &vpc.nat_gateways {
        said.expect(STACK, &gateway.id, "AWS::EC2::NatGateway", json!({"SubnetId": reference(&gateway.subnet)}));
        said.tags(STACK, &gateway.id, &gateway.tags);
    }
    if let Some(logs) = &vpc.flow_logs {
        said.log_group(STACK, "FlowLogGroup", &logs.log_group, model.log_retention_days);
        said.expect(STACK, "FlowLogRole", "AWS::IAM::Role", json!({"RoleName": logs.role}));
        said.expect(STACK, "FlowLog", "AWS::EC2::FlowLog", json!({"TrafficType": "ALL", "MaxAggregationInterval": 60}));
    }
}

fn expect_subnet(zone: &Zone, subnet: &Subnet, routes: &str, said: &mut Expectations<'_>) {
    let place = zone.name.clone().unwrap_or_else(|| format!("${{zones.{}}}", zone.index));
    let properties = json!({
        "VpcId": reference("Vpc"),
        "CidrBlock": subnet.cidr,
        "AvailabilityZone": place,
        "MapPublicIpOnLaunch": false,
    });
    said.expect(STACK, &subnet.id, "AWS::EC2::Subnet", properties);
    said.tags(STACK, &subnet.id, &subnet.tags);
    let properties = json!({"SubnetId": reference(&subnet.id), "RouteTableId": reference(routes)});
    said.expect(STACK, &subnet.association, "AWS::EC2::SubnetRouteTableAssociation", properties);
}

/// A rule of a security group; `peer` is what the group at the other end is called.
fn allowed(rule: &Rule, peer: &str) -> Json {
    json!({
        "GroupId": attribute(&rule.group, "GroupId"),
        "Description": rule.description,
        "IpProtocol": rule.protocol,
        "FromPort": rule.ports.map(|ports| ports.0),
        "ToPort": rule.ports.map(|ports| ports.1),
        "CidrIp": rule.cidr,
        peer: rule.peer.as_ref().map(|group| attribute(group, "GroupId")),
    })
}
