//! The variables of the middleware, as its own list and README have them.

/// What stands for a value that every deployment has, whatever its spec says.
const GWINFRA: &str = "gwinfra";

/// Every variable that the middleware reads, with the keys of the spec that set it, in Markdown. `None`: its value is that of
/// `gateway.middleware.environment`, or its default.
const MIDDLEWARE_VARIABLES: &[(&str, Option<&str>)] = &[
    ("PORT", Some(GWINFRA)),
    ("HOST", None),
    ("METRICS_ADDRESS", None),
    ("UPSTREAM_URL", Some(GWINFRA)),
    ("REQUEST_TIMEOUT_SECONDS", Some("`ingress.idle_timeout_seconds`, `routing.timeout_seconds`")),
    ("BODY_TIMEOUT_SECONDS", None),
    ("CLIENT_TIMEOUT_SECONDS", None),
    ("MAX_BODY_MIB", Some("`compute.fargate.memory`")),
    ("BODY_MEMORY_MIB", Some("`compute.fargate.memory`")),
    ("REQUESTS", None),
    ("KEY_REQUESTS", None),
    ("KEY_MEMORY_PERCENT", None),
    ("BEDROCK_API", Some("`gateway.middleware.bedrock_api`")),
    ("MANAGED_PROMPTS", Some("`gateway.middleware.managed_prompts`")),
    ("CHAT_HISTORY", Some("`gateway.middleware.chat_history.enabled`")),
    ("CHAT_HISTORY_RETENTION_DAYS", Some("`gateway.middleware.chat_history.retention_days`")),
    ("CHAT_HISTORY_CLIENT_SESSION_IDS", None),
    ("DATABASE_MIDDLEWARE_URL", Some("`database.external.url_secret`")),
    ("DATABASE_HOST", Some("`database.aurora_postgres`")),
    ("DATABASE_PORT", Some("`database.aurora_postgres`")),
    ("DATABASE_NAME", Some("`database.aurora_postgres`")),
    ("DATABASE_USER", Some("`database.aurora_postgres`")),
    ("DATABASE_PASSWORD", Some("`database.aurora_postgres`")),
    ("DATABASE_AUTH", Some("`database.aurora_postgres.auth`")),
    ("DATABASE_SSLMODE", None),
    ("DATABASE_CA_FILE", None),
    ("DATABASE_CONNECTIONS", None),
    ("OKTA_ISSUER", Some("`gateway.middleware.okta.issuer`")),
    ("OKTA_AUDIENCE", Some("`gateway.middleware.okta.audience`")),
    ("OKTA_SCOPE", Some("`gateway.middleware.okta.scope`")),
    ("OKTA_MAX_BUDGET", Some("`gateway.middleware.okta.defaults.max_budget`")),
    ("OKTA_BUDGET_DURATION", Some("`gateway.middleware.okta.defaults.budget_duration`")),
    ("OKTA_MODELS", Some("`gateway.middleware.okta.defaults.models`")),
    ("OKTA_TPM_LIMIT", Some("`gateway.middleware.okta.defaults.tpm_limit`")),
    ("OKTA_RPM_LIMIT", Some("`gateway.middleware.okta.defaults.rpm_limit`")),
    ("MASTER_KEY", Some("`gateway.middleware.chat_history`, `gateway.middleware.okta`")),
    ("KEY_CACHE_SECONDS", None),
    ("CORS_ALLOWED_ORIGINS", None),
    ("DRAIN_SECONDS", None),
    ("LOG_LEVEL", None),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", None),
    ("AWS_REGION", Some("`hub.region`")),
    ("AWS_DEFAULT_REGION", None),
    ("MOCK_LISTEN", Some(GWINFRA)),
    ("MOCK_LATENCY", Some("`gateway.middleware.mock_llm.latency`")),
    ("MOCK_TOKENS_PER_SECOND", Some("`gateway.middleware.mock_llm.tokens_per_second`")),
    ("MOCK_ANSWER_TOKENS", Some("`gateway.middleware.mock_llm.answer_tokens`")),
    ("MOCK_ERROR_SHARE", Some("`gateway.middleware.mock_llm.error_percent`")),
    ("MOCK_ERROR_STATUS", None),
    ("MOCK_REQUESTS_PER_MINUTE", Some("`gateway.middleware.mock_llm.requests_per_minute`")),
    ("MOCK_TOKENS_PER_MINUTE", Some("`gateway.middleware.mock_llm.tokens_per_minute`")),
    ("MOCK_MODELS", None),
    ("MOCK_SEED", None),
];

/// Names of the variables that the middleware reads and that `gateway.middleware.environment` may set.
pub fn free_middleware_variables() -> impl Iterator<Item = &'static str> {
    MIDDLEWARE_VARIABLES.iter().filter(|(_, keys)| keys.is_none()).map(|(name, _)| *name)
}

/// Names of the variables that gwinfra sets in containers of the middleware's image, each with the keys of the spec that decide
/// on its value, in Markdown; `gwinfra` where none does.
pub fn reserved_middleware_variables() -> impl Iterator<Item = (&'static str, &'static str)> {
    MIDDLEWARE_VARIABLES.iter().filter_map(|(name, keys)| Some((*name, (*keys)?)))
}
