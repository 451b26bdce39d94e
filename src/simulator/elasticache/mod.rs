//! ElastiCache: which engine versions and node types a region offers, and the replication groups, users and groups of users
//! that stacks made.
//!
//! Reservations have no prices, nothing can be reserved, and no version is said to be the default.

mod catalogue;
mod groups;
mod users;

use serde_json::{Value, json};

use self::catalogue::{ENGINES, FAMILIES, Family};
use super::protocol::service::{Lists, unknown_action};
use super::records::{invalid, records};
use super::request::{Fault, Reply, Request};
use super::world::World;
use crate::hexadecimal;

/// What the items of lists are called, by the API's model.
pub const LISTS: Lists = Lists::Named(&[
    ("CacheClusters", "CacheCluster"),
    ("CacheEngineVersions", "CacheEngineVersion"),
    ("CacheNodes", "CacheNode"),
    ("LogDeliveryConfigurations", "LogDeliveryConfiguration"),
    ("MemberClusters", "ClusterId"),
    ("NodeGroupMembers", "NodeGroupMember"),
    ("NodeGroups", "NodeGroup"),
    ("RecurringCharges", "RecurringCharge"),
    ("ReplicationGroups", "ReplicationGroup"),
    ("ReservedCacheNodesOfferings", "ReservedCacheNodesOffering"),
]);

/// The largest page of the service's lists.
const MAXIMUM_RECORDS: i64 = 100;

/// How long a reservation may be, in seconds: one year and three, of 365 days.
const DURATIONS: [u32; 2] = [31_536_000, 94_608_000];

/// Answers an ElastiCache call.
pub fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    match request.action {
        "DescribeCacheClusters" => groups::describe_clusters(world, request),
        "DescribeCacheEngineVersions" => describe_engine_versions(world, request),
        "DescribeReplicationGroups" => groups::describe_groups(world, request),
        "DescribeUserGroups" => users::describe_groups(world, request),
        "DescribeUsers" => users::describe_users(world, request),
        "ModifyReplicationGroup" => groups::modify_group(world, request),
        "ModifyUser" => users::modify_user(world, request),
        "ModifyUserGroup" => users::modify_group(world, request),
        "DescribeReservedCacheNodesOfferings" => describe_offerings(world, request),
        _ => Err(unknown_action(request)),
    }
}

fn describe_engine_versions(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    if request.flag("DefaultOnly") == Some(true) {
        return Err(invalid("gwinfra's simulator does not know which version is the default"));
    }
    let (engine, version) = (request.text("Engine"), request.text("EngineVersion"));
    let family = request.text("CacheParameterGroupFamily");
    let is = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
    let all = ENGINES.iter().flat_map(|engine| engine.versions.iter().map(move |version| (engine, version)));
    let found: Vec<Value> = all
        .filter(|(one, (number, group))| is(&engine, one.name) && is(&version, number) && is(&family, group))
        .filter(|(one, (number, _))| world.scenario.is_offered(request.region, &format!("{} {number}", one.name)))
        .map(|(one, (number, group))| {
            json!({
                "Engine": one.name,
                "EngineVersion": number,
                "CacheParameterGroupFamily": group,
                "CacheEngineDescription": one.title,
                "CacheEngineVersionDescription": format!("{} version {number}", one.name),
            })
        })
        .collect();
    records(request, "CacheEngineVersions", MAXIMUM_RECORDS, found)
}

fn describe_offerings(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let id = request.text("ReservedCacheNodesOfferingId");
    let duration = request.text("Duration").map(|duration| seconds(&duration)).transpose()?;
    let (node_type, kind) = (request.text("CacheNodeType"), request.text("OfferingType"));
    let product = request.text("ProductDescription");
    let is = |wanted: &Option<String>, found: &Value| wanted.as_deref().is_none_or(|wanted| found == wanted);
    let found: Vec<Value> = FAMILIES
        .iter()
        .flat_map(|family| family.sizes.iter().map(move |size| (family, format!("cache.{}.{size}", family.name))))
        .filter(|(_, name)| node_type.as_deref().is_none_or(|wanted| wanted == name))
        .filter(|(_, name)| world.scenario.is_offered(request.region, name))
        .flat_map(|(family, name)| offerings(request.region, family, &name))
        .filter(|one| duration.is_none_or(|wanted| one["Duration"] == wanted))
        .filter(|one| is(&kind, &one["OfferingType"]) && is(&product, &one["ProductDescription"]))
        .filter(|one| is(&id, &one["ReservedCacheNodesOfferingId"]))
        .collect();
    if let Some(id) = id.filter(|_| found.is_empty()) {
        let message = format!("ReservedCacheNodesOffering not found: {id}");
        return Err(Fault::new("ReservedCacheNodesOfferingNotFound", message).with_status(404));
    }
    records(request, "ReservedCacheNodesOfferings", MAXIMUM_RECORDS, found)
}

/// A duration in years or seconds, as seconds.
fn seconds(duration: &str) -> Result<u32, Fault> {
    match duration {
        "1" | "31536000" => Ok(DURATIONS[0]),
        "3" | "94608000" => Ok(DURATIONS[1]),
        other => Err(invalid(format!("Invalid value for Duration: {other}"))),
    }
}

/// Everything in which a node type is reserved.
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.Reserved.html>
fn offerings(region: &str, family: &Family, node_type: &str) -> Vec<Value> {
    let (kinds, products): (&[&str], &[&str]) = if family.legacy {
        (&["Heavy Utilization"], &["memcached", "redis"])
    } else {
        (&["All Upfront", "No Upfront", "Partial Upfront"], &["memcached", "redis", "valkey"])
    };
    let mut all = Vec::new();
    for duration in DURATIONS {
        for kind in kinds {
            for product in products {
                all.push(json!({
                    "ReservedCacheNodesOfferingId": offering_id(&[region, node_type, &duration.to_string(), kind, product]),
                    "CacheNodeType": node_type,
                    "Duration": duration,
                    "FixedPrice": 0,
                    "UsagePrice": 0,
                    "ProductDescription": product,
                    "OfferingType": kind,
                    "RecurringCharges": [],
                }));
            }
        }
    }
    all
}

/// An id in the form of AWS's, the same for the same offering.
fn offering_id(parts: &[&str]) -> String {
    let digits = hexadecimal::sha256(parts.join("|"));
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}
