//! Health, metrics, and what browsers may do.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::gateway::Gateway;
use crate::support::postgres::Postgres;
use crate::support::upstream::{Reply, Upstream};
use crate::support::{ask, eventually, header, says};

const LIVELINESS: &str = "/bedrock/health/liveliness";
const READINESS: &str = "/bedrock/health/readiness";

async fn get(gateway: &Gateway, path: &str) -> (u16, Value) {
    let answer = gateway.bare(Method::GET, path).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn it_lives_whatever_litellm_does_and_is_ready_only_with_it() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let gateway = Gateway::start(&upstream, &[]).await;
    let ready = json!({"status": "healthy", "litellm": "connected", "database": "not used"});
    assert_eq!(get(&gateway, READINESS).await, (200, ready));
    upstream.set_ready(false);
    let unready = json!({"status": "unhealthy", "litellm": "error", "database": "not used"});
    assert_eq!(get(&gateway, READINESS).await, (503, unready));
    assert_eq!(get(&gateway, LIVELINESS).await.0, 200);
    let alone = Gateway::start(&upstream, &[("UPSTREAM_URL", "http://127.0.0.1:1")]).await;
    assert_eq!(get(&alone, READINESS).await.1["litellm"], "disconnected");
    assert_eq!(get(&alone, LIVELINESS).await.0, 200);
}

#[tokio::test]
async fn readiness_says_when_the_database_is_away_and_chat_goes_on() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let Some(server) = Postgres::start() else { return };
    let gateway = Gateway::with_history_in(&server, &upstream, &[]).await;
    assert_eq!(get(&gateway, READINESS).await.1["database"], "connected");
    server.command("stop");
    let (status, body) = get(&gateway, READINESS).await;
    assert_eq!((status, &body["database"], &body["litellm"]), (503, &json!("disconnected"), &json!("connected")));
    assert_eq!(gateway.chat("sk-one", &ask("hi")).await.status(), 200);
    let answer = gateway.post("/session-ids", "sk-one", &json!({})).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "retry-after")), (503, "5"));
    server.command("start");
    eventually("it is ready again", || async { get(&gateway, READINESS).await.0 == 200 }).await;
}

#[tokio::test]
async fn a_service_starts_without_its_database_and_uses_it_when_it_comes() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let Some(server) = Postgres::start() else { return };
    server.command("stop");
    let url = server.url();
    let gateway =
        Gateway::start(&upstream, &[("CHAT_HISTORY", "true"), ("DATABASE_MIDDLEWARE_URL", url.as_str())]).await;
    assert_eq!(gateway.chat("sk-one", &ask("hi")).await.status(), 200);
    assert_eq!(gateway.post("/session-ids", "sk-one", &json!({})).await.status(), 503);
    server.command("start");
    gateway.ready().await;
    assert_eq!(gateway.post("/session-ids", "sk-one", &json!({})).await.status(), 200);
}

#[tokio::test]
async fn metrics_count_by_route_and_never_by_what_clients_send() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let gateway = Gateway::start(&upstream, &[]).await;
    gateway.chat("sk-one", &ask("hi")).await.text().await.expect("a text");
    gateway.bare(Method::GET, "/secret-path").send().await.expect("an answer").text().await.expect("a text");
    // The end of an answer is noted just after the client has it.
    eventually("nothing is in flight", || async {
        gateway.app.metrics().text(0).contains("gwinfra_middleware_in_flight 0\n")
    })
    .await;
    let text = gateway.app.metrics().text(0);
    let chat = "gwinfra_middleware_requests_total{route=\"/v1/chat/completions\",status=\"200\"} 1\n";
    assert!(text.contains(chat), "{text}");
    assert!(text.contains("gwinfra_middleware_requests_total{route=\"other\",status=\"404\"} 1\n"), "{text}");
    assert!(!text.contains("secret-path"));
    let answer = gateway.bare(Method::GET, "/metrics").send().await.expect("an answer");
    assert_eq!(answer.status(), 404, "the service's own port has no metrics");
}

#[tokio::test]
async fn browsers_get_nothing_unless_their_origin_is_configured() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let preflight = |gateway: &Gateway, origin: &'static str| {
        gateway
            .bare(Method::OPTIONS, "/v1/chat/completions")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization")
            .send()
    };
    let closed = Gateway::start(&upstream, &[]).await;
    let answer = preflight(&closed, "https://chat.example.com").await.expect("an answer");
    assert_eq!(answer.status(), 405);
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
    let open = Gateway::start(&upstream, &[("CORS_ALLOWED_ORIGINS", "https://chat.example.com")]).await;
    let answer = preflight(&open, "https://evil.example.com").await.expect("an answer");
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
    let answer = preflight(&open, "https://chat.example.com").await.expect("an answer");
    assert_eq!(answer.status(), 204);
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://chat.example.com");
    assert_eq!(answer.headers()["access-control-allow-headers"], "authorization");
    assert!(!answer.headers().contains_key("access-control-allow-credentials"));
    let request =
        open.request(Method::POST, "/v1/chat/completions", "sk-one").header("origin", "https://chat.example.com");
    let answer = request.body(ask("hi").to_string()).send().await.expect("an answer");
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://chat.example.com");
}

#[tokio::test]
async fn the_database_is_reached_encrypted_unless_said_otherwise() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let Some(server) = Postgres::start_encrypted() else { return };
    let port = server.port.to_string();
    let parts = [
        ("CHAT_HISTORY", "true"),
        ("DATABASE_HOST", "127.0.0.1"),
        ("DATABASE_PORT", port.as_str()),
        ("DATABASE_USER", "postgres"),
    ];
    let gateway = Gateway::start(&upstream, &parts).await;
    gateway.ready().await;
    let encrypted: bool = sqlx::query_scalar("select ssl from pg_stat_ssl where pid = pg_backend_pid()")
        .fetch_one(&gateway.database().await)
        .await
        .expect("a row");
    assert!(encrypted);
}
