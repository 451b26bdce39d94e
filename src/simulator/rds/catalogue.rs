//! What Aurora PostgreSQL comes in: versions, instance classes, and where.
//!
//! Versions and the families of each are those that RDS answered with, families by region those of AWS's price list, both
//! as [cfn-lint](https://github.com/aws-cloudformation/cfn-lint) 1.51.0 carries them, read on 30 November 2026. Where it
//! lists a version's classes together with those of PostgreSQL outside of Aurora, the classes of Aurora's price list are
//! kept. Sizes that single regions add or lack are left out. That only the oldest classes are in the oldest zone of
//! us-east-1 is what RDS answered there in 2023, as [moto](https://github.com/getmoto/moto) 5.2.1 carries it. The price
//! list knows no zones: elsewhere all have what the region has.

use crate::simulator::template::availability_zones;

/// The engine that there is a catalogue of.
pub(super) const ENGINE: &str = "aurora-postgresql";

/// The engines of RDS.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeOrderableDBInstanceOptions.html>
pub(super) const ENGINES: &[&str] = &[
    "aurora-mysql",
    ENGINE,
    "custom-oracle-ee",
    "custom-oracle-ee-cdb",
    "custom-oracle-se2",
    "custom-oracle-se2-cdb",
    "db2-ae",
    "db2-se",
    "mariadb",
    "mysql",
    "oracle-ee",
    "oracle-ee-cdb",
    "oracle-se2",
    "oracle-se2-cdb",
    "postgres",
    "sqlserver-ee",
    "sqlserver-ex",
    "sqlserver-se",
    "sqlserver-web",
];

/// Versions that new clusters may have, the oldest first.
pub(super) const AVAILABLE: &[&str] = &[
    "11.9",
    "11.21",
    "12.9",
    "12.22",
    "13.9",
    "13.23",
    "14.6",
    "14.13",
    "14.15",
    "14.17",
    "14.18",
    "14.19",
    "14.20",
    "14.22",
    "15.8",
    "15.10",
    "15.12",
    "15.13",
    "15.14",
    "15.15",
    "15.17",
    "16.4",
    "16.4-limitless",
    "16.6",
    "16.6-limitless",
    "16.8",
    "16.8-limitless",
    "16.9",
    "16.9-limitless",
    "16.10",
    "16.10-limitless",
    "16.11",
    "16.11-limitless",
    "16.13",
    "17.4",
    "17.5",
    "17.6",
    "17.7",
    "17.9",
];

/// Versions that only clusters have that had them before.
pub(super) const DEPRECATED: &[&str] = &[
    "9.6.22", "10.7", "10.21", "11.12", "11.13", "11.14", "11.15", "11.16", "11.17", "11.18", "11.19", "11.20", "12.4",
    "12.7", "12.8", "12.10", "12.11", "12.12", "12.13", "12.14", "12.15", "12.16", "12.17", "12.18", "12.19", "12.20",
    "13.3", "13.4", "13.5", "13.6", "13.7", "13.8", "13.10", "13.11", "13.12", "13.13", "13.14", "13.15", "13.16",
    "13.18", "13.20", "13.21", "13.22", "14.3", "14.4", "14.5", "14.7", "14.8", "14.9", "14.10", "14.11", "14.12",
    "15.2", "15.3", "15.4", "15.5", "15.6", "15.7", "16.1", "16.2", "16.3",
];

/// The class of Serverless v2, which has no family and no size.
pub(super) const SERVERLESS: &str = "serverless";

/// Classes of one kind.
struct Family {
    name: &'static str,
    sizes: &'static [&'static str],
    regions: Regions,
}

/// Where something is.
enum Regions {
    Everywhere,
    Except(&'static [&'static str]),
    Only(&'static [&'static str]),
}

impl Regions {
    fn have(&self, region: &str) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Except(lacking) => !lacking.contains(&region),
            Self::Only(having) => having.contains(&region),
        }
    }
}

const OLD: &[&str] = &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge"];
const GRAVITON: &[&str] = &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"];
const INTEL: &[&str] = &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"];

const FAMILIES: &[Family] = &[
    Family {
        name: "r4",
        sizes: OLD,
        regions: Regions::Only(&[
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-south-1",
            "ap-southeast-1",
            "ap-southeast-2",
            "ca-central-1",
            "cn-northwest-1",
            "eu-central-1",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "sa-east-1",
            "us-east-1",
            "us-east-2",
            "us-gov-east-1",
            "us-gov-west-1",
            "us-west-1",
            "us-west-2",
        ]),
    },
    Family {
        name: "r5",
        sizes: INTEL,
        regions: Regions::Except(&["ap-east-2", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "mx-central-1"]),
    },
    Family { name: "r6g", sizes: GRAVITON, regions: Regions::Except(&["il-central-1"]) },
    Family {
        name: "r6gd",
        sizes: &["xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"],
        regions: Regions::Except(&[
            "af-south-1",
            "ap-east-1",
            "ap-northeast-3",
            "ap-south-2",
            "ap-southeast-3",
            "ap-southeast-4",
            "ca-west-1",
            "cn-north-1",
            "cn-northwest-1",
            "eu-central-2",
            "eu-south-1",
            "eu-south-2",
            "il-central-1",
            "me-central-1",
            "me-south-1",
        ]),
    },
    Family {
        name: "r6i",
        sizes: &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "32xlarge"],
        regions: Regions::Except(&["ca-west-1", "cn-north-1", "cn-northwest-1", "il-central-1"]),
    },
    Family {
        name: "r6id",
        sizes: &["24xlarge", "32xlarge"],
        regions: Regions::Only(&[
            "ap-east-2",
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-south-1",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-southeast-5",
            "ap-southeast-6",
            "ap-southeast-7",
            "eu-central-1",
            "eu-west-1",
            "eu-west-2",
            "mx-central-1",
            "us-east-1",
            "us-east-2",
            "us-gov-west-1",
            "us-west-2",
        ]),
    },
    Family { name: "r7g", sizes: GRAVITON, regions: Regions::Except(&["ap-southeast-4"]) },
    Family {
        name: "r7i",
        sizes: &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "48xlarge"],
        regions: Regions::Except(&[
            "af-south-1",
            "ap-east-1",
            "ca-west-1",
            "cn-north-1",
            "cn-northwest-1",
            "eu-central-2",
            "il-central-1",
            "me-central-1",
            "me-south-1",
        ]),
    },
    Family {
        name: "r8g",
        sizes: &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "48xlarge"],
        regions: Regions::Only(&[
            "ap-east-1",
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-northeast-3",
            "ap-south-1",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-southeast-3",
            "ca-central-1",
            "eu-central-1",
            "eu-north-1",
            "eu-south-2",
            "eu-west-1",
            "us-east-1",
            "us-east-2",
            "us-gov-west-1",
            "us-west-1",
            "us-west-2",
        ]),
    },
    Family {
        name: "r8gd",
        sizes: &["xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "48xlarge"],
        regions: Regions::Only(&[
            "ap-northeast-1",
            "ap-southeast-3",
            "eu-central-1",
            "eu-south-2",
            "us-east-1",
            "us-east-2",
            "us-west-2",
        ]),
    },
    Family { name: SERVERLESS, sizes: &[], regions: Regions::Everywhere },
    Family { name: "t3", sizes: &["medium", "large"], regions: Regions::Everywhere },
    Family { name: "t4g", sizes: &["medium", "large"], regions: Regions::Except(&["il-central-1"]) },
    Family {
        name: "x2g",
        sizes: GRAVITON,
        regions: Regions::Only(&["eu-south-2", "eu-west-1", "us-east-1", "us-east-2", "us-west-2"]),
    },
];

/// The families of a version.
fn families(version: &str) -> &'static [&'static str] {
    match version {
        "11.9" | "11.21" => &["r4", "r5", "r6g", "t3", "t4g", "x2g"],
        "12.9" | "12.22" => &["r4", "r5", "r6g", "r6i", "t3", "t4g", "x2g"],
        "13.9" | "14.6" => &["r5", "r6g", "r6i", SERVERLESS, "t3", "t4g", "x2g"],
        limitless if limitless.ends_with("-limitless") => &[SERVERLESS],
        _ => &["r5", "r6g", "r6gd", "r6i", "r6id", "r7g", "r7i", "r8g", "r8gd", SERVERLESS, "t3", "t4g", "x2g"],
    }
}

/// A class that can be ordered.
pub(super) struct Orderable {
    pub family: &'static str,
    pub class: String,
    pub zones: Vec<String>,
}

/// The classes of a version in a region.
pub(super) fn orderable(version: &str, region: &str) -> Vec<Orderable> {
    let wanted = families(version);
    let found = FAMILIES.iter().filter(|family| wanted.contains(&family.name) && family.regions.have(region));
    found
        .flat_map(|family| {
            let sizes = family.sizes.iter().map(|size| format!("db.{}.{size}", family.name));
            let whole = family.sizes.is_empty().then(|| format!("db.{}", family.name));
            sizes.chain(whole).map(|class| Orderable { family: family.name, class, zones: zones(family.name, region) })
        })
        .collect()
}

/// A zone that has only the oldest classes.
const OLD_ZONE: &str = "us-east-1e";

fn zones(family: &str, region: &str) -> Vec<String> {
    let mut zones = availability_zones(region);
    zones.retain(|zone| zone != OLD_ZONE || family == "r4");
    zones
}

/// Major and minor version: `16.6` is 16 and 6.
pub(super) fn numbers(version: &str) -> (u32, u32) {
    let mut numbers = version.split(['.', '-']).map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(version: &str, region: &str) -> Vec<String> {
        orderable(version, region).into_iter().map(|one| one.class).collect()
    }

    #[test]
    fn serverless_v2_begins_with_version_13() {
        assert!(!classes("12.22", "us-east-1").contains(&"db.serverless".to_owned()));
        assert!(classes("13.9", "us-east-1").contains(&"db.serverless".to_owned()));
    }

    #[test]
    fn a_region_lacks_families_that_another_has() {
        assert!(classes("16.6", "us-east-1").contains(&"db.r8g.large".to_owned()));
        assert!(!classes("16.6", "eu-west-2").contains(&"db.r8g.large".to_owned()));
    }

    #[test]
    fn the_oldest_zone_has_only_the_oldest_classes() {
        let in_it = |version: &str| {
            orderable(version, "us-east-1")
                .into_iter()
                .filter(|one| one.zones.iter().any(|zone| zone == OLD_ZONE))
                .count()
        };
        assert_eq!((in_it("12.9"), in_it("16.6")), (OLD.len(), 0));
    }
}
