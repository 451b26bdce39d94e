//! Rules about names, tags, the blueprint and Terraform's state.

pub(super) mod blueprint_name;
pub(super) mod blueprint_support;
pub(super) mod name_length;
pub(super) mod reserved_tags;
pub(super) mod state_bucket;
pub(super) mod state_engine;
pub(super) mod tag_count;
pub(super) mod tag_limits;
