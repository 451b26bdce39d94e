//! Rules about accounts, regions and ARNs.

pub(super) mod arn_account;
pub(super) mod arn_partition;
pub(super) mod arn_region;
pub(super) mod arn_service;
pub(super) mod deploy_roles;
pub(super) mod hub_regions;
pub(super) mod hub_repeated;
pub(super) mod idle_account;
pub(super) mod known_region;
pub(super) mod one_partition;
pub(super) mod policy_count;
mod references;
mod regions;
pub(super) mod serving;
pub(super) mod unique_accounts;
pub(super) mod unique_regions;
pub(super) mod unique_units;
