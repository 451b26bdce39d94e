//! RDS: which engine versions and instance classes a region offers.

use std::collections::{BTreeMap, BTreeSet};

use super::Result;
use super::call::Caller;

/// The zones, by name, in which each instance class can be ordered with each engine version: by version and class.
pub type Orderable = BTreeMap<(String, String), BTreeSet<String>>;

/// RDS in one account and region.
#[derive(Debug)]
pub struct Rds {
    client: aws_sdk_rds::Client,
    caller: Caller,
}

impl Rds {
    pub(super) fn new(client: aws_sdk_rds::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    /// The versions of an engine that new databases may have.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn engine_versions(&self, engine: &str) -> Result<Vec<String>> {
        let (mut all, mut marker) = (Vec::new(), None);
        loop {
            let send = || self.client.describe_db_engine_versions().engine(engine).set_marker(marker.clone()).send();
            let answer = self.caller.call("DescribeDBEngineVersions", "*", send).await?;
            let versions = answer.db_engine_versions.unwrap_or_default().into_iter();
            all.extend(versions.filter_map(|version| version.engine_version));
            marker = answer.marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                return Ok(all);
            }
        }
    }

    /// Where an instance class can be ordered, with one version of an engine or with each.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn orderable(&self, engine: &str, version: Option<&str>, class: &str) -> Result<Orderable> {
        let (mut all, mut marker) = (Orderable::new(), None);
        loop {
            let send = || {
                self.client
                    .describe_orderable_db_instance_options()
                    .engine(engine)
                    .set_engine_version(version.map(str::to_owned))
                    .db_instance_class(class)
                    .set_marker(marker.clone())
                    .send()
            };
            let answer = self.caller.call("DescribeOrderableDBInstanceOptions", "*", send).await?;
            // An option for each kind of storage: a zone of one is a zone of the class.
            for option in answer.orderable_db_instance_options.unwrap_or_default() {
                let (Some(version), Some(class)) = (option.engine_version, option.db_instance_class) else { continue };
                let zones = option.availability_zones.unwrap_or_default().into_iter();
                all.entry((version, class)).or_default().extend(zones.filter_map(|zone| zone.name));
            }
            marker = answer.marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                return Ok(all);
            }
        }
    }
}
