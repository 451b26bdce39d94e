//! Which instance types a region offers.

use serde_json::{Value, json};

use super::super::request::{Fault, Reply, Request};
use super::super::template::availability_zones;
use super::super::world::World;
use super::regions::zone_id;
use super::select::{filters_hold, paged};

/// Families with the sizes that each comes in: those of general use in every commercial region.
/// <https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-regions.html>
const FAMILIES: &[(&[&str], &[&str])] = &[
    (&["t3", "t3a", "t4g"], &["nano", "micro", "small", "medium", "large", "xlarge", "2xlarge"]),
    (&["c5"], &["large", "xlarge", "2xlarge", "4xlarge", "9xlarge", "12xlarge", "18xlarge", "24xlarge"]),
    (&["m5", "r5"], &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"]),
    (
        &["c6g", "c7g", "m6g", "m7g", "r6g", "r7g"],
        &["medium", "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"],
    ),
    (
        &["c6i", "c7i", "m6i", "m7i", "r6i", "r7i"],
        &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"],
    ),
];

/// A zone that has only older ones.
const OLD_ZONE: &str = "us-east-1e";

pub(super) fn describe_instance_type_offerings(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let kind = request.text("LocationType").unwrap_or_else(|| "region".to_owned());
    if !["region", "availability-zone", "availability-zone-id"].contains(&kind.as_str()) {
        let message = format!("Value ({kind}) for parameter locationType is invalid.");
        return Err(Fault::new("InvalidParameterValue", message));
    }
    let mut zones = availability_zones(request.region);
    zones.retain(|zone| zone != OLD_ZONE);
    let types = FAMILIES.iter().flat_map(|(families, sizes)| {
        families.iter().flat_map(|family| sizes.iter().map(move |size| format!("{family}.{size}")))
    });
    let mut offerings: Vec<Value> = Vec::new();
    for name in types {
        let zones = world.scenario.offering(request.region, &name, zones.clone());
        let locations: Vec<String> = match kind.as_str() {
            "region" => zones.first().map(|_| request.region.to_owned()).into_iter().collect(),
            "availability-zone" => zones,
            _ => zones.iter().map(|zone| zone_id(request.region, zone)).collect(),
        };
        let of_type = locations
            .into_iter()
            .map(|location| json!({"instanceType": name, "locationType": kind, "location": location}));
        offerings.extend(of_type.filter(|offering| filters_hold(request, offering)));
    }
    paged(request, "instanceTypeOfferingSet", offerings)
}
