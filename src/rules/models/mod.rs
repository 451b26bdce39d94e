//! Rules about models, fallbacks and guardrails.

pub(super) mod bedrock_by_hand;
pub(super) mod capacity;
pub(super) mod declared_key;
pub(super) mod draft_guardrail;
pub(super) mod fallback_cycle;
mod fallbacks;
pub(super) mod generated_params;
pub(super) mod geography;
pub(super) mod known_account;
pub(super) mod known_fallback;
pub(super) mod needs_profile;
pub(super) mod one_source;
pub(super) mod own_fallback;
mod params;
pub(super) mod profile_region;
pub(super) mod unique_guardrails;
pub(super) mod unique_names;
