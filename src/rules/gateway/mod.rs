//! Rules about the gateway's containers and LiteLLM's settings.

pub(super) mod bad_image;
pub(super) mod idle_middleware;
pub(super) mod image_reference;
pub(super) mod middleware_value;
pub(super) mod mock_latency;
pub(super) mod mock_llm;
pub(super) mod moving_tag;
pub(super) mod okta_without_budget;
pub(super) mod okta_without_middleware;
pub(super) mod owned_settings;
pub(super) mod reserved_variable;
pub(super) mod secret_in_environment;
pub(super) mod secret_names;
mod settings;
pub(super) mod settings_section;
pub(super) mod undeclared_variable;
pub(super) mod unknown_variable;
pub(super) mod variable_twice;
mod variables;
pub(super) mod vulnerable_image;
