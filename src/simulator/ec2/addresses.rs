//! Elastic IP addresses.

use serde_json::{Value, json};

use super::super::request::{Fault, Reply, Request};
use super::super::world::World;
use super::select::{Kind, describe};
use super::{all, tag_set};

const ADDRESS: Kind = Kind {
    set: "addressesSet",
    ids: "AllocationId",
    key: "allocationId",
    code: "InvalidAllocationID.NotFound",
    missing: "The allocation ID '{}' does not exist",
};

pub(super) fn describe_addresses(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let gateways = all(world, request, "AWS::EC2::NatGateway");
    let items: Vec<Value> = all(world, request, "AWS::EC2::EIP")
        .into_iter()
        .map(|address| {
            let allocation = address.text("AllocationId");
            let user = gateways
                .iter()
                .find(|gateway| allocation.is_some() && gateway.text("AllocationId") == allocation)
                .map(|gateway| world.stable_token(&["eipassoc", &gateway.identifier], 17));
            json!({
                "publicIp": address.text("PublicIp"),
                "allocationId": allocation,
                "associationId": user.map(|token| format!("eipassoc-{token}")),
                "domain": "vpc",
                "publicIpv4Pool": "amazon",
                "networkBorderGroup": request.region,
                "tagSet": tag_set(address),
            })
        })
        .collect();
    describe(request, &ADDRESS, items)
}
