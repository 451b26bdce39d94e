//! The service, in the test's own process, on a port of its own.

use std::collections::HashMap;
use std::net::SocketAddr;

use gwinfra_middleware::app::App;
use gwinfra_middleware::config::Config;
use gwinfra_middleware::server;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::postgres::{self, Postgres};
use super::upstream::Upstream;

/// A running service.
pub struct Gateway {
    pub address: SocketAddr,
    pub app: App,
    client: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
    variables: HashMap<String, String>,
}

impl Gateway {
    /// Starts one with variables, beside the defaults of tests.
    pub async fn start(upstream: &Upstream, variables: &[(&str, &str)]) -> Self {
        let mut all = HashMap::from([("UPSTREAM_URL".to_owned(), format!("http://{}", upstream.address))]);
        all.extend(variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())));
        Self::with(all).await
    }

    /// Starts one that keeps history in a new database. `None` without PostgreSQL.
    pub async fn with_history(upstream: &Upstream, variables: &[(&str, &str)]) -> Option<Self> {
        Some(Self::with_history_in(Postgres::shared()?, upstream, variables).await)
    }

    /// As [`Self::with_history`], in a server.
    pub async fn with_history_in(server: &Postgres, upstream: &Upstream, variables: &[(&str, &str)]) -> Self {
        let (url, name) = (server.url(), postgres::database());
        let mut all =
            vec![("CHAT_HISTORY", "true"), ("DATABASE_MIDDLEWARE_URL", url.as_str()), ("DATABASE_NAME", name.as_str())];
        all.extend_from_slice(variables);
        let gateway = Self::start(upstream, &all).await;
        gateway.ready().await;
        gateway
    }

    /// Another one with the same variables: a second task of the same deployment.
    pub async fn sibling(&self) -> Self {
        Self::with(self.variables.clone()).await
    }

    async fn with(variables: HashMap<String, String>) -> Self {
        let config = Config::read(|name| variables.get(name).cloned()).expect("a configuration");
        let app = App::new(config).await;
        let listener = server::listen("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(server::serve(app.clone(), listener, async move {
            let _ = stopped.await;
        }));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { address, app, client, stop: Some(stop), serving: Some(serving), variables }
    }

    /// Waits until history can be used.
    pub async fn ready(&self) {
        super::eventually("history is ready", || async { self.app.history().is_ok_and(|store| store.is_ready()) })
            .await;
    }

    /// A request with a key.
    pub fn request(&self, method: Method, path: &str, key: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address)).bearer_auth(key)
    }

    /// A request without a key.
    pub fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, key: &str, body: &Value) -> Response {
        self.request(Method::POST, path, key)
            .header("content-type", "application/json")
            .body(body.to_string())
            .send()
            .await
            .expect("an answer")
    }

    /// Posts a chat request.
    pub async fn chat(&self, key: &str, body: &Value) -> Response {
        self.post("/v1/chat/completions", key, body).await
    }

    /// Contents of a session's messages, oldest first.
    pub async fn contents(&self, key: &str, session: &str) -> Vec<Value> {
        let answer = self.post("/chat-history", key, &serde_json::json!({"session_id": session})).await;
        assert_eq!(answer.status(), 200);
        let body: Value = answer.json().await.expect("JSON");
        body["messages"].as_array().expect("a list").iter().map(|message| message["content"].clone()).collect()
    }

    /// The database of history.
    pub async fn database(&self) -> PgPool {
        let database = self.app.config().history.as_ref().expect("history is on").database.options.clone();
        PgPoolOptions::new().max_connections(2).connect_with(database).await.expect("a connection")
    }

    /// Begins to end; returns what can be waited for.
    pub fn stop(&mut self) -> JoinHandle<()> {
        let _ = self.stop.take().expect("not stopped yet").send(());
        self.serving.take().expect("not stopped yet")
    }
}

/// A session's id from an answer's header.
pub fn session(response: &Response) -> String {
    response.headers()["x-session-id"].to_str().expect("text").to_owned()
}
