//! `/bedrock/chat-history`: Bedrock's form of errors, too.

use reqwest::Method;
use serde_json::{Value, json};

use crate::history::{echo, goes_on, kept};
use crate::support::gateway::{Gateway, session};

const PATH: &str = "/bedrock/chat-history";

#[tokio::test]
async fn errors_have_bedrocks_form() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let unknown = json!({"session_id": "6f1c0b3e-0000-4000-8000-000000000000"}).to_string();
    let cases = [
        (Method::POST, "{}", 400, "ValidationException"),
        (Method::POST, "[]", 400, "ValidationException"),
        (Method::DELETE, "{", 400, "ValidationException"),
        (Method::POST, unknown.as_str(), 401, "AccessDeniedException"),
        (Method::DELETE, unknown.as_str(), 401, "AccessDeniedException"),
    ];
    for (method, body, status, name) in cases {
        let answer = gateway.request(method, PATH, "sk-one").body(body.to_owned()).send().await.expect("an answer");
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["x-amzn-errortype"]),
            (status, &name.parse().expect("a value"))
        );
        assert!(answer.headers().contains_key("x-amzn-requestid"));
        let body: Value = answer.json().await.expect("JSON");
        assert!(body["message"].is_string() && body.as_object().is_some_and(|body| body.len() == 1), "{body}");
    }
}

#[tokio::test]
async fn a_session_is_deleted_by_its_owner() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let id = session(&gateway.chat("sk-one", &kept("a")).await);
    let delete = |key: &'static str| gateway.request(Method::DELETE, &format!("{PATH}?session_id={id}"), key).send();
    assert_eq!(delete("sk-two").await.expect("an answer").status(), 401);
    let deleted = delete("sk-one").await.expect("an answer");
    assert_eq!(deleted.json::<Value>().await.expect("JSON"), json!({"session_id": id, "deleted": true}));
    assert_eq!(gateway.chat("sk-one", &goes_on("b", &id)).await.status(), 401);
}

#[tokio::test]
async fn without_a_key_no_history_is_read_or_deleted() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let id = session(&gateway.chat("sk-one", &kept("a")).await);
    let before = upstream.seen("/key/info").len();
    for (method, path) in [
        (Method::POST, "/chat-history"),
        (Method::DELETE, "/chat-history"),
        (Method::POST, "/session-ids"),
        (Method::POST, PATH),
        (Method::DELETE, PATH),
    ] {
        let request = gateway.bare(method, path).body(json!({"session_id": id}).to_string());
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 401, "{path}");
        let is_bedrocks = answer.headers().get("x-amzn-errortype").is_some_and(|name| name == "AccessDeniedException");
        assert_eq!(is_bedrocks, path == PATH, "{path}");
    }
    assert_eq!(upstream.seen("/key/info").len(), before, "LiteLLM is not asked");
    assert_eq!(gateway.contents("sk-one", &id).await, ["a", "re: a"]);
}
