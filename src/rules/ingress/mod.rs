//! Rules about how clients reach the gateway.

pub(super) mod certificate_name;
pub(super) mod domain_in_zone;
pub(super) mod open_to_everybody;
pub(super) mod plaintext_acknowledged;
pub(super) mod public_allow_from;
pub(super) mod public_from_private;
pub(super) mod public_plaintext;
pub(super) mod timeouts;
pub(super) mod vpn_certificates;
pub(super) mod waf_block_all;
pub(super) mod waf_without_rules;
