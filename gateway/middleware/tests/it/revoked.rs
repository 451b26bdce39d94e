//! Keys that LiteLLM takes from its memory, and that its table no longer allows.

use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::{Value, json};

use crate::history::{echo, goes_on, kept};
use crate::support::gateway::{Gateway, session};
use crate::support::upstream::Upstream;

/// A gateway that knows the master key and believes LiteLLM for a minute.
async fn gateway() -> Option<(Upstream, Gateway)> {
    let upstream = echo().await;
    upstream.know("sk-boss", json!("master"));
    let gateway = Gateway::with_history(&upstream, &[("MASTER_KEY", "boss"), ("KEY_CACHE_SECONDS", "60")]).await?;
    Some((upstream, gateway))
}

/// A time from now on, as LiteLLM writes it.
fn within(wait: Duration) -> String {
    DateTime::from(SystemTime::now() + wait).fmt(Format::DateTimeWithOffset).expect("a time")
}

async fn reads(gateway: &Gateway, key: &str) -> u16 {
    gateway.post("/session-ids", key, &json!({})).await.status().as_u16()
}

#[tokio::test]
async fn a_deleted_key_that_litellm_remembers_reads_and_writes_nothing() {
    let Some((upstream, gateway)) = gateway().await else { return };
    upstream.know("sk-plain", json!({"user_id": null}));
    let id = session(&gateway.chat("sk-plain", &kept("a")).await);
    let sibling = gateway.sibling().await;
    sibling.ready().await;
    upstream.know("sk-plain", json!("remembered"));
    for path in ["/session-ids", "/chat-history", "/bedrock/chat-history", "/v1/chat/completions", "/key/generate"] {
        assert_eq!(sibling.post(path, "sk-plain", &goes_on("b", &id)).await.status(), 401, "{path}");
    }
}

#[tokio::test]
async fn so_does_one_that_was_limited_to_models() {
    let Some((upstream, gateway)) = gateway().await else { return };
    upstream.know("sk-limited", json!({"forgotten": true}));
    assert_eq!(reads(&gateway, "sk-limited").await, 401);
}

#[tokio::test]
async fn a_blocked_key_is_refused() {
    let Some((upstream, gateway)) = gateway().await else { return };
    upstream.know("sk-blocked", json!({"user_id": "ada", "blocked": true}));
    upstream.know("sk-other", json!({"user_id": "ada", "blocked": false}));
    assert_eq!((reads(&gateway, "sk-blocked").await, reads(&gateway, "sk-other").await), (401, 200));
    upstream.know("sk-limited", json!({"limited": {"user_id": "ada", "blocked": true}}));
    assert_eq!(reads(&gateway, "sk-limited").await, 401);
}

#[tokio::test]
async fn an_expired_key_is_refused() {
    let Some((upstream, gateway)) = gateway().await else { return };
    upstream.know("sk-past", json!({"user_id": "ada", "expires": "2026-01-01T12:00:00+00:00"}));
    upstream.know("sk-future", json!({"user_id": "ada", "expires": within(Duration::from_secs(3600))}));
    assert_eq!((reads(&gateway, "sk-past").await, reads(&gateway, "sk-future").await), (401, 200));
}

#[tokio::test]
async fn a_key_that_expires_is_believed_until_then_and_no_longer() {
    let Some((upstream, gateway)) = gateway().await else { return };
    upstream.know("sk-short", json!({"user_id": "ada", "expires": within(Duration::from_secs(2))}));
    assert_eq!((reads(&gateway, "sk-short").await, reads(&gateway, "sk-short").await), (200, 200));
    assert_eq!(upstream.seen("/key/info").len(), 1);
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(reads(&gateway, "sk-short").await, 401);
}

#[tokio::test]
async fn without_the_master_key_what_is_in_no_table_is_asked_each_time() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[("KEY_CACHE_SECONDS", "60")]).await else { return };
    for info in [json!("remembered"), json!({"limited": {"user_id": "ada"}})] {
        upstream.know("sk-plain", info);
        let asked = upstream.seen("/key/info").len();
        assert_eq!((reads(&gateway, "sk-plain").await, reads(&gateway, "sk-plain").await), (200, 200));
        assert_eq!(upstream.seen("/key/info").len(), asked + 2);
        upstream.revoke("sk-plain");
        assert_eq!(reads(&gateway, "sk-plain").await, 401);
    }
}

#[tokio::test]
async fn the_master_key_and_tokens_of_another_kind_are_in_no_table_and_are_taken() {
    let Some((upstream, gateway)) = gateway().await else { return };
    upstream.know("eyJ.a.b", json!("remembered"));
    for key in ["sk-boss", "eyJ.a.b"] {
        let id = session(&gateway.chat(key, &kept("a")).await);
        assert_eq!(gateway.contents(key, &id).await, ["a", "re: a"], "{key}");
    }
    let asked = |key: &str| {
        let header = format!("Bearer {key}");
        upstream.seen("/key/info").iter().filter(|seen| seen.headers["authorization"] == header.as_str()).count()
    };
    assert_eq!(asked("sk-boss"), 1, "it is believed for long");
}

#[tokio::test]
async fn the_refusal_is_that_of_an_unknown_key() {
    let Some((upstream, gateway)) = gateway().await else { return };
    upstream.know("sk-gone", json!("remembered"));
    let mut bodies = Vec::new();
    for key in ["sk-gone", "sk-never"] {
        let request = gateway.request(reqwest::Method::POST, "/session-ids", key).header("x-request-id", "same");
        bodies.push(request.send().await.expect("an answer").json::<Value>().await.expect("JSON"));
    }
    assert_eq!(bodies[0], bodies[1]);
}
