//! The regions of AWS, and those of a spec.

use crate::spec::Spec;
use crate::spec::types::Region;

/// Region codes of all partitions.
/// <https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html>, November 2026.
const REGIONS: [&str; 46] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-isoe-west-1",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "us-isob-west-1",
    "us-isof-east-1",
    "us-isof-south-1",
    "us-west-1",
    "us-west-2",
];

/// Whether AWS has the region.
pub(super) fn exists(region: &str) -> bool {
    REGIONS.contains(&region)
}

/// Codes of all regions.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    REGIONS.into_iter()
}

/// The lists of regions, with their paths.
pub(super) fn lists(spec: &Spec) -> Vec<(String, &[Region])> {
    let accounts = spec.bedrock.accounts.iter().enumerate();
    let mut lists: Vec<(String, &[Region])> = accounts
        .map(|(index, account)| (format!("bedrock.accounts.{index}.regions"), account.regions.as_slice()))
        .collect();
    lists.push(("bedrock.hub_regions".to_owned(), spec.bedrock.hub_regions.as_slice()));
    lists
}

/// Every region of the spec, with its path.
pub(super) fn all(spec: &Spec) -> Vec<(String, &Region)> {
    let mut regions = vec![("hub.region".to_owned(), &spec.hub.region)];
    for (path, list) in lists(spec) {
        regions.extend(list.iter().enumerate().map(|(index, region)| (format!("{path}.{index}"), region)));
    }
    regions
}
