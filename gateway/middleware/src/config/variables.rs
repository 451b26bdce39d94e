//! The list of variables: what the reader knows, and what the README's table says.

/// A variable.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Name.
    pub name: &'static str,
    /// Value if it is not set.
    pub default: Option<&'static str>,
    /// What it does, its unit and limits.
    pub meaning: &'static str,
    /// Keys of the spec that set it in a deployment, in Markdown. `None`: only `gateway.middleware.environment` does.
    pub set_by: Option<&'static str>,
}

const fn variable(
    name: &'static str,
    default: Option<&'static str>,
    set_by: Option<&'static str>,
    meaning: &'static str,
) -> Variable {
    Variable { name, default, meaning, set_by }
}

/// What every deployment has, whatever its spec says.
const ALWAYS: Option<&str> = Some("gwinfra");

/// Every variable that the service reads.
pub const VARIABLES: &[Variable] = &[
    variable("PORT", Some("3000"), ALWAYS, "Port of the service."),
    variable("HOST", Some("0.0.0.0"), None, "Address on which the service listens. The default is all of IPv4's."),
    variable(
        "METRICS_ADDRESS",
        Some("127.0.0.1:9300"),
        None,
        "Address and port of `/metrics`, or `off`. The default is for a collector in the same task.",
    ),
    variable("UPSTREAM_URL", Some("http://127.0.0.1:4000"), ALWAYS, "LiteLLM, over plain HTTP."),
    variable(
        "REQUEST_TIMEOUT_SECONDS",
        Some("600"),
        Some("`ingress.idle_timeout_seconds`, `routing.timeout_seconds`"),
        "Longest wait for LiteLLM's answer, and for each next part of a streamed one. 1 to 86400.",
    ),
    variable("BODY_TIMEOUT_SECONDS", Some("60"), None, "Longest time for a request body to arrive. 1 to 3600."),
    variable(
        "CLIENT_TIMEOUT_SECONDS",
        Some("60"),
        None,
        "Longest time for a client to take the next bytes of its answer; then its connection is closed. 1 to 3600.",
    ),
    variable(
        "MAX_BODY_MIB",
        Some("32"),
        Some("`compute.fargate.memory`"),
        "Largest request body, and largest session, in MiB. More is refused with 413.",
    ),
    variable(
        "BODY_MEMORY_MIB",
        Some("64"),
        Some("`compute.fargate.memory`"),
        "Most memory for request bodies, what is made of them, what sessions add to them, and pages of history, in MiB. \
         At least MAX_BODY_MIB. More is refused with 503 and `retry-after`. An eighth is for bodies of at most 64 KiB.",
    ),
    variable(
        "REQUESTS",
        None,
        None,
        "Most requests that are under way at once, with the streams that have not ended. More are refused with 503 and \
         `retry-after`. 1 to 1000000. Not set: 16 for each MiB of BODY_MEMORY_MIB.",
    ),
    variable(
        "KEY_REQUESTS",
        None,
        None,
        "Most of them that are of one key. More are refused with 429 and `retry-after`. 1 to 1000000. Not set: half of \
         REQUESTS.",
    ),
    variable(
        "KEY_MEMORY_PERCENT",
        Some("50"),
        None,
        "Most of BODY_MEMORY_MIB that requests of one key take at once, in percent, and of its part for small bodies. More \
         is refused with 429 and `retry-after`. One request may take more. 1 to 100, which is no bound.",
    ),
    variable("BEDROCK_API", Some("true"), Some("`gateway.middleware.bedrock_api`"), "Serve the Converse API."),
    variable(
        "MANAGED_PROMPTS",
        Some("false"),
        Some("`gateway.middleware.managed_prompts`"),
        "Resolve model names that are ARNs of Bedrock managed prompts.",
    ),
    variable(
        "CHAT_HISTORY",
        Some("false"),
        Some("`gateway.middleware.chat_history.enabled`"),
        "Keep chat sessions. Needs a database.",
    ),
    variable(
        "CHAT_HISTORY_RETENTION_DAYS",
        Some("90"),
        Some("`gateway.middleware.chat_history.retention_days`"),
        "Days after its last turn that a session is kept. 0: for ever.",
    ),
    variable(
        "CHAT_HISTORY_CLIENT_SESSION_IDS",
        Some("false"),
        None,
        "Let clients choose ids of sessions. An id then belongs to whoever uses it first.",
    ),
    variable(
        "DATABASE_MIDDLEWARE_URL",
        None,
        Some("`database.external.url_secret`"),
        "URL of PostgreSQL. Its database is replaced by DATABASE_NAME; its query, such as `?sslmode=require`, stays. \
         Set this or DATABASE_HOST.",
    ),
    variable("DATABASE_HOST", None, Some("`database.aurora_postgres`"), "Host of PostgreSQL."),
    variable("DATABASE_PORT", Some("5432"), Some("`database.aurora_postgres`"), "Port of PostgreSQL."),
    variable(
        "DATABASE_NAME",
        Some("middleware"),
        Some("`database.aurora_postgres`"),
        "Database. It is made if it does not exist.",
    ),
    variable(
        "DATABASE_USER",
        None,
        Some("`database.aurora_postgres`"),
        "User of PostgreSQL. It needs CREATEDB if the database does not exist yet.",
    ),
    variable("DATABASE_PASSWORD", None, Some("`database.aurora_postgres`"), "The user's password."),
    variable(
        "DATABASE_AUTH",
        Some("password"),
        Some("`database.aurora_postgres.auth`"),
        "`password`, or `iam`: an authentication token of RDS, signed anew every two minutes with the task's role.",
    ),
    variable(
        "DATABASE_SSLMODE",
        Some("require"),
        None,
        "`disable`, `prefer`, `require`, `verify-ca` or `verify-full`. `sslmode` in DATABASE_MIDDLEWARE_URL counts more.",
    ),
    variable(
        "DATABASE_CA_FILE",
        None,
        None,
        "PEM file of the certificate authorities that `verify-ca` and `verify-full` trust, such as RDS's bundle.",
    ),
    variable("DATABASE_CONNECTIONS", Some("10"), None, "Most connections to PostgreSQL. 1 to 100."),
    variable(
        "OKTA_ISSUER",
        None,
        Some("`gateway.middleware.okta.issuer`"),
        "Issuer of Okta's access tokens. Set: `/user/new` takes them. Needs MASTER_KEY.",
    ),
    variable(
        "OKTA_AUDIENCE",
        Some("api://default"),
        Some("`gateway.middleware.okta.audience`"),
        "Audience that the tokens must have.",
    ),
    variable(
        "OKTA_SCOPE",
        None,
        Some("`gateway.middleware.okta.scope`"),
        "Scope that the tokens must have. Not set: every application of the tenant that gets tokens of the audience can \
         make users.",
    ),
    variable(
        "OKTA_MAX_BUDGET",
        None,
        Some("`gateway.middleware.okta.defaults.max_budget`"),
        "Budget of everybody who signs up, in US dollars. Not set: none.",
    ),
    variable(
        "OKTA_BUDGET_DURATION",
        None,
        Some("`gateway.middleware.okta.defaults.budget_duration`"),
        "Time after which that budget begins anew: a number and `s`, `m`, `h`, `d`, `w` or `mo`. Not set: never.",
    ),
    variable(
        "OKTA_MODELS",
        None,
        Some("`gateway.middleware.okta.defaults.models`"),
        "Models that who signs up may call, with commas. Not set: all.",
    ),
    variable(
        "OKTA_TPM_LIMIT",
        None,
        Some("`gateway.middleware.okta.defaults.tpm_limit`"),
        "Tokens in a minute of everybody who signs up. Not set: no limit.",
    ),
    variable(
        "OKTA_RPM_LIMIT",
        None,
        Some("`gateway.middleware.okta.defaults.rpm_limit`"),
        "Requests in a minute of everybody who signs up. Not set: no limit.",
    ),
    variable(
        "MASTER_KEY",
        None,
        Some("`gateway.middleware.chat_history`, `gateway.middleware.okta`"),
        "LiteLLM's master key. `sk-` is put before it if it is not there, as LiteLLM does. Set: a key that LiteLLM takes and \
         no longer has in its table is refused.",
    ),
    variable(
        "KEY_CACHE_SECONDS",
        Some("30"),
        None,
        "How long LiteLLM's word about a key is believed: so long does a revoked key read its history. 0 to 60.",
    ),
    variable(
        "CORS_ALLOWED_ORIGINS",
        None,
        None,
        "Origins of browsers that may call, with commas. Not set: no CORS header is ever sent.",
    ),
    variable("DRAIN_SECONDS", Some("110"), None, "Longest time for requests to end after SIGTERM. 0 to 3600."),
    variable(
        "LOG_LEVEL",
        Some("info"),
        None,
        "`error`, `warn`, `info`, `debug`, or a filter such as `info,sqlx=debug`.",
    ),
    variable(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        None,
        None,
        "Where traces go, over OTLP and HTTP. Not set: no traces are made.",
    ),
    variable(
        "AWS_REGION",
        None,
        Some("`hub.region`"),
        "Region of managed prompts and of database tokens. ECS sets it.",
    ),
    variable("AWS_DEFAULT_REGION", None, None, "Region, if AWS_REGION is not set."),
    variable("MOCK_LISTEN", Some("127.0.0.1:8787"), ALWAYS, "`mock-llm`: address and port."),
    variable(
        "MOCK_LATENCY",
        Some("0ms"),
        Some("`gateway.middleware.mock_llm.latency`"),
        "`mock-llm`: time to the first token, such as `300ms` or `normal:300ms,50ms`.",
    ),
    variable(
        "MOCK_TOKENS_PER_SECOND",
        None,
        Some("`gateway.middleware.mock_llm.tokens_per_second`"),
        "`mock-llm`: pace of the tokens after the first. Not set: all at once.",
    ),
    variable(
        "MOCK_ANSWER_TOKENS",
        Some("32"),
        Some("`gateway.middleware.mock_llm.answer_tokens`"),
        "`mock-llm`: tokens of an answer, such as `32` or `uniform:50,400`.",
    ),
    variable(
        "MOCK_ERROR_SHARE",
        Some("0%"),
        Some("`gateway.middleware.mock_llm.error_percent`"),
        "`mock-llm`: share of the calls that fail, such as `2%`.",
    ),
    variable("MOCK_ERROR_STATUS", Some("500"), None, "`mock-llm`: how they fail: `429`, `500` or `503`."),
    variable(
        "MOCK_REQUESTS_PER_MINUTE",
        None,
        Some("`gateway.middleware.mock_llm.requests_per_minute`"),
        "`mock-llm`: requests that an account, region and model answers in a minute; more are throttled.",
    ),
    variable(
        "MOCK_TOKENS_PER_MINUTE",
        None,
        Some("`gateway.middleware.mock_llm.tokens_per_minute`"),
        "`mock-llm`: tokens that an account, region and model takes in a minute.",
    ),
    variable("MOCK_MODELS", None, None, "`mock-llm`: the models that it knows, with commas. Not set: any."),
    variable(
        "MOCK_SEED",
        Some("1"),
        None,
        "`mock-llm`: seed of everything that is random: the n-th call is the same again.",
    ),
];
