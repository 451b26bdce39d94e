//! Converse with chat history.

use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};

use crate::support::frames::{events, names};
use crate::support::postgres::Postgres;
use crate::support::upstream::{chunk, usage};
use crate::support::{Gateway, Reply, Upstream};

fn says(text: &str, fields: Value) -> Value {
    json!({"messages": [{"role": "user", "content": [{"text": text}]}], "additionalModelRequestFields": fields})
}

async fn gateway(upstream: &Upstream, postgres: &Postgres) -> Gateway {
    Gateway::with_history(upstream, postgres, &[]).await
}

async fn stored(gateway: &Gateway, session: &str) -> Value {
    let body = json!({"session_id": session}).to_string();
    let response = gateway.post("/chat-history").body(body).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    response.json::<Value>().await.expect("JSON")["messages"].clone()
}

#[tokio::test]
async fn a_session_goes_on_with_its_instructions_and_tools() {
    let Some(postgres) = Postgres::shared() else { return };
    let upstream = Upstream::chat(|seen| {
        let messages = seen.json()["messages"].as_array().map_or(0, Vec::len);
        Reply::message(json!({"role": "assistant", "content": format!("answer {messages}")}), "stop")
    })
    .await;
    let gateway = gateway(&upstream, postgres).await;
    let mut request = says("one", json!({"enable_history": true}));
    request["system"] = json!([{"text": "be brief"}]);
    let response = gateway.converse(&request).await;
    let session = response.headers()["x-session-id"].to_str().expect("text").to_owned();
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["session_id"], session.as_str());

    let mut request = says("two", json!({"session_id": session}));
    request["system"] = json!([{"text": "be brief"}]);
    gateway.converse(&request).await;
    let sent = upstream.last();
    assert_eq!(
        sent["messages"],
        json!([
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "answer 2"},
            {"role": "user", "content": "two"}
        ])
    );
    assert!(sent.get("session_id").is_none() && sent.get("enable_history").is_none());

    // Instructions of the session last when a request has none.
    gateway.converse(&says("three", json!({"session_id": session}))).await;
    assert_eq!(upstream.last()["messages"][0], json!({"role": "system", "content": "be brief"}));
    let roles: Vec<Value> =
        stored(&gateway, &session).await.as_array().expect("a list").iter().map(|m| m["role"].clone()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "user", "assistant", "user", "assistant"]);
}

#[tokio::test]
async fn instructions_replace_each_other_and_messages_of_the_system_in_between_stay() {
    let Some(postgres) = Postgres::shared() else { return };
    let upstream = Upstream::chat(|_| Reply::message(json!({"role": "assistant", "content": "ok"}), "stop")).await;
    let gateway = gateway(&upstream, postgres).await;
    let mut request = says("one", json!({"enable_history": true}));
    request["system"] = json!([{"text": "A"}]);
    let response = gateway.converse(&request).await;
    let session = response.headers()["x-session-id"].to_str().expect("text").to_owned();
    let mut request = json!({
        "messages": [{"role": "system", "content": [{"text": "note"}]}, {"role": "user", "content": [{"text": "two"}]}],
        "additionalModelRequestFields": {"session_id": session}
    });
    request["system"] = json!([{"text": "B"}]);
    gateway.converse(&request).await;
    gateway.converse(&says("three", json!({"session_id": session}))).await;
    let sent = upstream.last();
    let contents: Vec<&Value> =
        sent["messages"].as_array().expect("a list").iter().map(|message| &message["content"]).collect();
    assert_eq!(contents, ["B", "one", "ok", "note", "two", "ok", "three"]);
    let mut request = says("four", json!({"session_id": session}));
    request["system"] = json!([{"text": "C"}]);
    gateway.converse(&request).await;
    let sent = upstream.last();
    let contents: Vec<&Value> =
        sent["messages"].as_array().expect("a list").iter().map(|message| &message["content"]).collect();
    assert_eq!(contents, ["C", "one", "ok", "note", "two", "ok", "three", "ok", "four"]);
}

#[tokio::test]
async fn a_stream_that_fails_before_a_word_keeps_nothing() {
    let Some(postgres) = Postgres::shared() else { return };
    let upstream = Upstream::chat(|_| {
        Reply::bytes(vec![
            format!("data: {}\n\n", chunk(json!({"role": "assistant", "content": ""}), None)).into(),
            "data: {\"error\":{\"message\":\"no\",\"code\":\"500\"}}\n\n".into(),
        ])
    })
    .await;
    let gateway = gateway(&upstream, postgres).await;
    let response = gateway.converse_stream(&says("one", json!({"enable_history": true}))).await;
    let session = response.headers()["x-session-id"].to_str().expect("text").to_owned();
    let events = events(&response.bytes().await.expect("a body"));
    assert_eq!(names(&events), ["messageStart", "modelStreamErrorException"]);
    assert_eq!(stored(&gateway, &session).await, json!([]));
}

#[tokio::test]
async fn a_session_is_its_owners_alone() {
    let Some(postgres) = Postgres::shared() else { return };
    let upstream = Upstream::chat(|_| Reply::message(json!({"role": "assistant", "content": "a"}), "stop")).await;
    let gateway = gateway(&upstream, postgres).await;
    let response = gateway.converse(&says("one", json!({"enable_history": true}))).await;
    let session = response.headers()["x-session-id"].to_str().expect("text").to_owned();
    for operation in ["converse", "converse-stream"] {
        let url = gateway.url(&format!("/bedrock/model/m/{operation}"));
        let request = gateway.client.post(url).bearer_auth("sk-eve-1");
        let body = says("two", json!({"session_id": session})).to_string();
        let response = request.body(body).send().await.expect("an answer");
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["x-amzn-errortype"], "AccessDeniedException");
    }
}

#[tokio::test]
async fn a_stream_is_kept_before_its_end_is_told() {
    let Some(postgres) = Postgres::shared() else { return };
    let upstream = Upstream::chat(|_| {
        Reply::stream(&[
            chunk(json!({"role": "assistant", "content": "Hel"}), None),
            chunk(json!({"content": "lo"}), None),
            chunk(json!({}), Some("stop")),
            usage(),
        ])
    })
    .await;
    let gateway = gateway(&upstream, postgres).await;
    let response = gateway.converse_stream(&says("one", json!({"enable_history": true}))).await;
    let session = response.headers()["x-session-id"].to_str().expect("text").to_owned();
    let events = events(&response.bytes().await.expect("a body"));
    assert_eq!(names(&events).last(), Some(&"metadata"));
    assert_eq!(
        stored(&gateway, &session).await,
        json!([{"role": "user", "content": "one"}, {"role": "assistant", "content": "Hello"}])
    );
}

#[tokio::test]
async fn what_was_said_is_kept_when_the_client_goes_away() {
    let Some(postgres) = Postgres::shared() else { return };
    let upstream = Upstream::chat(|_| {
        let (reply, release) = Reply::stream(&[chunk(json!({"role": "assistant", "content": "Hel"}), None)]).held();
        std::mem::forget(release);
        reply
    })
    .await;
    let gateway = gateway(&upstream, postgres).await;
    let response = gateway.converse_stream(&says("one", json!({"enable_history": true}))).await;
    let session = response.headers()["x-session-id"].to_str().expect("text").to_owned();
    let mut body = Box::pin(response.bytes_stream());
    body.next().await.expect("a frame").expect("a frame");
    drop(body);
    for _ in 0..500 {
        let kept = stored(&gateway, &session).await;
        if kept.as_array().is_some_and(|messages| messages.len() == 2) {
            assert_eq!(kept[1], json!({"role": "assistant", "content": "Hel"}));
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the turn was not kept");
}

#[tokio::test]
async fn a_request_that_litellm_refuses_is_no_turn() {
    let Some(postgres) = Postgres::shared() else { return };
    let upstream = Upstream::chat(|_| Reply::error(429, "slow down")).await;
    let gateway = gateway(&upstream, postgres).await;
    let response = gateway.converse(&says("one", json!({"enable_history": true}))).await;
    assert_eq!(response.status(), 429);
    let response = gateway.post("/session-ids").send().await.expect("an answer");
    assert_eq!(response.json::<Value>().await.expect("JSON")["session_ids"], json!([]));
}

#[tokio::test]
async fn what_was_said_to_its_end_is_kept_when_the_client_goes_away_before_it_has_read_it() {
    let Some(postgres) = Postgres::shared() else { return };
    // More than the buffers of a connection take: the end waits behind it.
    let long = "x".repeat(16 * 1024 * 1024);
    let said = long.clone();
    let upstream = Upstream::chat(move |_| {
        let said = chunk(json!({"role": "assistant", "content": said}), None);
        let events = format!("data: {said}\n\ndata: {}\n\ndata: [DONE]\n\n", chunk(json!({}), Some("stop")));
        Reply::bytes(vec![events.into()])
    })
    .await;
    let gateway = gateway(&upstream, postgres).await;
    let response = gateway.converse_stream(&says("one", json!({"enable_history": true}))).await;
    let session = response.headers()["x-session-id"].to_str().expect("text").to_owned();
    tokio::time::sleep(Duration::from_secs(2)).await;
    drop(response);
    for _ in 0..500 {
        let kept = stored(&gateway, &session).await;
        if kept.as_array().is_some_and(|messages| !messages.is_empty()) {
            let body = json!({"session_id": session, "after": 0}).to_string();
            let page = gateway.post("/chat-history").body(body).send().await.expect("an answer");
            let page: Value = page.json().await.expect("JSON");
            assert_eq!(page["messages"][0]["content"].as_str().map(str::len), Some(long.len()));
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the turn was not kept");
}
