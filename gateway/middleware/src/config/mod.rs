//! Settings, all from the environment.

mod database;
mod mock;
mod reader;
mod requests;
mod secret;
mod variables;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::http::{HeaderValue, Uri};
use reqwest::Url;

pub use self::database::{Authentication, Database};
pub use self::mock::Mock;
pub use self::reader::Reader;
pub use self::requests::Requests;
pub use self::secret::Secret;
pub use self::variables::{VARIABLES, Variable};
use crate::okta::Defaults;
use crate::telemetry::logs::filter;

/// Longest time that what LiteLLM says about a key is believed, in seconds: so long may a revoked key read its history.
pub const LONGEST_KEY_CACHE_SECONDS: u64 = 60;
const MIB: usize = 1024 * 1024;

/// Why the environment is not a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {reason}")]
pub struct ConfigError {
    /// The variable.
    pub variable: &'static str,
    /// What is wrong with it, and what it should be. Never its value if it may be a secret.
    pub reason: String,
}

/// Okta, for sign-up.
#[derive(Debug, Clone, PartialEq)]
pub struct Okta {
    /// Issuer of access tokens: `https://example.okta.com/oauth2/default`.
    pub issuer: String,
    /// Audience that tokens must have.
    pub audience: String,
    /// Scope that tokens must have. `None`: any token of the audience will do.
    pub scope: Option<String>,
    /// What everybody who signs up is given.
    pub defaults: Defaults,
}

/// Chat history.
#[derive(Debug, Clone)]
pub struct History {
    /// Where it is kept.
    pub database: Database,
    /// Days after its last turn that a session is kept. `None`: for ever.
    pub retention_days: Option<u32>,
    /// Whether clients may choose ids of sessions.
    pub client_session_ids: bool,
}

/// All settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address of the service.
    pub listen: SocketAddr,
    /// Address of the metrics. `None`: none are served.
    pub metrics: Option<SocketAddr>,
    /// LiteLLM: scheme, host, port and perhaps a path.
    pub upstream: Uri,
    /// Longest wait for LiteLLM's answer, and for each next part of it.
    pub request_timeout: Duration,
    /// Longest time for a whole request body to arrive.
    pub body_timeout: Duration,
    /// Longest time for a client to take the next bytes of its answer.
    pub client_timeout: Duration,
    /// Largest request body, in bytes.
    pub body_limit: usize,
    /// Most bytes of request bodies that are held at once.
    pub body_memory: usize,
    /// Most requests that are under way at once.
    pub requests: Requests,
    /// Most of `body_memory` that requests of one key take, in percent.
    pub key_memory_percent: usize,
    /// Whether the Converse API is served.
    pub bedrock_api: bool,
    /// Whether model names that are ARNs of managed prompts are resolved.
    pub managed_prompts: bool,
    /// Chat history, if it is on.
    pub history: Option<History>,
    /// Okta, if it is configured.
    pub okta: Option<Okta>,
    /// LiteLLM's master key, as LiteLLM has it: with `sk-`.
    pub master_key: Option<Secret>,
    /// How long what LiteLLM says about a key is believed.
    pub key_cache: Duration,
    /// Origins of browsers that may call. Empty: CORS is off.
    pub cors_origins: Vec<HeaderValue>,
    /// Longest time for requests to end after SIGTERM.
    pub drain: Duration,
    /// What is logged, as `tracing_subscriber::EnvFilter` reads it.
    pub log: String,
    /// Where traces are sent. The address may hold a password.
    pub traces: Option<Secret>,
    /// Region of AWS.
    pub region: Option<String>,
}

impl Config {
    /// Reads all settings.
    ///
    /// # Errors
    /// Every variable that is missing or malformed, not only the first.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<ConfigError>> {
        let mut reader = Reader::new(&lookup);
        let listen = listen(&mut reader);
        let region = region(&mut reader);
        let (body_limit, body_memory) = bodies(&mut reader);
        let config = Self {
            listen,
            metrics: metrics(&mut reader),
            upstream: upstream(&mut reader),
            request_timeout: Duration::from_secs(reader.number("REQUEST_TIMEOUT_SECONDS", 1, 86_400)),
            body_timeout: Duration::from_secs(reader.number("BODY_TIMEOUT_SECONDS", 1, 3_600)),
            client_timeout: Duration::from_secs(reader.number("CLIENT_TIMEOUT_SECONDS", 1, 3_600)),
            body_limit,
            body_memory,
            requests: Requests::read(&mut reader, body_memory),
            key_memory_percent: count(&mut reader, "KEY_MEMORY_PERCENT", 100),
            bedrock_api: reader.switch("BEDROCK_API"),
            managed_prompts: reader.switch("MANAGED_PROMPTS"),
            history: history(&mut reader, region.as_deref()),
            okta: okta(&mut reader),
            master_key: reader.text("MASTER_KEY").map(|key| master_key(&key)),
            key_cache: Duration::from_secs(reader.number("KEY_CACHE_SECONDS", 0, LONGEST_KEY_CACHE_SECONDS)),
            cors_origins: cors(&mut reader),
            drain: Duration::from_secs(reader.number("DRAIN_SECONDS", 0, 3_600)),
            log: log(&mut reader),
            traces: traces(&mut reader),
            region,
        };
        if config.okta.is_some() && config.master_key.is_none() {
            reader.error("MASTER_KEY", "Okta sign-up makes users with LiteLLM's master key: set it");
        }
        reader.finish(config)
    }
}

/// LiteLLM accepts only keys that begin with `sk-`. Its container puts the prefix before a generated secret, so it is put
/// here too.
fn master_key(key: &str) -> Secret {
    Secret::new(format!("sk-{}", key.strip_prefix("sk-").unwrap_or(key)))
}

fn count(reader: &mut Reader<'_>, name: &'static str, most: u64) -> usize {
    usize::try_from(reader.number(name, 1, most)).unwrap_or(1)
}

fn size(reader: &mut Reader<'_>, name: &'static str) -> usize {
    count(reader, name, 4_096).saturating_mul(MIB)
}

/// The largest body, and the memory for all of them, in bytes.
fn bodies(reader: &mut Reader<'_>) -> (usize, usize) {
    let largest = size(reader, "MAX_BODY_MIB");
    let memory = size(reader, "BODY_MEMORY_MIB");
    if memory < largest && !reader.is_wrong("BODY_MEMORY_MIB") {
        let least = largest / MIB;
        reader
            .error("BODY_MEMORY_MIB", format!("at least MAX_BODY_MIB, which is {least}: the largest body has to fit"));
    }
    (largest, memory)
}

/// Names of regions are parts of names of hosts.
fn region(reader: &mut Reader<'_>) -> Option<String> {
    let (name, region) = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .into_iter()
        .find_map(|name| reader.text(name).map(|region| (name, region)))?;
    let is_name = |region: &str| region.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if !is_name(&region) {
        reader.error(name, "a region of AWS such as eu-west-3");
    }
    Some(region)
}

fn traces(reader: &mut Reader<'_>) -> Option<Secret> {
    let text = reader.text("OTEL_EXPORTER_OTLP_ENDPOINT")?;
    let speaks =
        |url: &Url| matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none();
    if !Url::parse(&text).is_ok_and(|url| speaks(&url)) {
        reader.error(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "an address such as http://127.0.0.1:4318, to which /v1/traces is added",
        );
    }
    Some(Secret::new(text))
}

fn upstream(reader: &mut Reader<'_>) -> Uri {
    let text = reader.text("UPSTREAM_URL").unwrap_or_default();
    let wrong = "an address such as http://127.0.0.1:4000; LiteLLM is in the same task, so https is not spoken";
    match text.trim_end_matches('/').parse::<Uri>() {
        Ok(uri) if uri.scheme_str() == Some("http") && uri.authority().is_some() && uri.query().is_none() => uri,
        _ => {
            reader.error("UPSTREAM_URL", wrong);
            Uri::default()
        }
    }
}

fn listen(reader: &mut Reader<'_>) -> SocketAddr {
    let port = u16::try_from(reader.number("PORT", 1, u64::from(u16::MAX))).unwrap_or_default();
    let host = reader.text("HOST").unwrap_or_default().parse().unwrap_or_else(|_| {
        reader.error("HOST", "an IP address such as 127.0.0.1");
        IpAddr::V4(Ipv4Addr::UNSPECIFIED)
    });
    SocketAddr::new(host, port)
}

fn metrics(reader: &mut Reader<'_>) -> Option<SocketAddr> {
    let text = reader.text("METRICS_ADDRESS")?;
    if text == "off" {
        return None;
    }
    let address = text.parse();
    if address.is_err() {
        reader.error("METRICS_ADDRESS", "an address and port such as 127.0.0.1:9300, or `off`");
    }
    address.ok()
}

fn history(reader: &mut Reader<'_>, region: Option<&str>) -> Option<History> {
    if !reader.switch("CHAT_HISTORY") {
        return None;
    }
    let days = u32::try_from(reader.number("CHAT_HISTORY_RETENTION_DAYS", 0, 36_500)).unwrap_or_default();
    let client_session_ids = reader.switch("CHAT_HISTORY_CLIENT_SESSION_IDS");
    let database = Database::read(reader, region)?;
    Some(History { database, retention_days: (days > 0).then_some(days), client_session_ids })
}

fn okta(reader: &mut Reader<'_>) -> Option<Okta> {
    // What is wrong ends the start, also where nobody can sign up yet.
    let defaults = Defaults::read(reader);
    let issuer = reader.text("OKTA_ISSUER")?;
    let audience = reader.text("OKTA_AUDIENCE").unwrap_or_default();
    if let Err(error) = crate::okta::verifier::keys_url(&issuer) {
        reader.error("OKTA_ISSUER", error.to_string());
    }
    Some(Okta { issuer, audience, scope: reader.text("OKTA_SCOPE"), defaults })
}

fn log(reader: &mut Reader<'_>) -> String {
    let text = reader.text("LOG_LEVEL").unwrap_or_default();
    if let Err(reason) = filter(&text) {
        let form = "`error`, `warn`, `info`, `debug`, or a filter such as `info,sqlx=debug`";
        reader.error("LOG_LEVEL", format!("{form}: {reason}"));
    }
    text
}

fn cors(reader: &mut Reader<'_>) -> Vec<HeaderValue> {
    let Some(text) = reader.text("CORS_ALLOWED_ORIGINS") else { return Vec::new() };
    let mut origins = Vec::new();
    for origin in text.split(',').map(str::trim).filter(|origin| !origin.is_empty()) {
        let exact = origin.parse::<Uri>().is_ok_and(|uri| uri.scheme().is_some() && matches!(uri.path(), "" | "/"));
        match HeaderValue::from_str(origin) {
            Ok(value) if exact && !origin.ends_with('/') => origins.push(value),
            _ => reader.error("CORS_ALLOWED_ORIGINS", "exact origins such as https://chat.example.com, with commas"),
        }
    }
    origins
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, Vec<ConfigError>> {
        let variables: HashMap<&str, &str> = variables.iter().copied().collect();
        Config::read(|name| variables.get(name).map(|&value| value.to_owned()))
    }

    #[test]
    fn nothing_but_defaults_is_a_pass_through_to_litellm_in_the_same_task() {
        let config = read(&[]).expect("defaults are a configuration");
        assert_eq!(config.upstream, "http://127.0.0.1:4000/");
        assert_eq!(config.listen.port(), 3000);
        assert!(config.history.is_none() && config.okta.is_none() && config.cors_origins.is_empty());
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let wrong = [
            ("PORT", "no"),
            ("HOST", "here"),
            ("UPSTREAM_URL", "https://x"),
            ("BODY_MEMORY_MIB", "none"),
            ("BEDROCK_API", "maybe"),
            ("CHAT_HISTORY", "true"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "nonsense"),
            ("AWS_REGION", "not a region"),
        ];
        let errors = read(&wrong).expect_err("mistakes");
        let mut names: Vec<_> = errors.iter().map(|error| error.variable).collect();
        names.sort_unstable();
        let mut expected = wrong.map(|(name, _)| if name == "CHAT_HISTORY" { "DATABASE_HOST" } else { name });
        expected.sort_unstable();
        assert_eq!(names, expected);
    }

    fn mistake(variables: &[(&str, &str)]) -> Option<&'static str> {
        read(variables).err().map(|errors| errors[0].variable)
    }

    #[test]
    fn the_largest_body_has_to_fit_into_the_memory_for_bodies() {
        assert_eq!(mistake(&[("MAX_BODY_MIB", "64"), ("BODY_MEMORY_MIB", "32")]), Some("BODY_MEMORY_MIB"));
        assert_eq!(mistake(&[("BODY_MEMORY_MIB", "31")]), Some("BODY_MEMORY_MIB"), "the default is 32");
        assert_eq!(mistake(&[("MAX_BODY_MIB", "64"), ("BODY_MEMORY_MIB", "64")]), None);
    }

    #[test]
    fn a_region_is_part_of_a_hosts_name() {
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            for region in ["not a region", "eu-west-3/x", "EU", "eu-west-3.example.com"] {
                assert_eq!(mistake(&[(name, region)]), Some(name), "{region}");
            }
            assert_eq!(
                read(&[(name, "eu-west-3")]).ok().and_then(|config| config.region).as_deref(),
                Some("eu-west-3")
            );
        }
    }

    #[test]
    fn of_two_regions_the_one_that_ecs_sets_counts() {
        let config =
            read(&[("AWS_DEFAULT_REGION", "us-east-1"), ("AWS_REGION", "eu-west-3")]).expect("a configuration");
        assert_eq!(config.region.as_deref(), Some("eu-west-3"));
    }

    #[test]
    fn traces_go_to_an_address() {
        for address in ["nonsense", "collector:4318", "ftp://collector", "http://", "https://collector?key=x"] {
            let wrong = mistake(&[("OTEL_EXPORTER_OTLP_ENDPOINT", address)]);
            assert_eq!(wrong, Some("OTEL_EXPORTER_OTLP_ENDPOINT"), "{address}");
        }
        assert_eq!(mistake(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://user:p@collector.example.com/otlp/")]), None);
    }

    #[test]
    fn the_master_key_has_the_prefix_that_litellm_gives_it() {
        for key in ["abc", "sk-abc"] {
            let config = read(&[("MASTER_KEY", key)]).expect("a key");
            assert_eq!(config.master_key.map(|key| key.reveal().to_owned()), Some("sk-abc".to_owned()));
        }
    }

    #[test]
    fn a_configuration_that_is_printed_shows_no_secret() {
        let variables = [
            ("MASTER_KEY", "hidden"),
            ("CHAT_HISTORY", "true"),
            ("DATABASE_MIDDLEWARE_URL", "postgresql://user:hidden@db.example.com/litellm?sslmode=require"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://user:hidden@collector.example.com"),
        ];
        let config = read(&variables).expect("a configuration");
        assert!(!format!("{config:?}").contains("hidden"), "{config:?}");
    }

    #[test]
    fn okta_without_the_master_key_is_refused_at_the_start() {
        let errors = read(&[("OKTA_ISSUER", "https://example.okta.com/oauth2/default")]).expect_err("no master key");
        assert_eq!(errors[0].variable, "MASTER_KEY");
    }

    #[test]
    fn a_level_that_is_none_is_refused() {
        for level in ["warning", "verbose", "info,sqlx", "info,sqlx=loud"] {
            let errors = read(&[("LOG_LEVEL", level)]).expect_err(level);
            assert_eq!(errors[0].variable, "LOG_LEVEL");
        }
        for level in ["warn", "INFO", "off", "info,sqlx=debug", "gwinfra_middleware[request{id=1}]=debug"] {
            assert!(read(&[("LOG_LEVEL", level)]).is_ok(), "{level}");
        }
    }

    #[test]
    fn origins_are_exact() {
        assert!(read(&[("CORS_ALLOWED_ORIGINS", "*")]).is_err());
        assert!(read(&[("CORS_ALLOWED_ORIGINS", "https://chat.example.com/path")]).is_err());
        let config = read(&[("CORS_ALLOWED_ORIGINS", "https://a.example.com, http://localhost:8080")]).expect("two");
        assert_eq!(config.cors_origins.len(), 2);
    }
}
