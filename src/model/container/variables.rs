//! The variables of the containers, plain ones and those from Secrets Manager.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::Basis;
use super::super::data::{CACHE_USER, DATABASE_NAME, MASTER_USER, MIDDLEWARE_DATABASE_NAME};
use super::super::firewall::{LITELLM_PORT, MIDDLEWARE_PORT};
use super::super::listener::keeps_history;
use super::super::litellm::Config;
use super::super::middleware_limits::request_timeout;
use super::super::reference::{reference, substitute};
use super::{WRITABLE, reserved_middleware_variables};
use crate::spec::{
    AuroraPostgres, Cache, ChatHistory, Database, DatabaseAuth, Nat, OktaDefaults, SecretReference, Spec, Vpc,
};

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

/// What LiteLLM writes with a read-only image: its configuration, the admin UI that it unpacks and the migrations that
/// it copies. All of it is under `/tmp`.
pub(super) fn litellm_environment(basis: &Basis<'_>, config: &Config) -> IndexMap<String, Value> {
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
        set("REDIS_USERNAME", json!(CACHE_USER));
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

pub(super) fn litellm_secrets(basis: &Basis<'_>) -> Vec<Secret> {
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
        for (name, value) in sign_up(&okta.defaults) {
            set(name, json!(value));
        }
    }
    for (name, value) in &settings.environment {
        if reserved_middleware_variables().all(|(reserved, _)| reserved != name.as_str()) {
            set(name.as_str(), json!(value));
        }
    }
    environment
}

/// What everybody who signs up is given.
fn sign_up(defaults: &OktaDefaults) -> Vec<(&'static str, String)> {
    let models = defaults.models.iter().map(|model| model.as_str()).collect::<Vec<_>>().join(",");
    let all = [
        ("OKTA_MAX_BUDGET", defaults.max_budget.map(|budget| budget.to_string())),
        ("OKTA_BUDGET_DURATION", defaults.budget_duration.clone()),
        ("OKTA_MODELS", Some(models).filter(|models| !models.is_empty())),
        ("OKTA_TPM_LIMIT", defaults.tpm_limit.map(|limit| limit.to_string())),
        ("OKTA_RPM_LIMIT", defaults.rpm_limit.map(|limit| limit.to_string())),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

pub(super) fn middleware_secrets(basis: &Basis<'_>) -> Vec<Secret> {
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
    if middleware_has_master_key(spec) {
        secrets.push(secret("MASTER_KEY", reference("MasterKeySecretArn")));
    }
    secrets
}

/// Whether the middleware has the master key. It makes keys for Okta's users. And LiteLLM tells nobody else whose a key is that
/// may call models only: without it, the sessions of such a key end with the key.
pub fn middleware_has_master_key(spec: &Spec) -> bool {
    spec.gateway.middleware.okta.is_some() || keeps_history(spec)
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

pub(super) fn variables(environment: IndexMap<String, Value>) -> Vec<Variable> {
    environment.into_iter().map(|(name, value)| Variable { name, value }).collect()
}

fn secret(name: &str, value_from: Value) -> Secret {
    Secret { name: name.to_owned(), value_from }
}
