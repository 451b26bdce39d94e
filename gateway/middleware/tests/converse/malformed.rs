//! Requests that nobody would write and answers that no model would give, the same in every run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use fastrand::Rng;
use futures::StreamExt;
use gwinfra_middleware::converse::stream::{Event, Translator};
use serde_json::{Map, Value, json};

use crate::support::frames::events;
use crate::support::postgres::Postgres;
use crate::support::upstream::chunk;
use crate::support::{Gateway, Reply, Upstream};

const REQUESTS: u64 = 10_000;
const STREAMS: u64 = 10_000;
/// Pieces of streams that go through the service, of which every other is noise.
const FRAMES: usize = 10_000;
/// Streams that go through it: some milliseconds each.
const SERVED: u64 = 1_750;
/// The same of those that are kept.
const KEPT: u64 = 1_750;

/// A request with a bit of everything.
fn request() -> Value {
    json!({
        "system": [{"text": "be brief"}, {"cachePoint": {"type": "default"}}],
        "messages": [
            {"role": "user", "content": [
                {"text": "a"},
                {"image": {"format": "png", "source": {"bytes": "aGk="}}},
                {"document": {"format": "pdf", "name": "d", "source": {"bytes": "aGk="}}},
                {"video": {"format": "mp4", "source": {"bytes": "aGk="}}},
                {"guardContent": {"text": {"text": "g", "qualifiers": ["guard_content"]}}}
            ]},
            {"role": "assistant", "content": [
                {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
                {"text": "b"},
                {"toolUse": {"toolUseId": "t", "name": "f", "input": {"x": [1, null, true]}}}
            ]},
            {"role": "user", "content": [
                {"toolResult": {"toolUseId": "t", "content": [{"json": {"y": 1.5}}, {"text": "r"}], "status": "error"}}
            ]}
        ],
        "inferenceConfig": {"maxTokens": 5, "temperature": 0.5, "topP": 0.5, "stopSequences": ["x"]},
        "toolConfig": {
            "tools": [{"toolSpec": {"name": "f", "description": "d", "inputSchema": {"json": {"type": "object"}}}}],
            "toolChoice": {"tool": {"name": "f"}}
        },
        "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1", "trace": "enabled"},
        "additionalModelRequestFields": {"top_k": 5},
        "requestMetadata": {"k": "v"},
        "performanceConfig": {"latency": "optimized"},
        "serviceTier": {"type": "flex"},
        "outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": "{}"}}}}
    })
}

/// A value of any kind.
fn anything(random: &mut Rng, depth: u32) -> Value {
    match random.u32(0..if depth > 2 { 8 } else { 10 }) {
        0 => Value::Null,
        1 => json!(random.bool()),
        2 => json!(random.i64(..)),
        3 => json!(random.f64() * 1e300),
        4 => json!(""),
        5 => json!("x".repeat(random.usize(0..3_000))),
        6 => json!(std::iter::repeat_with(|| random.char(..)).take(8).collect::<String>()),
        7 => {
            let words = ["text", "user", "png", "s3://b/k", "-1", "\u{0}", "{{a}}", "aGk="];
            json!(words[random.usize(0..8)])
        }
        8 => Value::Array((0..random.usize(0..4)).map(|_| anything(random, depth + 1)).collect()),
        _ => {
            let names = ["text", "image", "toolUse", "content", "role", "bytes", "source", "json", "model", "\u{fffd}"];
            let members =
                (0..random.usize(0..4)).map(|_| (names[random.usize(0..10)].to_owned(), anything(random, depth + 1)));
            Value::Object(members.collect::<Map<_, _>>())
        }
    }
}

/// Fewer than so many bytes.
fn noise(random: &mut Rng, most: usize) -> Vec<u8> {
    let length = random.usize(0..most);
    std::iter::repeat_with(|| random.u8(..)).take(length).collect()
}

/// Changes one place of a value.
fn mutate(random: &mut Rng, value: &mut Value) {
    match value {
        Value::Object(members) if !members.is_empty() && random.u32(0..5) > 0 => {
            let index = random.usize(0..members.len());
            let name = members.keys().nth(index).cloned().unwrap_or_default();
            match random.u32(0..8) {
                0 => drop(members.shift_remove(&name)),
                1 => {
                    let value = members.shift_remove(&name).unwrap_or_default();
                    members.insert(format!("{name}X"), value);
                }
                2 => drop(members.insert("extra".to_owned(), anything(random, 0))),
                _ => {
                    if let Some(member) = members.get_mut(&name) {
                        mutate(random, member);
                    }
                }
            }
        }
        Value::Array(elements) if !elements.is_empty() && random.u32(0..5) > 0 => {
            let index = random.usize(0..elements.len());
            match random.u32(0..6) {
                0 => drop(elements.remove(index)),
                1 => elements.insert(index, anything(random, 0)),
                _ => mutate(random, &mut elements[index]),
            }
        }
        other => *other = anything(random, 0),
    }
}

fn body(random: &mut Rng) -> Vec<u8> {
    let mut value = request();
    for _ in 0..random.u32(1..4) {
        mutate(random, &mut value);
    }
    let mut text = value.to_string().into_bytes();
    match random.u32(0..6) {
        0 => text.truncate(random.usize(0..text.len() + 1)),
        1 if !text.is_empty() => {
            let index = random.usize(0..text.len());
            text[index] = random.u8(..);
        }
        2 => text = noise(random, 200),
        _ => {}
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_an_error_of_the_gateway() {
    let upstream = Upstream::chat(|seen| {
        assert!(seen.json()["messages"].is_array(), "LiteLLM gets requests only");
        match seen.json()["stream"] {
            Value::Bool(true) => Reply::stream(&[chunk(json!({"content": "a"}), Some("stop"))]),
            _ => Reply::message(json!({"role": "assistant", "content": "a"}), "stop"),
        }
    })
    .await;
    let mut gateway = Gateway::with(&upstream, &[("LOG_LEVEL", "error")]).await;
    let statuses = futures::stream::iter(0..REQUESTS).map(|seed| {
        let mut random = Rng::with_seed(seed);
        let operation = if random.bool() { "converse" } else { "converse-stream" };
        let request = gateway.post(&format!("/bedrock/model/m/{operation}")).body(body(&mut random));
        async move { (seed, request.send().await.map(|response| response.status().as_u16())) }
    });
    let mut refused = 0;
    let mut statuses = statuses.buffer_unordered(16);
    while let Some((seed, status)) = statuses.next().await {
        let status = status.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert!(status == 200 || (400..500).contains(&status), "seed {seed}: {status}");
        refused += u64::from(status != 200);
    }
    drop(statuses);
    assert!(refused > REQUESTS / 2, "most of them are malformed: {refused}");
    assert!(gateway.runs());
    assert!(!gateway.log().contains("panicked"), "{}", gateway.log());
}

/// A chunk that a model may send, or nearly.
fn odd_chunk(random: &mut Rng) -> Value {
    let pieces = ["", "{", "}", "{}", "{\"a\":1}", " "];
    let call = |random: &mut Rng| {
        let arguments = pieces[random.usize(0..6)];
        json!({
            "index": random.u32(0..3),
            "id": if random.bool() { json!(format!("c{}", random.u32(0..3))) } else { Value::Null },
            "function": {
                "name": if random.bool() { json!("f") } else { Value::Null },
                "arguments": arguments
            }
        })
    };
    let delta = match random.u32(0..7) {
        0 => json!({"content": "text"}),
        1 => json!({"role": "assistant", "content": ""}),
        2 | 3 => json!({"tool_calls": [call(random), call(random)]}),
        4 => json!({"reasoning_content": "hm"}),
        5 => json!({"thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "s"}]}),
        _ => json!({"thinking_blocks": [{"type": "redacted_thinking", "data": "x"}]}),
    };
    let reason = ["stop", "tool_calls", "length", "odd"][random.usize(0..4)];
    let mut value = chunk(delta, (random.u32(0..8) == 0).then_some(reason));
    match random.u32(0..12) {
        0 => mutate(random, &mut value),
        1 => value = json!({"choices": [], "usage": {"prompt_tokens": 1}}),
        2 if random.bool() => value = json!({"error": {"message": "no", "code": "500"}}),
        _ => {}
    }
    value
}

/// What every client relies on: one block at a time, indexes that go up, one end.
fn check(seed: u64, events: &[Event]) {
    let (mut open, mut next, mut stopped) = (None, 0, false);
    for (position, event) in events.iter().enumerate() {
        let last = position + 1 == events.len();
        let payload = serde_json::to_value(event).expect("JSON");
        let index = payload["contentBlockIndex"].as_u64();
        match event {
            Event::MessageStart(_) => assert_eq!(position, 0, "seed {seed}"),
            Event::ContentBlockStart(_) => {
                assert_eq!((open, index), (None, Some(next)), "seed {seed}");
                (open, next) = (index, next + 1);
            }
            Event::ContentBlockDelta(_) => {
                if open.is_none() {
                    assert_eq!(index, Some(next), "seed {seed}");
                    (open, next) = (index, next + 1);
                }
                assert_eq!(open, index, "seed {seed}");
            }
            Event::ContentBlockStop(_) => assert_eq!(open.take(), index, "seed {seed}"),
            Event::MessageStop(_) => {
                assert!(open.is_none() && !stopped, "seed {seed}");
                stopped = true;
            }
            Event::Metadata(_) => assert!(last && stopped, "seed {seed}"),
            Event::Exception(_) => assert!(last, "seed {seed}"),
        }
    }
    let end = events.last().map(Event::name).unwrap_or_default();
    assert!(end == "metadata" || end.ends_with("Exception"), "seed {seed}: {end}");
}

#[test]
fn no_stream_of_a_model_breaks_the_order_of_events() {
    let mut whole = 0;
    for seed in 0..STREAMS {
        let mut random = Rng::with_seed(seed);
        let mut translator = Translator::new(random.bool());
        let mut events = Vec::new();
        for _ in 0..random.u32(0..12) {
            let mut text = odd_chunk(&mut random).to_string().into_bytes();
            if random.u32(0..40) == 0 {
                text.truncate(random.usize(0..text.len()));
            }
            translator.data(&text, &mut events);
        }
        match random.bool() {
            true => translator.done(std::time::Duration::ZERO, &mut events),
            false => translator.broken(std::time::Duration::ZERO, &mut events),
        }
        check(seed, &events);
        whole += u64::from(events.last().is_some_and(|event| matches!(event, Event::Metadata(_))));
    }
    assert!(whole > STREAMS / 10, "some of them are whole: {whole}");
}

/// What a model sends that is no stream of chunks, or nearly one; of some, the connection breaks.
fn odd_stream(seed: u64) -> Vec<Bytes> {
    let mut random = Rng::with_seed(seed);
    let count = random.usize(0..13);
    let piece = |_| match random.bool() {
        true => format!("data: {}\n\n", odd_chunk(&mut random)).into(),
        false => noise(&mut random, 100).into(),
    };
    (0..count).map(piece).collect()
}

fn frames(streams: u64) -> usize {
    (0..streams).map(|seed| odd_stream(seed).len()).sum()
}

fn is_cut(seed: u64) -> bool {
    seed.is_multiple_of(3)
}

/// Whether it is a whole answer after all: of chunks alone, of which one says why it ended, and none is an error.
fn is_whole(seed: u64) -> bool {
    let pieces = odd_stream(seed);
    let has = |words: &str| pieces.iter().any(|piece| String::from_utf8_lossy(piece).contains(words));
    let is_chunks = pieces.iter().all(|piece| piece.starts_with(b"data: "));
    !is_cut(seed) && is_chunks && has("\"finish_reason\":\"") && !has("\"error\"")
}

fn odd_reply(seed: u64) -> Reply {
    let reply = Reply::bytes(odd_stream(seed));
    if is_cut(seed) { reply.cut() } else { reply }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_are_no_stream_end_in_a_frame() {
    assert!(frames(SERVED) >= FRAMES);
    let upstream = Upstream::chat(|seen| odd_reply(seen.json()["seed"].as_u64().unwrap_or_default())).await;
    let mut gateway = Gateway::with(&upstream, &[("LOG_LEVEL", "error")]).await;
    let answers = futures::stream::iter(0..SERVED).map(|seed| {
        let request = json!({
            "messages": [{"role": "user", "content": [{"text": "a"}]}],
            "additionalModelRequestFields": {"seed": seed}
        });
        let request = gateway.post("/bedrock/model/m/converse-stream").body(request.to_string());
        async move {
            let response = request.send().await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            let status = response.status();
            (seed, status, response.bytes().await.unwrap_or_else(|error| panic!("seed {seed}: {error}")))
        }
    });
    let (mut ends, mut answers) = (BTreeMap::<String, u64>::new(), answers.buffer_unordered(64));
    while let Some((seed, status, body)) = answers.next().await {
        // A connection that breaks before the head is an error of LiteLLM.
        if status != 200 {
            assert!(status.is_server_error(), "seed {seed}: {status}");
            continue;
        }
        let end = events(&body).last().map(|event| event.name.clone()).unwrap_or_default();
        assert!(end == "metadata" || end.ends_with("Exception"), "seed {seed}: {end}");
        *ends.entry(end).or_default() += 1;
    }
    drop(answers);
    assert!(ends["metadata"] > SERVED / 20 && ends["modelStreamErrorException"] > SERVED / 20, "{ends:?}");
    assert!(gateway.runs() && !gateway.log().contains("panicked"), "{}", gateway.log());
}

/// What a client has of a kept stream.
struct KeptStream {
    seed: u64,
    session: Option<String>,
    /// Whether it has an answer that did not break.
    whole: bool,
    text: Vec<u8>,
}

async fn kept_stream(seed: u64, request: reqwest::RequestBuilder) -> KeptStream {
    let mut kept = KeptStream { seed, session: None, whole: false, text: Vec::new() };
    // Where LiteLLM's stream breaks at once, the client's connection does, too.
    let Ok(response) = request.send().await else { return kept };
    let status = response.status();
    assert!(status == 200 || status.is_server_error(), "seed {seed}: {status}");
    kept.session = response.headers().get("x-session-id").map(|id| id.to_str().expect("text").to_owned());
    let mut body = response.bytes_stream();
    loop {
        match body.next().await {
            Some(Ok(part)) => kept.text.extend_from_slice(&part),
            Some(Err(_)) => return kept,
            None => return KeptStream { whole: status == 200, ..kept },
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_are_no_stream_leave_sessions_that_go_on() {
    let Some(postgres) = Postgres::shared() else { return };
    assert!(frames(KEPT) >= FRAMES);
    let nothing_kept = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&nothing_kept);
    let upstream = Upstream::chat(move |seen| {
        let request = seen.json();
        if let Some(seed) = request["seed"].as_u64() {
            return odd_reply(seed);
        }
        // A session that goes on: what was kept of it is a turn that LiteLLM takes, or nothing.
        let messages = request["messages"].as_array().expect("messages");
        let roles: Vec<&str> = messages.iter().filter_map(|message| message["role"].as_str()).collect();
        match roles.as_slice() {
            ["user", "assistant", "user"] => {}
            ["user"] => drop(counted.fetch_add(1, Ordering::SeqCst)),
            _ => panic!("{request}"),
        }
        Reply::message(json!({"role": "assistant", "content": "b"}), "stop")
    })
    .await;
    let mut gateway = Gateway::with_history(&upstream, postgres, &[("LOG_LEVEL", "error")]).await;
    let chat = |body: Value| gateway.post("/v1/chat/completions").body(body.to_string());
    let streams = futures::stream::iter(0..KEPT).map(|seed| {
        let messages = json!([{"role": "user", "content": "a"}]);
        let body = json!({"model": "m", "stream": true, "enable_history": true, "messages": messages, "seed": seed});
        kept_stream(seed, chat(body))
    });
    let (mut whole, mut cut, mut went_on) = (0, 0, 0);
    let mut streams = streams.buffer_unordered(64);
    while let Some(KeptStream { seed, session, whole: is_kept, text }) = streams.next().await {
        // Whether a model had finished, its last chunk says, or an error: nobody takes a stream that is cut for a whole one.
        let text = String::from_utf8_lossy(&text);
        let finished = text.contains("\"finish_reason\":\"") || text.contains("\"error\"");
        assert!(!is_kept || finished, "seed {seed}: {text}");
        // A connection that breaks has its reason in what LiteLLM sent.
        assert!(is_kept || !is_whole(seed), "seed {seed}");
        *(if is_kept { &mut whole } else { &mut cut }) += 1;
        let Some(session) = session.filter(|_| seed.is_multiple_of(10)) else { continue };
        let messages = json!([{"role": "user", "content": "more"}]);
        let next = chat(json!({"model": "m", "session_id": session, "messages": messages}));
        assert_eq!(next.send().await.expect("an answer").status(), 200, "seed {seed}");
        went_on += 1;
    }
    drop(streams);
    let nothing_kept = nothing_kept.load(Ordering::SeqCst);
    let counts = (whole, cut, went_on, nothing_kept);
    assert!(whole > KEPT / 20 && cut > KEPT / 20, "{counts:?}");
    assert!(nothing_kept > went_on / 20 && nothing_kept < went_on * 19 / 20, "{counts:?}");
    assert!(gateway.runs() && !gateway.log().contains("panicked"), "{}", gateway.log());
}
