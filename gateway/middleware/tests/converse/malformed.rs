//! Requests that nobody would write and answers that no model would give, the same in every run.

use bytes::Bytes;
use fastrand::Rng;
use futures::StreamExt;
use gwinfra_middleware::converse::stream::{Event, Translator};
use serde_json::{Map, Value, json};

use crate::support::frames::events;
use crate::support::upstream::chunk;
use crate::support::{Gateway, Reply, Upstream};

const REQUESTS: u64 = 10_000;
const STREAMS: u64 = 10_000;

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

#[tokio::test]
async fn bytes_that_are_no_stream_end_in_a_frame() {
    let upstream = Upstream::chat(|seen| {
        let seed = seen.json()["seed"].as_u64().unwrap_or_default();
        let mut random = Rng::with_seed(seed);
        let pieces = (0..random.usize(0..6)).map(|_| {
            let text: Vec<u8> = match random.bool() {
                true => format!("data: {}\n\n", odd_chunk(&mut random)).into_bytes(),
                false => noise(&mut random, 100),
            };
            Bytes::from(text)
        });
        let reply = Reply::bytes(pieces.collect());
        if seed % 3 == 0 { reply.cut() } else { reply }
    })
    .await;
    let gateway = Gateway::with(&upstream, &[("LOG_LEVEL", "error")]).await;
    for seed in 0..300 {
        let request = json!({
            "messages": [{"role": "user", "content": [{"text": "a"}]}],
            "additionalModelRequestFields": {"seed": seed}
        });
        let response = gateway.converse_stream(&request).await;
        // A connection that breaks before the head is an error of LiteLLM.
        if response.status() == 200 {
            let events = events(&response.bytes().await.expect("a whole body"));
            let end = events.last().map(|event| event.name.clone()).unwrap_or_default();
            assert!(end == "metadata" || end.ends_with("Exception"), "seed {seed}: {end}");
        } else {
            assert!(response.status().is_server_error(), "seed {seed}");
        }
    }
    assert!(!gateway.log().contains("panicked"));
}
