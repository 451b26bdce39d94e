//! The variables of the services: nothing of the shell's that could lead a call to a real provider.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::configuration::{MOCK_KEY, Parts, reduced};
use super::gateway::Order;
use super::secrets::Secrets;
use crate::model::Basis;
use crate::model::container::{middleware_environment, middleware_has_master_key};
use crate::model::listener::keeps_history;
use crate::spec::types::Arn;
use crate::spec::{Database, ExternalDatabase, Spec};

/// Variables by name.
pub(super) type Variables = BTreeMap<String, OsString>;

/// Where the parts of the gateway are.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    /// URL of the mock.
    pub mock: String,
    /// Port of PostgreSQL.
    pub postgres: Option<u16>,
    /// Port of Redis.
    pub redis: Option<u16>,
    /// URL of LiteLLM.
    pub litellm: String,
}

/// Variables of the shell that a program needs to run at all.
pub(super) const INHERITED: [&str; 13] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    // Where Prisma's engine and client are, for LiteLLM's database.
    "PRISMA_QUERY_ENGINE_BINARY",
    "PRISMA_SCHEMA_ENGINE_BINARY",
    "PRISMA_BINARY_CACHE_DIR",
    "PRISMA_HOME_DIR",
    "PRISMA_NODEENV_CACHE_DIR",
    "DISABLE_SCHEMA_UPDATE",
];

/// What keeps a program that calls AWS with the mock: the task role's credentials, whose key names the hub's account.
fn amazon(spec: &Spec, mock: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ACCESS_KEY_ID", format!("AKIA{}TASK", spec.hub.account)),
        ("AWS_SECRET_ACCESS_KEY", "mock".to_owned()),
        ("AWS_REGION", spec.hub.region.to_string()),
        ("AWS_DEFAULT_REGION", spec.hub.region.to_string()),
        ("AWS_ENDPOINT_URL", mock.to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("NO_PROXY", "127.0.0.1,localhost".to_owned()),
    ]
}

fn put(into: &mut Variables, variables: impl IntoIterator<Item = (&'static str, String)>) {
    into.extend(variables.into_iter().map(|(name, value)| (name.to_owned(), value.into())));
}

/// LiteLLM's.
pub(super) fn litellm(
    spec: &Spec,
    inherited: &Variables,
    places: &Places,
    parts: Parts,
    secrets: &Secrets,
) -> Variables {
    let mut all = inherited.clone();
    for (name, value) in &spec.gateway.litellm.environment {
        all.insert(name.to_string(), value.into());
    }
    // Nothing is read from Secrets Manager, and no provider is called that would want to know more.
    for name in spec.gateway.litellm.secrets.keys() {
        all.insert(name.to_string(), "sk-local".into());
    }
    put(&mut all, amazon(spec, &places.mock));
    put(
        &mut all,
        [
            (MOCK_KEY, "sk-mock".to_owned()),
            ("AWS_STS_ENDPOINT", places.mock.clone()),
            ("AWS_BEDROCK_RUNTIME_ENDPOINT", places.mock.clone()),
            ("LITELLM_MASTER_KEY", secrets.master_key.clone()),
            ("LITELLM_SALT_KEY", secrets.salt_key.clone()),
            ("LITELLM_MODE", "PRODUCTION".to_owned()),
            ("LITELLM_TELEMETRY", "False".to_owned()),
            // Lists of prices and news come with the package. It would wait for them when it starts.
            ("LITELLM_LOCAL_MODEL_COST_MAP", "True".to_owned()),
            ("LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS", "True".to_owned()),
            ("LITELLM_LOCAL_BLOG_POSTS", "True".to_owned()),
            ("HF_HUB_OFFLINE", "1".to_owned()),
            ("PYTHONUNBUFFERED", "1".to_owned()),
        ],
    );
    if !spec.gateway.litellm.admin_ui {
        put(&mut all, [("DISABLE_ADMIN_UI", "True".to_owned())]);
    }
    if let (true, Some(port)) = (parts.database, places.postgres) {
        let url = database_url(port, secrets, crate::model::data::DATABASE_NAME);
        put(&mut all, [("DATABASE_URL", url), ("CHECKPOINT_DISABLE", "1".to_owned())]);
    }
    if let (true, Some(port)) = (parts.cache, places.redis) {
        put(
            &mut all,
            [
                ("REDIS_HOST", "127.0.0.1".to_owned()),
                ("REDIS_PORT", port.to_string()),
                // Without `REDIS_SSL`: to LiteLLM 1.82 the variable means TLS, whatever its value.
                ("REDIS_PASSWORD", secrets.cache.clone()),
            ],
        );
    }
    all
}

/// The middleware's: those of its container, with the places of this machine.
pub(super) fn middleware(order: &Order<'_>, places: &Places, parts: Parts, port: u16) -> Variables {
    let mut spec = reduced(order.spec, parts);
    if parts.database {
        // As a database that exists: of Aurora's, only a stack would know the address.
        spec.database = Database::External(ExternalDatabase { url_secret: Arn(String::new()) });
    }
    let mut all = order.inherited.clone();
    for (name, value) in middleware_environment(&Basis::new(&spec, order.environment)) {
        if let Some(text) = value.as_str() {
            all.insert(name, text.into());
        }
    }
    put(&mut all, amazon(&spec, &places.mock));
    put(
        &mut all,
        [
            ("PORT", port.to_string()),
            ("HOST", "127.0.0.1".to_owned()),
            ("UPSTREAM_URL", places.litellm.clone()),
            // Its port would be the same for every gateway of this machine.
            ("METRICS_ADDRESS", "off".to_owned()),
            // Shorter than the time that a service has to end here.
            ("DRAIN_SECONDS", "5".to_owned()),
        ],
    );
    if let (true, Some(postgres)) = (keeps_history(&spec), places.postgres) {
        let url = database_url(postgres, &order.secrets, crate::model::data::MIDDLEWARE_DATABASE_NAME);
        put(&mut all, [("DATABASE_MIDDLEWARE_URL", format!("{url}?sslmode=disable"))]);
    }
    if middleware_has_master_key(&spec) {
        put(&mut all, [("MASTER_KEY", order.secrets.master_key.clone())]);
    }
    all
}

fn database_url(port: u16, secrets: &Secrets, name: &str) -> String {
    // The password is hexadecimal: nothing in it needs an escape.
    format!("postgresql://{}:{}@127.0.0.1:{port}/{name}", super::postgres::USER, secrets.database)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::local::gateway::Options;
    use crate::mock_llm;
    use crate::model::testing::spec;

    fn secrets() -> Secrets {
        let text = |text: &str| text.to_owned();
        Secrets { master_key: text("sk-master"), salt_key: text("salt"), database: text("ab"), cache: text("cd") }
    }

    #[test]
    fn nothing_has_litellm_speak_tls_to_the_cache() {
        let places = Places { redis: Some(6379), ..Places::default() };
        let parts = Parts { database: false, cache: true };
        let variables = litellm(&spec(json!({})), &Variables::new(), &places, parts, &secrets());
        let of_redis: Vec<_> = variables.keys().filter(|name| name.starts_with("REDIS")).collect();
        assert_eq!(of_redis, ["REDIS_HOST", "REDIS_PASSWORD", "REDIS_PORT"]);
    }

    fn middleware_of(changes: Value) -> Variables {
        let spec = spec(changes);
        let options = Options {
            port: 0,
            litellm: None,
            middleware: None,
            database: true,
            cache: true,
            patience: Duration::ZERO,
            model: mock_llm::Settings::default(),
            environment: Vec::new(),
        };
        let inherited = Variables::new();
        let client = reqwest::Client::new();
        let order = Order { spec: &spec, environment: None, options: &options, inherited, secrets: secrets(), client };
        let places = Places { postgres: Some(5432), ..Places::default() };
        middleware(&order, &places, Parts { database: true, cache: false }, 3000)
    }

    #[test]
    fn the_middleware_has_the_master_key_where_it_keeps_sessions() {
        assert_eq!(middleware_of(json!({}))["MASTER_KEY"], "sk-master");
    }

    #[test]
    fn without_sessions_and_sign_up_it_has_no_master_key() {
        let without = json!({"gateway": {"middleware": {"chat_history": {"enabled": false}}}});
        assert_eq!(middleware_of(without).get("MASTER_KEY"), None);
    }
}
