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
}

const fn variable(name: &'static str, default: Option<&'static str>, meaning: &'static str) -> Variable {
    Variable { name, default, meaning }
}

/// Every variable that the service reads.
pub const VARIABLES: &[Variable] = &[
    variable("PORT", Some("3000"), "Port of the service."),
    variable("HOST", Some("0.0.0.0"), "Address on which the service listens. The default is all of IPv4's."),
    variable(
        "METRICS_ADDRESS",
        Some("127.0.0.1:9300"),
        "Address and port of `/metrics`, or `off`. The default is for a collector in the same task.",
    ),
    variable("UPSTREAM_URL", Some("http://127.0.0.1:4000"), "LiteLLM, over plain HTTP."),
    variable(
        "REQUEST_TIMEOUT_SECONDS",
        Some("600"),
        "Longest wait for LiteLLM's answer, and for each next part of a streamed one. 1 to 86400.",
    ),
    variable("BODY_TIMEOUT_SECONDS", Some("60"), "Longest time for a request body to arrive. 1 to 3600."),
    variable(
        "CLIENT_TIMEOUT_SECONDS",
        Some("60"),
        "Longest time for a client to take the next bytes of its answer; then its connection is closed. 1 to 3600.",
    ),
    variable(
        "MAX_BODY_MIB",
        Some("32"),
        "Largest request body, and largest session, in MiB. More is refused with 413.",
    ),
    variable(
        "BODY_MEMORY_MIB",
        Some("64"),
        "Most memory for request bodies, what is made of them, what sessions add to them, and pages of history, in MiB. \
         More is refused with 503 and `retry-after`. An eighth is for bodies of at most 64 KiB.",
    ),
    variable("BEDROCK_API", Some("true"), "Serve the Converse API."),
    variable("MANAGED_PROMPTS", Some("false"), "Resolve model names that are ARNs of Bedrock managed prompts."),
    variable("CHAT_HISTORY", Some("false"), "Keep chat sessions. Needs a database."),
    variable(
        "CHAT_HISTORY_RETENTION_DAYS",
        Some("90"),
        "Days after its last turn that a session is kept. 0: for ever.",
    ),
    variable(
        "CHAT_HISTORY_CLIENT_SESSION_IDS",
        Some("false"),
        "Let clients choose ids of sessions. An id then belongs to whoever uses it first.",
    ),
    variable(
        "DATABASE_MIDDLEWARE_URL",
        None,
        "URL of PostgreSQL. Its database is replaced by DATABASE_NAME; its query, such as `?sslmode=require`, stays. \
         Set this or DATABASE_HOST.",
    ),
    variable("DATABASE_HOST", None, "Host of PostgreSQL."),
    variable("DATABASE_PORT", Some("5432"), "Port of PostgreSQL."),
    variable("DATABASE_NAME", Some("middleware"), "Database. It is made if it does not exist."),
    variable("DATABASE_USER", None, "User of PostgreSQL. It needs CREATEDB if the database does not exist yet."),
    variable("DATABASE_PASSWORD", None, "The user's password."),
    variable(
        "DATABASE_AUTH",
        Some("password"),
        "`password`, or `iam`: an authentication token of RDS, signed anew every two minutes with the task's role.",
    ),
    variable(
        "DATABASE_SSLMODE",
        Some("require"),
        "`disable`, `prefer`, `require`, `verify-ca` or `verify-full`. `sslmode` in DATABASE_MIDDLEWARE_URL counts more.",
    ),
    variable(
        "DATABASE_CA_FILE",
        None,
        "PEM file of the certificate authorities that `verify-ca` and `verify-full` trust, such as RDS's bundle.",
    ),
    variable("DATABASE_CONNECTIONS", Some("10"), "Most connections to PostgreSQL. 1 to 100."),
    variable("OKTA_ISSUER", None, "Issuer of Okta's access tokens. Set: `/user/new` takes them. Needs MASTER_KEY."),
    variable("OKTA_AUDIENCE", Some("api://default"), "Audience that the tokens must have."),
    variable(
        "OKTA_SCOPE",
        None,
        "Scope that the tokens must have. Not set: every application of the tenant that gets tokens of the audience can \
         make users.",
    ),
    variable("MASTER_KEY", None, "LiteLLM's master key. `sk-` is put before it if it is not there, as LiteLLM does."),
    variable(
        "KEY_CACHE_SECONDS",
        Some("30"),
        "How long LiteLLM's word about a key is believed: so long does a revoked key read its history. 0 to 60.",
    ),
    variable(
        "CORS_ALLOWED_ORIGINS",
        None,
        "Origins of browsers that may call, with commas. Not set: no CORS header is ever sent.",
    ),
    variable("DRAIN_SECONDS", Some("110"), "Longest time for requests to end after SIGTERM. 0 to 3600."),
    variable("LOG_LEVEL", Some("info"), "`error`, `warn`, `info`, `debug`, or a filter such as `info,sqlx=debug`."),
    variable("OTEL_EXPORTER_OTLP_ENDPOINT", None, "Where traces go, over OTLP and HTTP. Not set: no traces are made."),
    variable("AWS_REGION", None, "Region of managed prompts and of database tokens. ECS sets it."),
    variable("AWS_DEFAULT_REGION", None, "Region, if AWS_REGION is not set."),
    variable("MOCK_LISTEN", Some("127.0.0.1:8787"), "`mock-llm`: address and port."),
    variable(
        "MOCK_LATENCY",
        Some("0ms"),
        "`mock-llm`: time to the first token, such as `300ms` or `normal:300ms,50ms`.",
    ),
    variable("MOCK_TOKENS_PER_SECOND", None, "`mock-llm`: pace of the tokens after the first. Not set: all at once."),
    variable("MOCK_ANSWER_TOKENS", Some("32"), "`mock-llm`: tokens of an answer, such as `32` or `uniform:50,400`."),
    variable("MOCK_ERROR_SHARE", Some("0%"), "`mock-llm`: share of the calls that fail with 500, such as `2%`."),
    variable(
        "MOCK_REQUESTS_PER_MINUTE",
        None,
        "`mock-llm`: requests that an account, region and model answers in a minute; more are throttled.",
    ),
    variable("MOCK_TOKENS_PER_MINUTE", None, "`mock-llm`: tokens that an account, region and model takes in a minute."),
];
