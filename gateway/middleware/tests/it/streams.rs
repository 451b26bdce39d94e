//! Streams without a session.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use futures::{Stream, StreamExt as _};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::support::gateway::Gateway;
use crate::support::upstream::{Part, Reply, Upstream};
use crate::support::{DONE, ask, chunk, eventually, header, with};

fn streaming(text: &str) -> serde_json::Value {
    with(ask(text), json!({"stream": true}))
}

const CONVERSE_STREAM: &str = "/bedrock/model/m/converse-stream";

/// A Converse request, with history or without.
fn converse(kept: bool) -> serde_json::Value {
    let messages = json!([{"role": "user", "content": [{"text": "hi"}]}]);
    match kept {
        true => json!({"messages": messages, "additionalModelRequestFields": {"enable_history": true}}),
        false => json!({"messages": messages}),
    }
}

#[tokio::test]
async fn every_byte_of_a_stream_arrives_also_comments_events_and_done() {
    let text = format!(
        ": ping\n\nevent: message\n{}{}data: {{\"choices\":[],\"usage\":{{\"total_tokens\":9}}}}\n\n{DONE}",
        chunk(json!({"role": "assistant", "content": "a"}), None),
        chunk(json!({}), Some("stop")),
    );
    let sent = text.clone();
    let upstream = Upstream::start(move |_| Reply::stream(vec![sent.as_str().into()])).await;
    let gateway = Gateway::start(&upstream, &[]).await;
    let answer = gateway.chat("sk-one", &streaming("hi")).await;
    assert!(answer.headers()["content-type"].to_str().expect("text").starts_with("text/event-stream"));
    assert_eq!(answer.text().await.expect("a text"), text);
}

/// Chunks with a digit each, behind each of which the test has to add a permit.
fn digits(held: &Arc<Semaphore>) -> Reply {
    let mut parts: Vec<Part> = Vec::new();
    for number in 0..5 {
        parts.push(chunk(json!({"content": number.to_string()}), None).into());
        parts.push(Part::Wait(Arc::clone(held)));
    }
    parts.push(DONE.into());
    Reply::stream(parts)
}

/// Reads a body until it has these words.
async fn read_until(body: &mut (impl Stream<Item = reqwest::Result<Bytes>> + Unpin), words: &str) {
    let mut text = Vec::new();
    while !String::from_utf8_lossy(&text).contains(words) {
        text.extend_from_slice(&body.next().await.expect("more").expect("no error"));
    }
}

#[tokio::test]
async fn each_event_of_a_stream_that_is_kept_arrives_before_the_next_is_made() {
    let permits = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&permits);
    let upstream = Upstream::start(move |_| digits(&held)).await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let kept = with(streaming("hi"), json!({"enable_history": true}));
    let mut body = gateway.chat("sk-one", &kept).await.bytes_stream();
    for number in 0..5 {
        read_until(&mut body, &format!("\"content\":\"{number}\"")).await;
        permits.add_permits(1);
    }
    read_until(&mut body, DONE).await;
}

#[tokio::test]
async fn each_event_of_converse_stream_arrives_before_the_next_is_made() {
    let permits = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&permits);
    let upstream = Upstream::start(move |_| digits(&held)).await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    for kept in [false, true] {
        let mut body = gateway.post(CONVERSE_STREAM, "sk-one", &converse(kept)).await.bytes_stream();
        for number in 0..5 {
            read_until(&mut body, &format!("\"text\":\"{number}\"")).await;
            permits.add_permits(1);
        }
        read_until(&mut body, "contentBlockStop").await;
    }
}

#[tokio::test]
async fn each_event_arrives_before_the_next_is_made() {
    let permits = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&permits);
    let upstream = Upstream::start(move |_| digits(&held)).await;
    let gateway = Gateway::start(&upstream, &[]).await;
    let mut body = gateway.chat("sk-one", &streaming("hi")).await.bytes_stream();
    for number in 0..5 {
        let event = body.next().await.expect("an event").expect("no error");
        assert_eq!(event, chunk(json!({"content": number.to_string()}), None));
        permits.add_permits(1);
    }
    assert_eq!(body.next().await.expect("the end").expect("no error"), DONE);
}

#[tokio::test]
async fn an_error_before_the_first_event_is_an_error_and_no_stream() {
    let upstream = Upstream::start(|_| Reply::json(429, &json!({"error": {"message": "slow down"}}))).await;
    let gateway = Gateway::start(&upstream, &[]).await;
    let answer = gateway.chat("sk-one", &streaming("hi")).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "content-type")), (429, "application/json"));
}

#[tokio::test]
async fn a_stream_that_is_cut_upstream_is_cut_for_the_client() {
    let permit = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&permit);
    let upstream = Upstream::start(move |_| {
        Reply::stream(vec![chunk(json!({"content": "a"}), None).into(), Part::Wait(Arc::clone(&held)), Part::Cut])
    })
    .await;
    let gateway = Gateway::start(&upstream, &[]).await;
    let mut body = gateway.chat("sk-one", &streaming("hi")).await.bytes_stream();
    assert!(body.next().await.is_some_and(|part| part.is_ok()));
    permit.add_permits(1);
    assert!(body.next().await.is_some_and(|part| part.is_err()));
}

#[tokio::test]
async fn a_stream_that_falls_silent_is_ended() {
    let never = Arc::new(Semaphore::new(0));
    let upstream = Upstream::start(move |_| {
        Reply::stream(vec![chunk(json!({"content": "a"}), None).into(), Part::Wait(Arc::clone(&never))])
    })
    .await;
    let gateway = Gateway::start(&upstream, &[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let answer = gateway.chat("sk-one", &streaming("hi")).await;
    assert!(tokio::time::timeout(Duration::from_secs(30), answer.text()).await.expect("it ends").is_err());
}

#[tokio::test]
async fn a_client_that_goes_away_stops_litellm() {
    let never = Arc::new(Semaphore::new(0));
    let upstream = Upstream::start(move |_| {
        Reply::stream(vec![chunk(json!({"content": "a"}), None).into(), Part::Wait(Arc::clone(&never))])
    })
    .await;
    let gateway = Gateway::start(&upstream, &[]).await;
    let mut body = gateway.chat("sk-one", &streaming("hi")).await.bytes_stream();
    assert!(body.next().await.is_some());
    drop(body);
    eventually("the upstream's body is dropped", || async { upstream.abandoned() == 1 }).await;
}

/// MiB that a client's answer has, in parts of one.
const MANY: usize = 64;

/// A LiteLLM whose streams are longer than all buffers on the way hold together, and how many of their parts it has sent.
async fn endless() -> (Upstream, Arc<Semaphore>) {
    let sent = Arc::new(Semaphore::new(0));
    let counted = Arc::clone(&sent);
    let part = chunk(json!({"content": "x".repeat(1024 * 1024)}), None);
    let upstream = Upstream::start(move |_| {
        let mut parts = Vec::new();
        for _ in 0..MANY {
            parts.push(part.as_str().into());
            parts.push(Part::Count(Arc::clone(&counted)));
        }
        parts.push(DONE.into());
        Reply::stream(parts)
    })
    .await;
    (upstream, sent)
}

/// Proves that LiteLLM stands still as long as nobody reads an answer.
async fn stands_still(sent: &Semaphore) {
    let mut before = usize::MAX;
    while before != sent.available_permits() {
        before = sent.available_permits();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert!(before < MANY * 3 / 4, "{before} MiB were taken from the upstream for a client that does not read");
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_litellm_back() {
    let (upstream, sent) = endless().await;
    let gateway = Gateway::start(&upstream, &[]).await;
    let answer = gateway.chat("sk-one", &streaming("hi")).await;
    stands_still(&sent).await;
    assert!(answer.bytes().await.expect("the rest").len() > MANY * 1024 * 1024);
    assert_eq!(sent.available_permits(), MANY);
}

#[tokio::test]
async fn a_client_that_does_not_read_a_stream_that_is_kept_holds_litellm_back() {
    let (upstream, sent) = endless().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let _answer = gateway.chat("sk-one", &with(streaming("hi"), json!({"enable_history": true}))).await;
    stands_still(&sent).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_converse_stream_holds_litellm_back() {
    let (upstream, sent) = endless().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    for kept in [false, true] {
        let answer = gateway.post(CONVERSE_STREAM, "sk-one", &converse(kept)).await;
        stands_still(&sent).await;
        drop(answer);
        sent.forget_permits(MANY);
    }
}

#[tokio::test]
async fn a_client_that_never_reads_is_given_up_and_one_that_reads_slowly_is_not() {
    let part = format!("data: {}\n\n", "x".repeat(1024 * 1024));
    let upstream = Upstream::start(move |_| Reply::stream(vec![part.as_str().into(); 32])).await;
    let gateway = Gateway::start(&upstream, &[("CLIENT_TIMEOUT_SECONDS", "1")]).await;
    let never = gateway.chat("sk-one", &streaming("hi")).await;
    eventually("LiteLLM's connection is closed", || async { upstream.abandoned() == 1 }).await;
    assert!(never.bytes().await.is_err());
    let mut slow = gateway.chat("sk-one", &streaming("hi")).await.bytes_stream();
    let (mut length, mut paused) = (0, 0);
    while let Some(piece) = slow.next().await {
        length += piece.expect("no error").len();
        // As much as has room in the buffers on the way, now and then: all of it takes longer than the time for a part.
        if length / (2 * 1024 * 1024) > paused {
            paused += 1;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    assert_eq!(length, 32 * (1024 * 1024 + 8));
}
