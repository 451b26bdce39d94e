//! Regions and availability zones.

use serde_json::{Value, json};

use super::super::identity::url_suffix;
use super::super::request::{Fault, Reply, Request};
use super::super::template::availability_zones;
use super::select::filters_hold;

/// The regions that every account has.
const ENABLED: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The regions that an account has to opt into.
const OPT_IN: [&str; 17] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

/// The regions of the other partitions.
const OTHER_PARTITIONS: [&str; 4] = ["us-gov-east-1", "us-gov-west-1", "cn-north-1", "cn-northwest-1"];

/// Whether there is such a region, in any partition.
pub fn exists(region: &str) -> bool {
    ENABLED.contains(&region) || OPT_IN.contains(&region) || OTHER_PARTITIONS.contains(&region)
}

pub(super) fn describe_regions(request: &Request<'_>) -> Result<Reply, Fault> {
    let wanted = request.texts("RegionName");
    if let Some(unknown) = wanted.iter().find(|name| !exists(name)) {
        return Err(Fault::new("InvalidParameterValue", format!("Invalid region name: {unknown}")));
    }
    let everything = request.flag("AllRegions") == Some(true) || !wanted.is_empty();
    let own = match url_suffix(request.region) {
        "amazonaws.com" if !request.region.starts_with("us-gov-") => {
            let always = ENABLED.iter().map(|name| (*name, "opt-in-not-required"));
            always.chain(OPT_IN.iter().map(|name| (*name, "not-opted-in"))).collect::<Vec<_>>()
        }
        _ => {
            let partition = request.region.get(..3).unwrap_or_default();
            let same = OTHER_PARTITIONS.iter().filter(|name| name.starts_with(partition));
            same.map(|name| (*name, "opt-in-not-required")).collect()
        }
    };
    let mut regions: Vec<Value> = own
        .into_iter()
        .filter(|(name, status)| everything || *status != "not-opted-in" || wanted.iter().any(|wanted| wanted == name))
        .filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name))
        .map(|(name, status)| {
            json!({
                "regionName": name,
                "regionEndpoint": format!("ec2.{name}.{}", url_suffix(name)),
                "optInStatus": status,
            })
        })
        .filter(|region| filters_hold(request, region))
        .collect();
    regions.sort_by_key(|region| region["regionName"].as_str().unwrap_or_default().to_owned());
    Ok(json!({"regionInfo": regions}))
}

pub(super) fn describe_availability_zones(request: &Request<'_>) -> Result<Reply, Fault> {
    let names = request.texts("ZoneName");
    let zones = availability_zones(request.region);
    if let Some(unknown) = names.iter().find(|name| !zones.contains(name)) {
        return Err(Fault::new("InvalidParameterValue", format!("Invalid availability zone: [{unknown}]")));
    }
    let items: Vec<Value> = zones
        .iter()
        .filter(|zone| names.is_empty() || names.contains(zone))
        .map(|zone| {
            json!({
                "zoneName": zone,
                "zoneId": zone_id(request.region, zone),
                "zoneState": "available",
                "state": "available",
                "regionName": request.region,
                "groupName": format!("{}-zg-1", request.region),
                "networkBorderGroup": request.region,
                "zoneType": "availability-zone",
                "optInStatus": "opt-in-not-required",
                "messageSet": [],
            })
        })
        .filter(|zone| filters_hold(request, zone))
        .collect();
    Ok(json!({"availabilityZoneInfo": items}))
}

/// `use1-az1` of `us-east-1a`. On AWS letters and numbers are paired differently in each account; here `a` is always 1.
pub(super) fn zone_id(region: &str, zone: &str) -> String {
    let mut short = String::new();
    for part in region.split('-') {
        short.push_str(match part {
            "gov" => "g",
            "east" => "e",
            "west" => "w",
            "north" => "n",
            "south" => "s",
            "central" => "c",
            "northeast" => "ne",
            "northwest" => "nw",
            "southeast" => "se",
            "southwest" => "sw",
            other => other,
        });
    }
    let letter = zone.bytes().last().unwrap_or(b'a');
    format!("{short}-az{}", letter.saturating_sub(b'a') + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_ids_are_short() {
        assert_eq!(zone_id("us-east-1", "us-east-1a"), "use1-az1");
        assert_eq!(zone_id("ap-northeast-2", "ap-northeast-2c"), "apne2-az3");
    }

    #[test]
    fn a_misspelt_region_does_not_exist() {
        assert!(exists("us-east-1"));
        assert!(!exists("us-east-9"));
    }
}
