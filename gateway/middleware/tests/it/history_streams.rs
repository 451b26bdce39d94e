//! Chat sessions, streamed.

use std::sync::Arc;

use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::gateway::{Gateway, session};
use crate::support::upstream::{Part, Reply, Upstream};
use crate::support::{DONE, ask, chunk, eventually, says, with};

fn kept(text: &str) -> Value {
    with(ask(text), json!({"stream": true, "enable_history": true}))
}

/// Texts of a stream's events.
fn events(text: &str) -> Vec<&str> {
    text.split("\n\n").filter(|event| !event.is_empty()).collect()
}

#[tokio::test]
async fn a_stream_tells_its_session_once_and_is_kept_before_it_is_done() {
    let upstream = Upstream::start(|_| {
        Reply::stream(vec![
            ": hello\n\n".into(),
            chunk(json!({"role": "assistant", "content": "日"}), None).into(),
            chunk(json!({"content": "本"}), Some("stop")).into(),
            "data: {\"choices\":[],\"usage\":{\"total_tokens\":9}}\n\n".into(),
            DONE.into(),
        ])
    })
    .await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let answer = gateway.chat("sk-one", &kept("a")).await;
    let id = session(&answer);
    let mut body = answer.bytes_stream();
    let mut text = Vec::new();
    while let Some(part) = body.next().await {
        text.extend_from_slice(&part.expect("no error"));
        if text.ends_with(DONE.as_bytes()) {
            break;
        }
    }
    // The connection is still open: who reads `[DONE]` goes on at once.
    assert_eq!(gateway.contents("sk-one", &id).await, ["a", "日本"]);
    let text = String::from_utf8(text).expect("UTF-8");
    let events = events(&text);
    assert_eq!(events.len(), 5, "{text}");
    assert!(events[1].starts_with(&format!("data: {{\"session_id\":\"{id}\",")), "{}", events[1]);
    assert_eq!(text.matches("session_id").count(), 1);
}

#[tokio::test]
async fn any_cut_of_the_bytes_gives_the_same_stream_and_the_same_history() {
    let long = "漢字かな交じり文".repeat(200);
    let text = format!("{}{}{DONE}", chunk(json!({"content": long}), None), chunk(json!({}), Some("stop")));
    let bytes = text.clone().into_bytes();
    for size in [1, 7, 1024, 1025] {
        let parts: Vec<Part> = bytes.chunks(size).map(|part| Part::Bytes(part.to_vec())).collect();
        let upstream = Upstream::start(move |_| Reply::stream(parts.clone())).await;
        let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
        let answer = gateway.chat("sk-one", &kept("a")).await;
        let id = session(&answer);
        let got = answer.text().await.expect("a text");
        assert_eq!(got.replace(&format!("\"session_id\":\"{id}\","), ""), text, "pieces of {size}");
        assert_eq!(gateway.contents("sk-one", &id).await, ["a", long.as_str()]);
    }
}

#[tokio::test]
async fn a_client_that_goes_away_finds_what_was_said() {
    let never = Arc::new(Semaphore::new(0));
    let upstream = Upstream::start(move |_| {
        let said = chunk(json!({"role": "assistant", "content": "half a"}), None);
        Reply::stream(vec![said.into(), Part::Wait(Arc::clone(&never))])
    })
    .await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let answer = gateway.chat("sk-one", &kept("a")).await;
    let id = session(&answer);
    let mut body = answer.bytes_stream();
    assert!(body.next().await.is_some());
    // Its session is there while it is still streaming.
    assert!(gateway.contents("sk-one", &id).await.is_empty());
    drop(body);
    eventually("the turn is kept", || async { gateway.contents("sk-one", &id).await == ["a", "half a"] }).await;
    eventually("the upstream's body is dropped", || async { upstream.abandoned() == 1 }).await;
}

#[tokio::test]
async fn a_client_that_goes_away_before_a_word_leaves_nothing() {
    let never = Arc::new(Semaphore::new(0));
    let upstream = Upstream::start(move |_| {
        let begun = chunk(json!({"role": "assistant", "content": ""}), None);
        Reply::stream(vec![begun.into(), Part::Wait(Arc::clone(&never))])
    })
    .await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let answer = gateway.chat("sk-one", &kept("a")).await;
    let id = session(&answer);
    let mut body = answer.bytes_stream();
    assert!(body.next().await.is_some());
    drop(body);
    eventually("the upstream's body is dropped", || async { upstream.abandoned() == 1 }).await;
    gateway.app.tasks().idle().await;
    assert!(gateway.contents("sk-one", &id).await.is_empty());
}

#[tokio::test]
async fn a_session_that_is_deleted_while_its_first_stream_runs_stays_deleted() {
    let permit = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&permit);
    let upstream = Upstream::start(move |_| {
        let said = chunk(json!({"role": "assistant", "content": "half"}), None);
        Reply::stream(vec![
            said.into(),
            Part::Wait(Arc::clone(&held)),
            chunk(json!({}), Some("stop")).into(),
            DONE.into(),
        ])
    })
    .await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let answer = gateway.chat("sk-one", &kept("a")).await;
    let path = format!("/chat-history?session_id={}", session(&answer));
    let deleted = gateway.request(reqwest::Method::DELETE, &path, "sk-one").send().await.expect("an answer");
    assert_eq!(deleted.status(), 200);
    permit.add_permits(1);
    assert!(answer.text().await.expect("a text").ends_with(DONE));
    let sessions: Value = gateway.post("/session-ids", "sk-one", &json!({})).await.json().await.expect("JSON");
    assert_eq!(sessions["session_ids"], json!([]));
}

#[tokio::test]
async fn an_error_in_a_stream_leaves_no_half_call_and_ends_it_cleanly() {
    let call = json!({"tool_calls": [{"index": 0, "id": "t", "function": {"name": "f", "arguments": "{\"x"}}]});
    let said = chunk(json!({"content": "half"}), None) + &chunk(call, None);
    for done in [true, false] {
        let text = format!("{said}data: {{\"error\":{{\"message\":\"no\"}}}}\n\n{}", if done { DONE } else { "" });
        let sent = text.clone();
        let upstream = Upstream::start(move |_| Reply::stream(vec![sent.as_str().into()])).await;
        let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
        let answer = gateway.chat("sk-one", &kept("a")).await;
        let id = session(&answer);
        let got = answer.text().await.expect("a clean end");
        assert_eq!(got.replace(&format!("\"session_id\":\"{id}\","), ""), text);
        let history = gateway.post("/chat-history", "sk-one", &json!({"session_id": id})).await;
        let expected = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "half"}]);
        assert_eq!(history.json::<Value>().await.expect("JSON")["messages"], expected, "[DONE]: {done}");
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_upstream_keeps_what_was_said_and_is_cut() {
    let permit = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&permit);
    let upstream = Upstream::start(move |_| {
        let call = json!({"tool_calls": [{"index": 0, "id": "t", "function": {"name": "f", "arguments": "{\"x"}}]});
        let said = chunk(json!({"content": "half"}), None) + &chunk(call, None);
        Reply::stream(vec![said.into(), Part::Wait(Arc::clone(&held)), Part::Cut])
    })
    .await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let answer = gateway.chat("sk-one", &kept("a")).await;
    let id = session(&answer);
    permit.add_permits(1);
    assert!(answer.text().await.is_err());
    let history = gateway.post("/chat-history", "sk-one", &json!({"session_id": id})).await;
    let expected = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "half"}]);
    assert_eq!(history.json::<Value>().await.expect("JSON")["messages"], expected);
}

#[tokio::test]
async fn a_stream_that_fails_before_a_word_keeps_nothing_for_the_client_will_ask_again() {
    let permit = Arc::new(Semaphore::new(0));
    let failures: [Vec<Part>; 3] = [
        vec![": wait\n\n".into(), Part::Wait(Arc::clone(&permit)), Part::Cut],
        vec![
            chunk(json!({"role": "assistant", "content": ""}), None).into(),
            Part::Wait(Arc::clone(&permit)),
            Part::Cut,
        ],
        vec!["data: {\"error\":{\"message\":\"no\"}}\n\n".into(), DONE.into()],
    ];
    for parts in failures {
        let upstream = Upstream::start(move |_| Reply::stream(parts.clone())).await;
        let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
        let answer = gateway.chat("sk-one", &kept("a")).await;
        let id = session(&answer);
        permit.add_permits(1);
        let _ = answer.text().await;
        assert!(gateway.contents("sk-one", &id).await.is_empty());
    }
}

#[tokio::test]
async fn a_stream_without_done_is_complete_when_the_model_says_so() {
    let upstream =
        Upstream::start(|_| Reply::stream(vec![chunk(json!({"content": "all"}), Some("stop")).into()])).await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let answer = gateway.chat("sk-one", &kept("a")).await;
    let id = session(&answer);
    assert!(answer.text().await.is_ok());
    assert_eq!(gateway.contents("sk-one", &id).await, ["a", "all"]);
}

#[tokio::test]
async fn calls_of_tools_in_a_stream_go_into_the_next_request() {
    let upstream = Upstream::start(|seen| match seen.asked().as_str() {
        "a" => Reply::stream(vec![
            chunk(
                json!({"role": "assistant", "content": null, "tool_calls": [
                {"index": 0, "id": "t", "type": "function", "function": {"name": "f", "arguments": ""}}]}),
                None,
            )
            .into(),
            chunk(json!({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}), Some("tool_calls")).into(),
            DONE.into(),
        ]),
        _ => Reply::json(200, &says("done")),
    })
    .await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let answer = gateway.chat("sk-one", &kept("a")).await;
    let id = session(&answer);
    answer.text().await.expect("a text");
    let result = json!({"role": "tool", "tool_call_id": "t", "content": "1"});
    gateway.chat("sk-one", &json!({"messages": [result], "session_id": id})).await;
    let call = json!({"role": "assistant", "content": null, "tool_calls": [
        {"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}]});
    assert_eq!(upstream.chats().pop().expect("a request").json()["messages"][1], call);
}

#[tokio::test]
async fn a_compressed_stream_is_read_and_kept() {
    let upstream = Upstream::start(|_| {
        use std::io::Write as _;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let text = format!("{}{DONE}", chunk(json!({"content": "packed"}), Some("stop")));
        encoder.write_all(text.as_bytes()).expect("memory");
        let body = encoder.finish().expect("memory");
        let (left, right) = body.split_at(body.len() / 2);
        Reply::stream(vec![Part::Bytes(left.to_vec()), Part::Bytes(right.to_vec())]).header("content-encoding", "gzip")
    })
    .await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let answer = gateway.chat("sk-one", &kept("a")).await;
    let id = session(&answer);
    assert!(answer.text().await.expect("a text").ends_with(DONE));
    assert_eq!(gateway.contents("sk-one", &id).await, ["a", "packed"]);
}

#[tokio::test]
async fn a_client_that_goes_away_with_the_end_of_a_stream_on_its_way_finds_all_of_it() {
    // More than the buffers of a connection take: its end waits behind it.
    let long = "x".repeat(16 * 1024 * 1024);
    let said = long.clone();
    let upstream = Upstream::start(move |_| {
        Reply::stream(vec![format!("{}{DONE}", chunk(json!({"content": said}), Some("stop"))).into()])
    })
    .await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let answer = gateway.chat("sk-one", &kept("a")).await;
    let id = session(&answer);
    // It has come from LiteLLM, and the client takes none of it.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    drop(answer);
    gateway.app.tasks().idle().await;
    eventually("the turn is kept", || async { !gateway.contents("sk-one", &id).await.is_empty() }).await;
    let wanted = json!({"session_id": id, "after": 0});
    let page: Value = gateway.post("/chat-history", "sk-one", &wanted).await.json().await.expect("JSON");
    assert_eq!(page["messages"][0]["content"].as_str().map(str::len), Some(long.len()));
    let metrics = gateway.app.metrics().text(0);
    assert!(metrics.contains("history_turns_total{outcome=\"saved\"} 1\n"), "{metrics}");
}

#[tokio::test]
async fn of_an_answer_in_sound_the_words_are_kept() {
    let audio = json!({"id": "audio_1", "data": "AAAA", "transcript": "hi", "expires_at": 1});
    let upstream = Upstream::start(move |seen| match seen.json()["stream"].as_bool() {
        Some(true) => Reply::stream(vec![
            chunk(json!({"role": "assistant", "audio": {"id": "audio_1", "transcript": "hi"}}), None).into(),
            chunk(json!({"audio": {"data": "AAAA"}}), Some("stop")).into(),
            DONE.into(),
        ]),
        _ => Reply::json(200, &json!({"choices": [{"index": 0, "message": {"content": null, "audio": audio}}]})),
    })
    .await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    for stream in [true, false] {
        let answer = gateway.chat("sk-one", &with(kept("a"), json!({"stream": stream}))).await;
        let id = session(&answer);
        answer.text().await.expect("a text");
        let history = gateway.post("/chat-history", "sk-one", &json!({"session_id": id})).await;
        let messages = history.json::<Value>().await.expect("JSON")["messages"].clone();
        assert_eq!(messages[1], json!({"role": "assistant", "content": "hi"}), "stream: {stream}");
    }
}

#[tokio::test]
async fn a_turn_of_which_nothing_is_kept_is_not_counted_as_saved() {
    let upstream = Upstream::start(|_| Reply::stream(vec![chunk(json!({}), Some("stop")).into(), DONE.into()])).await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    gateway.chat("sk-one", &kept("a")).await.text().await.expect("a text");
    let metrics = gateway.app.metrics().text(0);
    assert!(metrics.contains("history_turns_total{outcome=\"empty\"} 1\n"), "{metrics}");
    assert!(!metrics.contains("outcome=\"saved\""), "{metrics}");
}
