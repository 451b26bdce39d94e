//! `/user/new` without an identity provider: LiteLLM decides.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::gateway::Gateway;
use crate::support::upstream::{Reply, Upstream};

#[tokio::test]
async fn without_a_key_nobody_is_asked_to_make_a_user() {
    let upstream = Upstream::start(|_| Reply::json(200, &json!({}))).await;
    let gateway = Gateway::start(&upstream, &[]).await;
    let answer = gateway.bare(Method::POST, "/user/new").body("{}").send().await.expect("an answer");
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.json::<Value>().await.expect("JSON")["error"]["code"], "missing_api_key");
    assert!(upstream.seen("/user/new").is_empty());
}

#[tokio::test]
async fn a_token_that_nobody_here_can_check_goes_to_litellm_as_it_is() {
    let refusal = json!({"error": {"message": "no such token", "type": "auth_error", "param": null, "code": "401"}});
    let said = refusal.clone();
    let upstream = Upstream::start(move |_| Reply::json(401, &said)).await;
    let gateway = Gateway::start(&upstream, &[("MASTER_KEY", "boss")]).await;
    let body = json!({"user_id": "ada", "max_budget": 5});
    let answer = gateway.post("/user/new", "eyJ.a.b", &body).await;
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.json::<Value>().await.expect("JSON"), refusal);
    let seen = upstream.seen("/user/new").remove(0);
    assert_eq!((&seen.headers["authorization"], seen.json()), (&"Bearer eyJ.a.b".parse().expect("a value"), body));
}

#[tokio::test]
async fn what_is_no_json_is_litellms_to_refuse() {
    let upstream = Upstream::start(|_| Reply::json(422, &json!({"detail": "no JSON"}))).await;
    let gateway = Gateway::start(&upstream, &[]).await;
    for body in ["{", "[]"] {
        let request = gateway.request(Method::POST, "/user/new", "sk-one").body(body);
        assert_eq!(request.send().await.expect("an answer").status(), 422, "{body}");
    }
    let seen: Vec<String> =
        upstream.seen("/user/new").iter().map(|seen| String::from_utf8_lossy(&seen.body).into()).collect();
    assert_eq!(seen, ["{", "[]"]);
}
