//! The task's containers.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::Basis;
use super::data::{DATABASE_NAME, MASTER_USER, MIDDLEWARE_DATABASE_NAME};
use super::firewall::{LITELLM_PORT, MIDDLEWARE_PORT};
use super::images::Images;
use super::listener::keeps_history;
use super::litellm::Config;
use super::middleware_limits::{BodyMemory, request_timeout};
use super::reference::{reference, substitute};
use crate::spec::{
    AuroraPostgres, Cache, ChatHistory, Database, DatabaseAuth, Fargate, MockLlm, Nat, SecretReference, Spec, Vpc,
};

/// Python that composes LiteLLM's environment and then becomes LiteLLM.
pub const START: &str = include_str!("../../gateway/litellm/start.py");
/// Python that says whether LiteLLM's container is healthy.
pub const HEALTH_CHECK: &str = include_str!("../../gateway/litellm/healthcheck.py");
/// Path of the middleware's binary in its image.
pub const MIDDLEWARE_BINARY: &str = "/middleware";
/// Longest time from SIGTERM to SIGKILL on Fargate, in seconds.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#container_definition_timeout>
const STOP_TIMEOUT_SECONDS: u32 = 120;
/// Directory that LiteLLM's container may write to.
const WRITABLE: &str = "/tmp";
/// User and group `nobody` of LiteLLM's image.
const NOBODY: &str = "65534:65534";

/// Variables that gwinfra sets in LiteLLM's container. The spec may not set them.
pub const RESERVED_VARIABLES: &[&str] = &[
    "AWS_REGION",
    "CACHE_CLUSTER",
    "CONFIG_BUCKET",
    "CONFIG_KEY",
    "DATABASE_HOST",
    "DATABASE_NAME",
    "DATABASE_PASSWORD",
    "DATABASE_PORT",
    "DATABASE_SECRET",
    "DATABASE_URL",
    "DATABASE_USER",
    "GATEWAY_WORK",
    "IAM_TOKEN_DB_AUTH",
    "LITELLM_MASTER_KEY",
    "LITELLM_SALT_KEY",
    "MASTER_KEY",
    "REDIS_HOST",
    "REDIS_PASSWORD",
    "REDIS_PORT",
    "REDIS_SSL",
    "REDIS_USERNAME",
    "REQUEST_LOG_BUCKET",
];

/// Where LiteLLM finds the mocked model of a load test: the containers of a task share their addresses.
pub(super) const MOCK_ADDRESS: &str = "127.0.0.1:8787";

/// A container as a task definition writes it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Container {
    /// Name.
    pub name: &'static str,
    /// Image, by digest.
    pub image: Value,
    /// Whether the task stops when the container does.
    pub essential: bool,
    /// CPU units.
    pub cpu: u32,
    /// Most memory, in MiB.
    pub memory: u32,
    /// User and group. `None`: as the image says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<&'static str>,
    /// Whether the image's file system is read-only.
    pub readonly_root_filesystem: bool,
    /// Entry point, if not the image's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entry_point: Vec<Value>,
    /// Arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<Value>,
    /// Ports.
    pub port_mappings: Vec<Value>,
    /// Plain variables.
    pub environment: Vec<Variable>,
    /// Variables from Secrets Manager.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<Secret>,
    /// Containers that must be healthy first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<Value>,
    /// How ECS asks whether it is healthy.
    pub health_check: Value,
    /// Kernel settings.
    pub linux_parameters: Value,
    /// Limits.
    pub ulimits: Vec<Value>,
    /// Seconds from SIGTERM to SIGKILL.
    pub stop_timeout: u32,
    /// Where its output goes.
    pub log_configuration: Value,
}

/// A plain variable.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Variable {
    /// Name.
    pub name: String,
    /// Value.
    pub value: Value,
}

/// A variable from Secrets Manager.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Secret {
    /// Name.
    pub name: String,
    /// ARN, and the key in the secret if it is a JSON object.
    pub value_from: Value,
}

/// How much longer LiteLLM keeps an idle connection than the load balancer, in seconds. uvicorn closes one after 5 seconds by
/// itself; a request that the load balancer sends on a connection that is just being closed is answered with 502.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#connection-idle-timeout>
const KEEP_ALIVE_MARGIN_SECONDS: u32 = 10;

/// The containers of a task, LiteLLM first.
pub fn containers(basis: &Basis<'_>, fargate: &Fargate, config: &Config, images: &Images) -> Vec<Container> {
    let mock = mocked(basis.spec);
    let share = Share::new(fargate, images.middleware.is_some(), mock.is_some());
    let mut containers = vec![litellm(basis, fargate, config, images, &share)];
    if images.middleware.is_some() {
        containers.push(middleware(basis, &share));
    }
    containers.extend(mock.map(|mock| mock_llm(basis, mock, &share)));
    containers
}

/// How a task's CPU and memory are shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Share {
    litellm: (u32, u32),
    /// That of the mocked model is the same.
    middleware: (u32, u32),
}

impl Share {
    /// The middleware gets an eighth of the CPU and a sixteenth of the memory, within bounds; LiteLLM is written in
    /// Python and gets the rest.
    fn new(fargate: &Fargate, middleware: bool, mock: bool) -> Self {
        if !middleware {
            return Self { litellm: (fargate.cpu, fargate.memory), middleware: (0, 0) };
        }
        let (cpu, memory) = ((fargate.cpu / 8).clamp(32, 1024), (fargate.memory / 16).clamp(64, 1024));
        let beside = 1 + u32::from(mock);
        Self {
            litellm: (fargate.cpu.saturating_sub(cpu * beside), fargate.memory.saturating_sub(memory * beside)),
            middleware: (cpu, memory),
        }
    }
}

fn litellm(basis: &Basis<'_>, fargate: &Fargate, config: &Config, images: &Images, share: &Share) -> Container {
    let spec = basis.spec;
    let (cpu, memory) = share.litellm;
    let mut command: Vec<Value> = vec![json!(code(START))];
    let keep_alive = spec.ingress.idle_timeout_seconds + KEEP_ALIVE_MARGIN_SECONDS;
    command.extend(["--num_workers".to_owned(), spec.gateway.litellm.workers.to_string()].map(Value::from));
    command.extend(["--keepalive_timeout".to_owned(), keep_alive.to_string()].map(Value::from));
    Container {
        name: "litellm",
        image: reference("LitellmImage"),
        essential: true,
        cpu,
        memory,
        user: images.litellm_unprivileged.then_some(NOBODY),
        readonly_root_filesystem: !fargate.exec,
        entry_point: ["python3", "-c"].map(Value::from).to_vec(),
        command,
        port_mappings: port(LITELLM_PORT),
        environment: variables(litellm_environment(basis, config)),
        secrets: litellm_secrets(basis),
        depends_on: Vec::new(),
        // The start period covers the database's migrations at the first start.
        health_check: health(&["CMD", "python3", "-c", &code(HEALTH_CHECK)], 300),
        linux_parameters: linux(fargate, Some(memory / 8)),
        ulimits: open_files(),
        stop_timeout: STOP_TIMEOUT_SECONDS,
        log_configuration: logs(basis, "litellm"),
    }
}

fn middleware(basis: &Basis<'_>, share: &Share) -> Container {
    let (cpu, memory) = share.middleware;
    let mut environment = middleware_environment(basis);
    let BodyMemory { largest, all } = BodyMemory::of(memory);
    environment.insert("MAX_BODY_MIB".to_owned(), json!(largest.to_string()));
    environment.insert("BODY_MEMORY_MIB".to_owned(), json!(all.to_string()));
    Container {
        name: "middleware",
        image: reference("MiddlewareImage"),
        essential: true,
        cpu,
        memory,
        user: Some("65532:65532"),
        readonly_root_filesystem: true,
        entry_point: Vec::new(),
        command: Vec::new(),
        port_mappings: port(MIDDLEWARE_PORT),
        environment: variables(environment),
        secrets: middleware_secrets(basis),
        // Also the order of stopping, reversed: LiteLLM is there until the middleware has answered everything.
        depends_on: vec![json!({"ContainerName": "litellm", "Condition": "HEALTHY"})],
        health_check: health(&["CMD", MIDDLEWARE_BINARY, "healthcheck"], 30),
        linux_parameters: json!({"InitProcessEnabled": true, "Capabilities": {"Drop": ["ALL"]}}),
        ulimits: open_files(),
        stop_timeout: STOP_TIMEOUT_SECONDS,
        log_configuration: logs(basis, "middleware"),
    }
}

/// The mocked model of a load test, if there is one: it is in the middleware's image.
pub(super) fn mocked(spec: &Spec) -> Option<&MockLlm> {
    let middleware = &spec.gateway.middleware;
    middleware.mock_llm.as_ref().filter(|_| middleware.enabled)
}

fn mock_llm(basis: &Basis<'_>, mock: &MockLlm, share: &Share) -> Container {
    let (cpu, memory) = share.middleware;
    let mut environment: IndexMap<String, Value> = IndexMap::new();
    let mut set = |name: &str, value: Option<String>| {
        environment.extend(value.map(|value| (format!("MOCK_{name}"), Value::from(value))));
    };
    set("LISTEN", Some(MOCK_ADDRESS.to_owned()));
    set("LATENCY", mock.latency.clone());
    set("TOKENS_PER_SECOND", mock.tokens_per_second.map(|pace| pace.to_string()));
    set("ANSWER_TOKENS", Some(mock.answer_tokens.to_string()));
    set("ERROR_SHARE", Some(format!("{}%", mock.error_percent)));
    set("REQUESTS_PER_MINUTE", mock.requests_per_minute.map(|limit| limit.to_string()));
    set("TOKENS_PER_MINUTE", mock.tokens_per_minute.map(|limit| limit.to_string()));
    Container {
        name: "mock-llm",
        command: vec![json!("mock-llm")],
        cpu,
        memory,
        port_mappings: Vec::new(),
        environment: variables(environment),
        secrets: Vec::new(),
        depends_on: Vec::new(),
        health_check: health(&["CMD", MIDDLEWARE_BINARY, "mock-llm", "healthcheck"], 30),
        log_configuration: logs(basis, "mock-llm"),
        ..middleware(basis, share)
    }
}

/// What LiteLLM writes with a read-only image: its configuration, the admin UI that it unpacks and the migrations that
/// it copies. All of it is under `/tmp`.
fn litellm_environment(basis: &Basis<'_>, config: &Config) -> IndexMap<String, Value> {
    let spec = basis.spec;
    let mut environment: IndexMap<String, Value> = IndexMap::new();
    let mut set = |name: &str, value: Value| environment.insert(name.to_owned(), value);
    set("AWS_REGION", json!(basis.place.region));
    set("CONFIG_BUCKET", reference("ConfigBucketName"));
    set("CONFIG_KEY", json!(config.key));
    set("GATEWAY_WORK", json!(format!("{WRITABLE}/gateway")));
    set("LITELLM_MODE", json!("PRODUCTION"));
    set("LITELLM_TELEMETRY", json!("False"));
    set("LITELLM_LOG", json!("INFO"));
    set("LITELLM_NON_ROOT", json!("true"));
    set("LITELLM_ASSETS_PATH", json!(format!("{WRITABLE}/litellm/assets")));
    if spec.gateway.litellm.admin_ui {
        set("LITELLM_UI_PATH", json!(format!("{WRITABLE}/litellm/ui")));
    } else {
        set("DISABLE_ADMIN_UI", json!("True"));
    }
    if is_isolated(spec) {
        // Else it asks GitHub for these when it starts, and waits until the connection times out.
        for name in ["LITELLM_LOCAL_MODEL_COST_MAP", "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS", "LITELLM_LOCAL_BLOG_POSTS"]
        {
            set(name, json!("True"));
        }
    }
    if spec.observability.request_logs {
        set("REQUEST_LOG_BUCKET", reference("RequestsBucketName"));
    }
    if !matches!(spec.database, Database::None(_)) {
        set("LITELLM_MIGRATION_DIR", json!(format!("{WRITABLE}/litellm/migrations")));
        set("CHECKPOINT_DISABLE", json!("1"));
    }
    if let Database::AuroraPostgres(aurora) = &spec.database {
        for (name, value) in aurora_environment(aurora, DATABASE_NAME) {
            set(name, value);
        }
        match aurora.auth {
            DatabaseAuth::Password => set("DATABASE_SECRET", reference("DatabaseSecretArn")),
            DatabaseAuth::Iam => set("IAM_TOKEN_DB_AUTH", json!("True")),
        };
    }
    if !matches!(spec.cache, Cache::None(_)) {
        set("REDIS_HOST", reference("CacheEndpoint"));
        set("REDIS_PORT", reference("CachePort"));
        set("REDIS_USERNAME", json!(super::data::CACHE_USER));
        set("REDIS_SSL", json!("True"));
    }
    if matches!(spec.cache, Cache::Serverless(_)) {
        set("CACHE_CLUSTER", json!("true"));
    }
    for (name, value) in &spec.gateway.litellm.environment {
        if !RESERVED_VARIABLES.contains(&name.as_str()) {
            set(name.as_str(), json!(value));
        }
    }
    environment
}

fn litellm_secrets(basis: &Basis<'_>) -> Vec<Secret> {
    let spec = basis.spec;
    let mut secrets = vec![
        secret("MASTER_KEY", reference("MasterKeySecretArn")),
        secret("LITELLM_SALT_KEY", reference("SaltKeySecretArn")),
    ];
    match &spec.database {
        Database::AuroraPostgres(aurora) if aurora.auth == DatabaseAuth::Password => {
            secrets.push(secret("DATABASE_PASSWORD", substitute("${DatabaseSecretArn}:password::")));
        }
        Database::External(external) => secrets.push(secret("DATABASE_URL", json!(external.url_secret))),
        Database::AuroraPostgres(_) | Database::None(_) => {}
    }
    if !matches!(spec.cache, Cache::None(_)) {
        secrets.push(secret("REDIS_PASSWORD", substitute("${CacheSecretArn}:password::")));
    }
    for (name, reference) in &spec.gateway.litellm.secrets {
        if !RESERVED_VARIABLES.contains(&name.as_str()) {
            secrets.push(secret(name.as_str(), json!(value_from(basis, reference))));
        }
    }
    secrets
}

/// Plain variables of the middleware's container.
pub fn middleware_environment(basis: &Basis<'_>) -> IndexMap<String, Value> {
    let spec = basis.spec;
    let settings = &spec.gateway.middleware;
    let mut environment: IndexMap<String, Value> = IndexMap::new();
    let mut set = |name: &str, value: Value| environment.insert(name.to_owned(), value);
    set("AWS_REGION", json!(basis.place.region));
    set("PORT", json!(MIDDLEWARE_PORT.to_string()));
    set("UPSTREAM_URL", json!(format!("http://127.0.0.1:{LITELLM_PORT}")));
    set("REQUEST_TIMEOUT_SECONDS", json!(request_timeout(spec).to_string()));
    set("BEDROCK_API", json!(settings.bedrock_api.to_string()));
    set("MANAGED_PROMPTS", json!(settings.managed_prompts.to_string()));
    set("CHAT_HISTORY", json!(keeps_history(spec).to_string()));
    if keeps_history(spec) {
        let ChatHistory { retention_days, .. } = settings.chat_history.unwrap_or_default();
        set("CHAT_HISTORY_RETENTION_DAYS", json!(retention_days.to_string()));
        if let Database::AuroraPostgres(aurora) = &spec.database {
            for (name, value) in aurora_environment(aurora, MIDDLEWARE_DATABASE_NAME) {
                set(name, value);
            }
            let auth = match aurora.auth {
                DatabaseAuth::Password => "password",
                DatabaseAuth::Iam => "iam",
            };
            set("DATABASE_AUTH", json!(auth));
        }
    }
    if let Some(okta) = &settings.okta {
        set("OKTA_ISSUER", json!(okta.issuer));
        set("OKTA_AUDIENCE", json!(okta.audience));
        if let Some(scope) = &okta.scope {
            set("OKTA_SCOPE", json!(scope));
        }
    }
    environment
}

fn middleware_secrets(basis: &Basis<'_>) -> Vec<Secret> {
    let spec = basis.spec;
    let mut secrets = Vec::new();
    if keeps_history(spec) {
        match &spec.database {
            Database::AuroraPostgres(aurora) if aurora.auth == DatabaseAuth::Password => {
                secrets.push(secret("DATABASE_PASSWORD", substitute("${DatabaseSecretArn}:password::")));
            }
            Database::External(external) => secrets.push(secret("DATABASE_MIDDLEWARE_URL", json!(external.url_secret))),
            Database::AuroraPostgres(_) | Database::None(_) => {}
        }
    }
    // It makes keys for Okta's users. And LiteLLM tells nobody else whose a key is that may call models only: without it, the
    // sessions of such a key end with the key.
    if spec.gateway.middleware.okta.is_some() || keeps_history(spec) {
        secrets.push(secret("MASTER_KEY", reference("MasterKeySecretArn")));
    }
    secrets
}

fn aurora_environment(_aurora: &AuroraPostgres, name: &str) -> [(&'static str, Value); 4] {
    [
        ("DATABASE_HOST", reference("DatabaseEndpoint")),
        ("DATABASE_PORT", reference("DatabasePort")),
        ("DATABASE_NAME", json!(name)),
        ("DATABASE_USER", json!(MASTER_USER)),
    ]
}

/// Whether tasks reach nothing but AWS services with an endpoint in the VPC.
pub fn is_isolated(spec: &Spec) -> bool {
    matches!(&spec.network.vpc, Vpc::Create(vpc) if vpc.nat == Nat::None)
}

/// What ECS takes as `valueFrom`: the ARN, and the key in the secret's JSON object. A name is taken as a secret of the
/// hub's account and region; Secrets Manager finds it without the random end of its ARN.
pub fn value_from(basis: &Basis<'_>, reference: &SecretReference) -> String {
    let arn = secret_arn(basis, reference);
    match &reference.key {
        Some(key) => format!("{arn}:{key}::"),
        None => arn,
    }
}

/// ARN of a secret that the spec names, without its random end if the spec gives a name.
pub fn secret_arn(basis: &Basis<'_>, reference: &SecretReference) -> String {
    if reference.secret.starts_with("arn:") {
        reference.secret.clone()
    } else {
        basis.place.arn("secretsmanager", &format!("secret:{}", reference.secret))
    }
}

/// A script without its comments and empty lines: a template holds 51,200 bytes, and who reads the script reads the
/// file.
pub fn code(script: &str) -> String {
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    script.lines().filter(is_code).flat_map(|line| [line, "\n"]).collect()
}

fn variables(environment: IndexMap<String, Value>) -> Vec<Variable> {
    environment.into_iter().map(|(name, value)| Variable { name, value }).collect()
}

fn secret(name: &str, value_from: Value) -> Secret {
    Secret { name: name.to_owned(), value_from }
}

fn port(number: u16) -> Vec<Value> {
    vec![json!({"ContainerPort": number, "Protocol": "tcp"})]
}

fn health(command: &[&str], start_period: u32) -> Value {
    json!({"Command": command, "Interval": 30, "Timeout": 10, "Retries": 3, "StartPeriod": start_period})
}

/// A process that reaps children, no capabilities, and a directory in memory to write to. It needs `mode=1777`: a bind
/// mount belongs to root, and an unprivileged user could not write to it.
fn linux(fargate: &Fargate, tmpfs_mib: Option<u32>) -> Value {
    let mut parameters = json!({"InitProcessEnabled": true});
    if !fargate.exec {
        parameters["Capabilities"] = json!({"Drop": ["ALL"]});
    }
    if let Some(size) = tmpfs_mib {
        let options = ["rw", "nosuid", "nodev", "mode=1777"];
        parameters["Tmpfs"] = json!([{"ContainerPath": WRITABLE, "Size": size.max(64), "MountOptions": options}]);
    }
    parameters
}

fn open_files() -> Vec<Value> {
    vec![json!({"Name": "nofile", "SoftLimit": 65536, "HardLimit": 65536})]
}

/// A full buffer drops lines rather than stop the container while CloudWatch Logs is slow.
fn logs(basis: &Basis<'_>, container: &str) -> Value {
    let group = match container {
        "middleware" | "mock-llm" => "MiddlewareLogGroup",
        _ => "LitellmLogGroup",
    };
    json!({
        "LogDriver": "awslogs",
        "Options": {
            "awslogs-group": reference(group),
            "awslogs-region": basis.place.region,
            "awslogs-stream-prefix": container,
            "mode": "non-blocking",
            "max-buffer-size": "25m",
        },
    })
}

#[cfg(test)]
#[path = "container_tests.rs"]
mod tests;
