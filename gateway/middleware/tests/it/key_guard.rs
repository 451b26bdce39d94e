//! Who may make keys for whom.

use serde_json::{Value, json};

use crate::support::gateway::Gateway;
use crate::support::upstream::{Reply, Upstream};

async fn status(key: &str, body: Value) -> (u16, usize) {
    let upstream = Upstream::start(|_| Reply::json(200, &json!({"key": "sk-made"}))).await;
    upstream.know("sk-ada", json!({"user_id": "ada"}));
    upstream.know("sk-boss", json!({"user_id": "boss"}));
    upstream.know("sk-plain", json!({"user_id": null, "team_id": "t"}));
    upstream.know("sk-master", json!("master"));
    upstream.role("boss", "proxy_admin");
    let gateway = Gateway::start(&upstream, &[]).await;
    let status = gateway.post("/key/generate", key, &body).await.status().as_u16();
    (status, upstream.seen("/key/generate").len())
}

#[tokio::test]
async fn a_user_makes_keys_for_himself() {
    assert_eq!(status("sk-ada", json!({"user_id": "ada", "max_budget": 1})).await, (200, 1));
    assert_eq!(status("sk-ada", json!({})).await, (200, 1));
    assert_eq!(status("sk-ada", json!({"team_id": "t"})).await, (200, 1));
}

#[tokio::test]
async fn a_user_makes_none_for_another() {
    assert_eq!(status("sk-ada", json!({"user_id": "boss"})).await, (403, 0));
    assert_eq!(status("sk-ada", json!({"user_id": ""})).await, (403, 0));
}

#[tokio::test]
async fn a_key_of_no_user_makes_none() {
    assert_eq!(status("sk-plain", json!({})).await, (403, 0));
    assert_eq!(status("sk-plain", json!({"user_id": "ada"})).await, (403, 0));
}

#[tokio::test]
async fn administrators_and_the_master_key_make_keys_for_all() {
    assert_eq!(status("sk-boss", json!({"user_id": "ada"})).await, (200, 1));
    assert_eq!(status("sk-master", json!({"user_id": "ada"})).await, (200, 1));
}

#[tokio::test]
async fn who_signs_in_with_the_master_key_makes_keys_for_all() {
    let upstream = Upstream::start(|_| Reply::json(200, &json!({"key": "sk-made"}))).await;
    // LiteLLM's own pages use such a key; older LiteLLMs write this user at keys of nobody.
    upstream.know("sk-page", json!({"user_id": "default_user_id", "team_id": "litellm-dashboard"}));
    let gateway = Gateway::start(&upstream, &[("MASTER_KEY", "boss")]).await;
    assert_eq!(gateway.post("/key/generate", "sk-page", &json!({"user_id": "ada"})).await.status(), 403);
    upstream.role("default_user_id", "proxy_admin");
    assert_eq!(gateway.post("/key/generate", "sk-page", &json!({"user_id": "ada"})).await.status(), 200);
}

#[tokio::test]
async fn whose_a_token_of_another_kind_is_litellm_knows() {
    let upstream = Upstream::start(|_| Reply::json(403, &json!({"error": {"message": "no"}}))).await;
    upstream.know("eyJ.a.b", json!("remembered"));
    let gateway = Gateway::start(&upstream, &[("MASTER_KEY", "boss")]).await;
    assert_eq!(gateway.post("/key/generate", "eyJ.a.b", &json!({"user_id": "ada"})).await.status(), 403);
    assert_eq!(upstream.seen("/key/generate").len(), 1, "it was asked");
}

#[tokio::test]
async fn an_unknown_key_and_a_body_that_hides_its_user_are_refused() {
    assert_eq!(status("sk-unknown", json!({})).await, (401, 0));
    assert_eq!(status("sk-ada", json!({"user_id": ["boss"]})).await, (400, 0));
    assert_eq!(status("sk-ada", json!([])).await, (400, 0));
    let upstream = Upstream::start(|_| Reply::json(200, &json!({}))).await;
    upstream.know("sk-ada", json!({"user_id": "ada"}));
    let gateway = Gateway::start(&upstream, &[]).await;
    // LiteLLM would take the last of them.
    let twice = gateway
        .request(reqwest::Method::POST, "/key/generate", "sk-ada")
        .body(r#"{"user_id":"ada","user_id":"boss"}"#)
        .send()
        .await
        .expect("an answer");
    assert_eq!(twice.status(), 400);
}

#[tokio::test]
async fn the_key_that_litellm_would_take_is_the_one_that_is_looked_at() {
    let upstream = Upstream::start(|_| Reply::json(200, &json!({"key": "sk-made"}))).await;
    upstream.know("sk-ada", json!({"user_id": "ada"}));
    upstream.know("sk-plain", json!({"user_id": null, "team_id": "t"}));
    let gateway = Gateway::start(&upstream, &[]).await;
    let ask = |key: &'static str, own: &'static str| {
        let request = gateway.request(reqwest::Method::POST, "/key/generate", key).header("x-litellm-api-key", own);
        async { request.body("{}").send().await.expect("an answer").status() }
    };
    assert_eq!(ask("sk-ada", "sk-plain").await, 403);
    assert_eq!(ask("sk-plain", "Bearer sk-ada").await, 200);
    let made = upstream.seen("/key/generate");
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].headers["authorization"], "Bearer sk-ada");
    assert!(!made[0].headers.contains_key("x-litellm-api-key"));
}

#[tokio::test]
async fn what_litellm_says_passes() {
    let upstream = Upstream::start(|_| Reply::json(409, &json!({"error": {"message": "alias is taken"}}))).await;
    upstream.know("sk-ada", json!({"user_id": "ada"}));
    let gateway = Gateway::start(&upstream, &[]).await;
    let answer = gateway.post("/key/generate", "sk-ada", &json!({"key_alias": "a", "duration": "1d"})).await;
    assert_eq!(answer.status(), 409);
    assert_eq!(answer.json::<Value>().await.expect("JSON")["error"]["message"], "alias is taken");
    assert_eq!(upstream.seen("/key/generate")[0].json(), json!({"key_alias": "a", "duration": "1d"}));
}
