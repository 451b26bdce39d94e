//! VPC endpoints.

use serde_json::{Value, json};

use super::super::clock::iso8601;
use super::super::request::{Fault, Reply, Request};
use super::super::world::World;
use super::select::{Kind, describe};
use super::{all, list, tag_set};

const VPC_ENDPOINT: Kind = Kind {
    set: "vpcEndpointSet",
    ids: "VpcEndpointId",
    key: "vpcEndpointId",
    code: "InvalidVpcEndpointId.NotFound",
    missing: "The Vpc Endpoint Id '{}' does not exist",
};

pub(super) fn describe_vpc_endpoints(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let items = all(world, request, "AWS::EC2::VPCEndpoint")
        .into_iter()
        .map(|endpoint| {
            let groups: Vec<Value> = list(endpoint, "SecurityGroupIds")
                .iter()
                .map(|id| {
                    let group = id.as_str().and_then(|id| {
                        world.resource(&request.identity.account, request.region, "AWS::EC2::SecurityGroup", id)
                    });
                    json!({"groupId": id, "groupName": group.and_then(|group| group.text("GroupName"))})
                })
                .collect();
            let names: Vec<Value> =
                list(endpoint, "DnsEntries").iter().filter_map(Value::as_str).map(dns_entry).collect();
            json!({
                "vpcEndpointId": endpoint.identifier,
                "vpcEndpointType": endpoint.text("VpcEndpointType").unwrap_or("Gateway"),
                "vpcId": endpoint.text("VpcId"),
                "serviceName": endpoint.text("ServiceName"),
                "state": "available",
                "policyDocument": endpoint.property("PolicyDocument").map(|policy| match policy {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                }),
                "routeTableIdSet": list(endpoint, "RouteTableIds"),
                "subnetIdSet": list(endpoint, "SubnetIds"),
                "groupSet": groups,
                "privateDnsEnabled": endpoint.property("PrivateDnsEnabled").cloned().unwrap_or(json!(false)),
                "requesterManaged": false,
                "networkInterfaceIdSet": list(endpoint, "NetworkInterfaceIds"),
                "dnsEntrySet": names,
                "creationTimestamp": iso8601(endpoint.created_at),
                "ownerId": request.identity.account,
                "tagSet": tag_set(endpoint),
            })
        })
        .collect();
    describe(request, &VPC_ENDPOINT, items)
}

/// `ZONE:NAME`, as CloudFormation's attribute has it.
fn dns_entry(entry: &str) -> Value {
    match entry.split_once(':') {
        Some((zone, name)) => json!({"dnsName": name, "hostedZoneId": zone}),
        None => json!({"dnsName": entry}),
    }
}
