//! Whose a chat session is.

use futures::stream::{self, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};

use crate::history::{echo, goes_on, kept};
use crate::support::gateway::{Gateway, session};
use crate::support::says;
use crate::support::upstream::{Reply, Upstream};

#[tokio::test]
async fn a_session_of_another_and_one_that_does_not_exist_look_the_same() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let id = session(&gateway.chat("sk-one", &kept("a")).await);
    let mut bodies = Vec::new();
    for id in [id.as_str(), "6f1c0b3e-0000-4000-8000-000000000000", "a\u{0}b", "' or 1=1 --"] {
        for path in ["/v1/chat/completions", "/chat-history"] {
            let request = gateway.request(Method::POST, path, "sk-two").header("x-request-id", "same");
            let answer = request.body(goes_on("b", id).to_string()).send().await.expect("an answer");
            assert_eq!(answer.status(), 401, "{path} {id:?}");
            bodies.push(answer.text().await.expect("a text"));
        }
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:?}");
    assert_eq!(gateway.contents("sk-one", &id).await, ["a", "re: a"]);
}

#[tokio::test]
async fn clients_choose_ids_only_where_that_is_allowed() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[("CHAT_HISTORY_CLIENT_SESSION_IDS", "true")]).await else {
        return;
    };
    let answer = gateway.chat("sk-one", &goes_on("a", "my-session")).await;
    assert_eq!(session(&answer), "my-session");
    assert_eq!(gateway.chat("sk-two", &goes_on("b", "my-session")).await.status(), 401);
    assert_eq!(gateway.chat("sk-one", &goes_on("b", &"x".repeat(129))).await.status(), 401);
    assert_eq!(gateway.contents("sk-one", "my-session").await, ["a", "re: a"]);
}

#[tokio::test]
async fn sessions_belong_to_the_user_and_outlive_a_key_that_is_rotated() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[("KEY_CACHE_SECONDS", "0")]).await else { return };
    upstream.know("sk-old", json!({"user_id": "ada", "team_id": "t"}));
    let id = session(&gateway.chat("sk-old", &kept("a")).await);
    upstream.revoke("sk-old");
    upstream.know("sk-new", json!({"user_id": "ada", "team_id": null}));
    assert_eq!(gateway.contents("sk-new", &id).await, ["a", "re: a"]);
    // Older LiteLLMs write this user at every key without one.
    upstream.know("sk-nobody", json!({"user_id": "default_user_id"}));
    upstream.know("sk-nobody-else", json!({"user_id": "default_user_id"}));
    let id = session(&gateway.chat("sk-nobody", &kept("a")).await);
    assert_eq!(gateway.chat("sk-nobody-else", &goes_on("b", &id)).await.status(), 401);
}

#[tokio::test]
async fn a_revoked_key_reads_nothing_once_the_cache_has_forgotten_it() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[("KEY_CACHE_SECONDS", "1")]).await else { return };
    let id = session(&gateway.chat("sk-one", &kept("a")).await);
    upstream.revoke("sk-one");
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(gateway.post("/chat-history", "sk-one", &json!({"session_id": id})).await.status(), 401);
    for path in ["/session-ids", "/bedrock/chat-history", "/v1/chat/completions"] {
        assert_eq!(gateway.post(path, "sk-one", &goes_on("b", &id)).await.status(), 401, "{path}");
    }
}

#[tokio::test]
async fn many_requests_of_a_key_ask_litellm_about_it_once() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let none = json!({});
    let requests = stream::iter(0..50).map(|_| gateway.post("/session-ids", "sk-one", &none));
    let statuses: Vec<u16> = requests.buffer_unordered(50).map(|answer| answer.status().as_u16()).collect().await;
    assert_eq!(statuses, [200; 50]);
    assert_eq!(upstream.seen("/key/info").len(), 1);
}

#[tokio::test]
async fn the_master_key_has_sessions_of_its_own() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    upstream.know("sk-master", json!("master"));
    let id = session(&gateway.chat("sk-master", &kept("a")).await);
    assert_eq!(gateway.contents("sk-master", &id).await, ["a", "re: a"]);
}

#[tokio::test]
async fn an_owner_deletes_sessions_and_nobody_else_does() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    for by_query in [true, false] {
        let id = session(&gateway.chat("sk-one", &kept("a")).await);
        let delete = |key: &'static str| {
            let path = if by_query { format!("/chat-history?session_id={id}") } else { "/chat-history".to_owned() };
            let body = if by_query { String::new() } else { json!({"session_id": id}).to_string() };
            gateway.request(Method::DELETE, &path, key).body(body).send()
        };
        assert_eq!(delete("sk-two").await.expect("an answer").status(), 401);
        let deleted = delete("sk-one").await.expect("an answer");
        assert_eq!(deleted.json::<Value>().await.expect("JSON"), json!({"session_id": id, "deleted": true}));
        assert_eq!(gateway.chat("sk-one", &goes_on("b", &id)).await.status(), 401);
    }
    let left: i64 = sqlx::query_scalar("select count(*) from messages")
        .fetch_one(&gateway.database().await)
        .await
        .expect("a count");
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_key_that_is_taken_from_some_addresses_is_asked_about_from_its_own() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[("MASTER_KEY", "boss")]).await else { return };
    upstream.know("sk-boss", json!("master"));
    upstream.know("sk-here", json!({"user_id": "ada", "from": "10.1.2.3"}));
    let ask = |from: &'static str| {
        let request = gateway.request(Method::POST, "/session-ids", "sk-here").header("x-forwarded-for", from);
        async { request.send().await.expect("an answer").status() }
    };
    assert_eq!(ask("10.1.2.3").await, 200);
    assert_eq!(ask("10.9.9.9").await, 403, "also when the key is known from elsewhere");
}

#[tokio::test]
async fn keys_that_are_limited_to_models_own_their_sessions() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    upstream.know("sk-limited", json!({"limited": {"user_id": "ada"}}));
    let id = session(&gateway.chat("sk-limited", &kept("a")).await);
    assert_eq!(gateway.contents("sk-limited", &id).await, ["a", "re: a"]);
    upstream.know("sk-ada", json!({"user_id": "ada"}));
    // Whose key it is cannot be known.
    assert_eq!(gateway.chat("sk-ada", &goes_on("b", &id)).await.status(), 401);
}

#[tokio::test]
async fn with_the_master_key_they_are_their_users() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[("MASTER_KEY", "boss")]).await else { return };
    upstream.know("sk-boss", json!("master"));
    upstream.know("sk-limited", json!({"limited": {"user_id": "ada"}}));
    upstream.know("sk-ada", json!({"user_id": "ada"}));
    let id = session(&gateway.chat("sk-limited", &kept("a")).await);
    assert_eq!(gateway.contents("sk-ada", &id).await, ["a", "re: a"]);
}

#[tokio::test]
async fn a_key_that_litellm_refuses_for_its_budget_is_refused_in_litellms_words() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    upstream.know("sk-poor", json!({"refused": "Budget has been exceeded!"}));
    for path in ["/session-ids", "/v1/chat/completions", "/key/generate"] {
        let answer = gateway.post(path, "sk-poor", &kept("a")).await;
        assert_eq!(answer.status(), 429, "{path}");
        assert_eq!(answer.json::<Value>().await.expect("JSON")["error"]["message"], "Budget has been exceeded!");
    }
}

#[tokio::test]
async fn a_session_whose_first_request_is_refused_is_not_listed() {
    let upstream = Upstream::start(|seen| match seen.asked().as_str() {
        "no" => Reply::json(429, &json!({"error": {"message": "slow down"}})),
        _ => Reply::json(200, &says("ok")),
    })
    .await;
    let Some(gateway) = Gateway::with_history(&upstream, &[("CHAT_HISTORY_CLIENT_SESSION_IDS", "true")]).await else {
        return;
    };
    let listed = || async {
        let answer = gateway.post("/session-ids", "sk-one", &json!({})).await;
        answer.json::<Value>().await.expect("JSON")["session_ids"].clone()
    };
    assert_eq!(gateway.chat("sk-one", &goes_on("no", "mine")).await.status(), 429);
    assert_eq!(listed().await, json!([]));
    assert_eq!(gateway.chat("sk-two", &goes_on("yes", "mine")).await.status(), 401, "the id is taken");
    assert_eq!(gateway.chat("sk-one", &goes_on("yes", "mine")).await.status(), 200);
    assert_eq!(listed().await, json!(["mine"]));
}

#[tokio::test]
async fn sessions_of_a_key_of_no_user_are_its_teams() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    for (key, team) in [("sk-red-1", "red"), ("sk-red-2", "red"), ("sk-blue", "blue")] {
        upstream.know(key, json!({"user_id": null, "team_id": team}));
    }
    upstream.know("sk-ada", json!({"user_id": "ada", "team_id": "red"}));
    let id = session(&gateway.chat("sk-red-1", &kept("a")).await);
    assert_eq!(gateway.contents("sk-red-2", &id).await, ["a", "re: a"]);
    for other in ["sk-blue", "sk-ada"] {
        assert_eq!(gateway.chat(other, &goes_on("b", &id)).await.status(), 401, "{other}");
    }
}
