//! Variables of LiteLLM's container that gwinfra sets.

/// Variables that settings may name: they are there when LiteLLM starts.
pub(super) const SET: &[&str] = &[
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "DATABASE_URL",
    "LITELLM_MASTER_KEY",
    "LITELLM_SALT_KEY",
    "REDIS_HOST",
    "REDIS_PASSWORD",
    "REDIS_PORT",
    "REDIS_USERNAME",
    "REQUEST_LOG_BUCKET",
];
