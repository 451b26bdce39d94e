//! How long a stack will take: the longest path through its resources.

use std::collections::BTreeMap;

use crate::cfn::graph::Graph;
use crate::cfn::template::Template;
use crate::plan::{Action, Change};
use crate::render::{Bundle, RenderedStack};

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
    longest(rows.iter().map(|row| (row.address.rsplit('/').next().unwrap_or(&row.address), of_row(row))), template)
}

/// Seconds that making everything of a bundle is expected to take: the stacks of the hub one after the other, accounts
/// beside them.
pub fn deployment_seconds(bundle: &Bundle) -> u64 {
    let of_stack = |stack: &RenderedStack| {
        let template = Template::parse(stack.template_path.as_str(), &stack.template).ok()?;
        let own: Vec<(&str, u64)> =
            template.resources().map(|resource| (resource.logical_id, of_type(resource.resource_type()).0)).collect();
        Some(longest(own.into_iter(), &template))
    };
    let (inside, outside): (Vec<_>, Vec<_>) =
        bundle.stacks.iter().partition(|stack| stack.target.account == bundle.deployment.hub.account);
    let inside: u64 = inside.into_iter().filter_map(of_stack).sum();
    inside.max(outside.into_iter().filter_map(of_stack).max().unwrap_or(0))
}

/// The longest path through resources that take so many seconds each.
fn longest<'a>(own: impl Iterator<Item = (&'a str, u64)>, template: &Template) -> u64 {
    let own: BTreeMap<&str, u64> = own.collect();
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

/// Seconds to create and to update a resource of a type.
fn of_type(name: &str) -> (u64, u64) {
    let known = SECONDS.iter().find(|(known, ..)| *known == name);
    known.map_or((OTHER, OTHER), |(_, create, update)| (*create, *update))
}

fn of_row(row: &Change) -> u64 {
    let (create, update) = of_type(&row.resource_type);
    match row.kind() {
        // Nothing is known about deletions; the slow ones take about as long as they took to make.
        Action::Create | Action::Delete => create,
        Action::Update => update,
        Action::Replace => create + OTHER,
        Action::NoOp => 0,
    }
}
