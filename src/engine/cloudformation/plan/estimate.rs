//! How long a stack will take: the longest path through its resources.

use std::collections::BTreeMap;

use crate::cfn::graph::Graph;
use crate::cfn::template::Template;
use crate::plan::{Action, Change};

/// Seconds to create and to update a resource: averages over many stacks, published with the tool `rain`
/// (aws-cloudformation/rain, `estimate.go`). What is not listed takes a few seconds.
const SECONDS: &[(&str, u64, u64)] = &[
    ("AWS::EC2::ClientVpnTargetNetworkAssociation", 463, 463),
    ("AWS::EC2::ClientVpnAuthorizationRule", 240, 240),
    ("AWS::EC2::ClientVpnRoute", 37, 1),
    ("AWS::EC2::ClientVpnEndpoint", 3, 2),
    ("AWS::EC2::NatGateway", 106, 5),
    ("AWS::EC2::VPCEndpoint", 47, 11),
    ("AWS::ECS::Service", 119, 71),
    ("AWS::EKS::Addon", 15, 9),
    ("AWS::EKS::Cluster", 544, 285),
    ("AWS::EKS::Nodegroup", 160, 671),
    ("AWS::ElastiCache::ReplicationGroup", 712, 208),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", 116, 2),
    ("AWS::RDS::DBCluster", 222, 62),
    ("AWS::RDS::DBInstance", 595, 171),
    ("AWS::RDS::DBProxy", 225, 63),
    ("AWS::RDS::DBProxyTargetGroup", 85, 4),
    ("AWS::WAFv2::WebACL", 7, 9),
    ("AWS::WAFv2::WebACLAssociation", 5, 1),
];

/// Seconds for a type that is not listed.
const OTHER: u64 = 3;

/// Seconds that the rows of one stack are expected to take.
pub(super) fn seconds(rows: &[Change], template: &Template) -> u64 {
    let own: BTreeMap<&str, u64> =
        rows.iter().map(|row| (row.address.rsplit('/').next().unwrap_or(&row.address), of_row(row))).collect();
    let graph = Graph::of(template);
    let mut ends: BTreeMap<&str, u64> = BTreeMap::new();
    // Without an order, the slowest one is the best guess.
    for id in graph.topological().unwrap_or_default() {
        let start = graph.dependencies(id).filter_map(|need| ends.get(need)).max().copied().unwrap_or(0);
        ends.insert(id, start + own.get(id).copied().unwrap_or(0));
    }
    let alone = own.values().max().copied().unwrap_or(0);
    ends.values().max().copied().unwrap_or(0).max(alone)
}

fn of_row(row: &Change) -> u64 {
    let known = SECONDS.iter().find(|(name, ..)| *name == row.resource_type);
    let (create, update) = known.map_or((OTHER, OTHER), |(_, create, update)| (*create, *update));
    match row.kind() {
        // Nothing is known about deletions; the slow ones take about as long as they took to make.
        Action::Create | Action::Delete => create,
        Action::Update => update,
        Action::Replace => create + OTHER,
        Action::NoOp => 0,
    }
}
