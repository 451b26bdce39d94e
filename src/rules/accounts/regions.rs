//! The regions of a spec.

use crate::spec::regions::REGIONS;
use crate::spec::types::Region;
use crate::spec::{Spec, State};

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
    if let State::S3(state) = &spec.state {
        regions.extend(state.region.iter().map(|region| ("state.s3.region".to_owned(), region)));
    }
    regions
}
