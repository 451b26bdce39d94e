//! Rules about names, tags and the blueprint.

pub(super) mod blueprint_name;
pub(super) mod blueprint_support;
pub(super) mod name_length;
pub(super) mod reserved_tags;
pub(super) mod tag_count;
pub(super) mod tag_limits;
