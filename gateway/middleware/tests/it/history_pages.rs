//! Chat sessions and their messages, page by page.

use reqwest::Method;
use serde_json::{Value, json};

use crate::history::{echo, goes_on, kept};
use crate::support::gateway::{Gateway, session};
use crate::support::upstream::{Reply, Upstream};
use crate::support::{eventually, says};

#[tokio::test]
async fn history_comes_in_pages() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let id = session(&gateway.chat("sk-one", &kept("a")).await);
    gateway.chat("sk-one", &goes_on("b", &id)).await;
    let (mut after, mut seen) = (Value::Null, Vec::new());
    loop {
        let wanted = json!({"session_id": id, "limit": 3, "after": after});
        let page: Value = gateway.post("/chat-history", "sk-one", &wanted).await.json().await.expect("JSON");
        let messages = page["messages"].as_array().expect("a list");
        assert!(messages.len() <= 3);
        seen.extend(messages.iter().map(|message| message["content"].clone()));
        after = page["next"].clone();
        if after.is_null() {
            break;
        }
    }
    assert_eq!(seen, ["a", "re: a", "b", "re: b"]);
}

#[tokio::test]
async fn sessions_come_in_pages_the_last_used_first() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let mut ids = Vec::new();
    for text in ["a", "b", "c"] {
        ids.push(session(&gateway.chat("sk-one", &kept(text)).await));
    }
    gateway.chat("sk-one", &goes_on("again", &ids[0])).await;
    let first: Value = gateway.post("/session-ids", "sk-one", &json!({"limit": 2})).await.json().await.expect("JSON");
    assert_eq!(first["session_ids"], json!([ids[0], ids[2]]));
    let deleted = gateway.request(Method::DELETE, &format!("/chat-history?session_id={}", ids[2]), "sk-one");
    assert_eq!(deleted.send().await.expect("an answer").status(), 200, "the page goes on where it was");
    let wanted = json!({"limit": 2, "after": first["next"]});
    let second: Value = gateway.post("/session-ids", "sk-one", &wanted).await.json().await.expect("JSON");
    assert_eq!(second, json!({"session_ids": [ids[1]], "next": null}));
}

#[tokio::test]
async fn a_page_of_history_has_no_more_than_some_bytes_and_at_least_a_message() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("ok"))).await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let (small, large) = ("s".repeat(1024 * 1024), "l".repeat(5 * 1024 * 1024));
    let mut id = None;
    for text in [&small, &small, &large, &small] {
        let body = id.as_deref().map_or_else(|| kept(text), |id| goes_on(text, id));
        id = Some(session(&gateway.chat("sk-one", &body).await));
    }
    let (mut after, mut pages) = (Value::Null, Vec::new());
    loop {
        let wanted = json!({"session_id": id, "after": after});
        let page: Value = gateway.post("/chat-history", "sk-one", &wanted).await.json().await.expect("JSON");
        pages.push(page["messages"].as_array().expect("a list").len());
        after = page["next"].clone();
        if after.is_null() {
            break;
        }
    }
    assert_eq!(pages, [4, 1, 3]);
    eventually("pages that were read are forgotten", || async { gateway.app.intake().held() == 0 }).await;
}

#[tokio::test]
async fn bedrocks_form_of_a_page_has_every_kind_of_part() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let parts = json!([{"type": "text", "text": "日本"}, {"type": "image_url", "image_url": {"url": "data:,"}}, 7]);
    let messages = json!([
        {"role": "developer", "content": [{"type": "text", "text": "be brief"}]},
        {"role": "user", "content": parts},
        {"role": "assistant", "content": "", "tool_calls": [
            {"id": "t", "type": "function", "function": {"name": "f", "arguments": "no JSON"}}, 5]},
        {"role": "tool", "tool_call_id": "t", "content": null},
        {"role": "user", "content": {"odd": 1}},
    ]);
    let id = session(&gateway.chat("sk-one", &json!({"messages": messages, "enable_history": true})).await);
    let answer = gateway.post("/bedrock/chat-history", "sk-one", &json!({"session_id": id, "limit": 5})).await;
    let image = r#"{"image_url":{"url":"data:,"},"type":"image_url"}"#;
    let answer: Value = answer.json().await.expect("JSON");
    let text = answer["messages"][0]["content"][1]["text"].as_str().expect("a text").to_owned();
    let same = |left: &str, right: &str| {
        serde_json::from_str::<Value>(left).expect("JSON") == serde_json::from_str::<Value>(right).expect("JSON")
    };
    assert!(same(&text, image), "{text}");
    let expected = json!({
        "messages": [
            {"role": "user", "content": [{"text": "日本"}, {"text": text}, {"text": "7"}]},
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "f", "input": {}}}]},
            {"role": "user", "content": [{"toolResult": {"toolUseId": "t", "content": []}}]},
            {"role": "user", "content": [{"text": "{\"odd\":1}"}]},
        ],
        "system": [{"text": "be brief"}],
        "next": 4,
    });
    assert_eq!(answer, expected);
}
