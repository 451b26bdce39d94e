//! One file per lint.

pub(super) mod converse_prefix;
pub(super) mod eks_token;
pub(super) mod fallback_form;
mod fallbacks;
pub(super) mod incomplete_model;
pub(super) mod misnamed_param;
pub(super) mod misplaced_setting;
pub(super) mod own_fallback;
pub(super) mod plain_secret;
pub(super) mod repeated_id;
pub(super) mod role_arn;
pub(super) mod routing_strategy;
pub(super) mod shell_variable;
pub(super) mod spend_logs;
pub(super) mod unknown_fallback;
pub(super) mod unknown_section;
pub(super) mod unknown_setting;
pub(super) mod variable_inside;
