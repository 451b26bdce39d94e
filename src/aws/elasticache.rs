//! ElastiCache: which engine versions and node types a region offers.

use std::collections::BTreeSet;

use super::Result;
use super::call::Caller;

/// One year, as a duration of reservations: each node type has some of one year and some of three.
const ONE_YEAR: &str = "31536000";

/// ElastiCache in one account and region.
#[derive(Debug)]
pub struct ElastiCache {
    pub(super) client: aws_sdk_elasticache::Client,
    pub(super) caller: Caller,
}

impl ElastiCache {
    pub(super) fn new(client: aws_sdk_elasticache::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    /// The versions of an engine.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn engine_versions(&self, engine: &str) -> Result<Vec<String>> {
        let (mut all, mut marker) = (Vec::new(), None);
        loop {
            let send = || self.client.describe_cache_engine_versions().engine(engine).set_marker(marker.clone()).send();
            let answer = self.caller.call("DescribeCacheEngineVersions", "*", send).await?;
            let versions = answer.cache_engine_versions.unwrap_or_default().into_iter();
            all.extend(versions.filter_map(|version| version.engine_version));
            marker = answer.marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                return Ok(all);
            }
        }
    }

    /// The node types that reservations are sold of: all of them, or the one that is asked about. No call lists the node
    /// types of a region; this one comes nearest, as AWS sells reservations of what it offers. It knows no zones.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn reserved_node_types(&self, only: Option<&str>) -> Result<BTreeSet<String>> {
        let (mut all, mut marker) = (BTreeSet::new(), None);
        loop {
            let send = || {
                self.client
                    .describe_reserved_cache_nodes_offerings()
                    .set_cache_node_type(only.map(str::to_owned))
                    .duration(ONE_YEAR)
                    .set_marker(marker.clone())
                    .send()
            };
            let answer = match self.caller.call("DescribeReservedCacheNodesOfferings", "*", send).await {
                // A node type that ElastiCache has never heard of.
                Err(error) if only.is_some() && error.is("ReservedCacheNodesOfferingNotFound") => return Ok(all),
                other => other?,
            };
            let offerings = answer.reserved_cache_nodes_offerings.unwrap_or_default().into_iter();
            all.extend(offerings.filter_map(|offering| offering.cache_node_type));
            marker = answer.marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                return Ok(all);
            }
        }
    }
}
