//! What a scenario takes away of what regions offer.

use serde::{Deserialize, Serialize};

use super::Scenario;
use crate::policy::matches;
use crate::simulator::template::availability_zones;

/// Something that a region does not offer, or that some of its zones do not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotOffered {
    /// Region.
    pub region: String,
    /// An instance type, instance class or node type (`cache.t4g.small`), an engine with its version (`valkey 8.0`), an
    /// instance class with both (`db.serverless aurora-postgresql 16.6`), or the service of an endpoint
    /// (`com.amazonaws.us-east-1.sts`). `*` at the end matches any rest.
    pub name: String,
    /// The zones that lack it; none: the whole region.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<String>,
}

impl NotOffered {
    /// The first of its zones that the region does not have.
    pub(super) fn stray_zone(&self) -> Option<&str> {
        let known = availability_zones(&self.region);
        self.zones.iter().find(|zone| !known.contains(zone)).map(String::as_str)
    }

    fn is_about(&self, region: &str, name: &str) -> bool {
        self.region == region && matches(&self.name, name)
    }
}

impl Scenario {
    /// Whether the region has it at all.
    pub(crate) fn is_offered(&self, region: &str, name: &str) -> bool {
        !self.not_offered.iter().any(|entry| entry.zones.is_empty() && entry.is_about(region, name))
    }

    /// Those of the zones that have it.
    pub(crate) fn offering(&self, region: &str, name: &str, mut zones: Vec<String>) -> Vec<String> {
        for entry in self.not_offered.iter().filter(|entry| entry.is_about(region, name)) {
            zones.retain(|zone| !entry.zones.is_empty() && !entry.zones.contains(zone));
        }
        zones
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(entry: &str) -> Scenario {
        Scenario::parse(&format!("not_offered: [{entry}]")).unwrap()
    }

    #[test]
    fn what_is_taken_away_is_gone_in_that_region_only() {
        let scenario = scenario("{region: us-east-1, name: db.serverless}");
        assert!(!scenario.is_offered("us-east-1", "db.serverless"));
        assert!(scenario.is_offered("us-west-2", "db.serverless"));
        assert!(scenario.is_offered("us-east-1", "db.r6g.large"));
    }

    #[test]
    fn what_a_zone_lacks_the_others_have() {
        let scenario = scenario("{region: us-west-1, name: 't4g.*', zones: [us-west-1b]}");
        let zones = vec!["us-west-1b".to_owned(), "us-west-1c".to_owned()];
        assert!(scenario.is_offered("us-west-1", "t4g.nano"));
        assert_eq!(scenario.offering("us-west-1", "t4g.nano", zones), ["us-west-1c"]);
    }

    #[test]
    fn a_zone_of_another_region_is_an_error() {
        let text = "not_offered: [{region: us-west-1, name: t4g.nano, zones: [us-west-2a]}]";
        assert_eq!(Scenario::parse(text).unwrap_err(), "not_offered: t4g.nano: `us-west-2a` is no zone of us-west-1");
    }
}
