//! Rules about networks, zones, subnets and endpoints.

pub(super) mod endpoint_names;
pub(super) mod existing_public;
pub(super) mod existing_subnets;
pub(super) mod host_bits;
pub(super) mod isolated_endpoints;
pub(super) mod isolated_images;
pub(super) mod isolated_models;
pub(super) mod isolated_okta;
pub(super) mod isolated_regions;
pub(super) mod networks;
pub(super) mod private_range;
pub(super) mod repeated_networks;
pub(super) mod rule_limit;
pub(super) mod vpc_size;
pub(super) mod vpn_authorize;
pub(super) mod vpn_overlap;
pub(super) mod vpn_size;
pub(super) mod zone_count;
pub(super) mod zone_names;
