//! The service, as a process of its own.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test shows what went wrong, and needs no name of a file"
)]

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;

use super::Upstream;
use super::postgres::{Postgres, database};

/// A running service. It ends with its test.
pub struct Gateway {
    child: Child,
    port: u16,
    log: PathBuf,
    /// A client.
    pub client: Client,
}

impl Gateway {
    /// The service in front of that LiteLLM.
    pub async fn of(upstream: &Upstream) -> Self {
        Self::with(upstream, &[]).await
    }

    /// The service in front of that LiteLLM, with more variables.
    pub async fn with(upstream: &Upstream, variables: &[(&str, &str)]) -> Self {
        // A port that was free may be taken a moment later.
        for _ in 0..5 {
            if let Some(gateway) = Self::start(upstream, variables).await {
                return gateway;
            }
        }
        panic!("the service does not start");
    }

    /// As [`Self::with`], with history in a new database.
    pub async fn with_history(upstream: &Upstream, postgres: &Postgres, variables: &[(&str, &str)]) -> Self {
        let (url, database) = (postgres.url(), database());
        let mut all = vec![
            ("CHAT_HISTORY", "true"),
            ("DATABASE_MIDDLEWARE_URL", url.as_str()),
            ("DATABASE_NAME", database.as_str()),
        ];
        all.extend_from_slice(variables);
        let gateway = Self::with(upstream, &all).await;
        // Its tables are made behind the first request.
        for _ in 0..500 {
            let response = gateway.post("/session-ids").send().await.expect("an answer");
            if response.status() == 200 {
                return gateway;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no history");
    }

    async fn start(upstream: &Upstream, variables: &[(&str, &str)]) -> Option<Self> {
        let port = free_port();
        let log = std::env::temp_dir().join(format!("gwinfra-middleware-{}-{port}.log", std::process::id()));
        let file = File::create(&log).expect("a log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_gwinfra-middleware"));
        command.env_clear().env("PORT", port.to_string()).env("UPSTREAM_URL", upstream.url());
        command.env("METRICS_ADDRESS", "off").env("LOG_LEVEL", "debug").env("AWS_EC2_METADATA_DISABLED", "true");
        command.envs(variables.iter().copied()).stdin(Stdio::null());
        let child = command.stdout(file.try_clone().expect("a log")).stderr(file).spawn().expect("the service");
        let client = Client::builder().no_proxy().build().expect("a client");
        let mut gateway = Self { child, port, log, client };
        let url = gateway.url("/");
        for _ in 0..3_000 {
            if gateway.client.get(&url).send().await.is_ok_and(|response| response.status() == 200) {
                return Some(gateway);
            }
            if gateway.child.try_wait().expect("a child").is_some() {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        None
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// A request with the key `sk-ada-1`.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path)).bearer_auth("sk-ada-1").header("content-type", "application/json")
    }

    /// Converse with the model `m`.
    pub async fn converse(&self, body: &Value) -> Response {
        self.post("/bedrock/model/m/converse").body(body.to_string()).send().await.expect("an answer")
    }

    /// ConverseStream with the model `m`.
    pub async fn converse_stream(&self, body: &Value) -> Response {
        self.post("/bedrock/model/m/converse-stream").body(body.to_string()).send().await.expect("an answer")
    }

    /// What the service has logged.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs(&self.log)).into_owned()
    }

    /// Whether the service still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A test that fails shows what the service said.
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(20).collect();
            println!("--- the service, last line first\n{}", tail.join("\n"));
        }
        let _ = std::fs::remove_file(&self.log);
    }
}

/// A port that nobody listens at, of a range that the system gives to no connection.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 8_000).expect("small");
    loop {
        let port = 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

fn fs(path: &std::path::Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_default()
}
