//! ConverseStream: the frames that a client reads.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::support::frames::{Event, events, names};
use crate::support::upstream::{chunk, usage};
use crate::support::{Gateway, Reply, Upstream};

fn hi() -> Value {
    json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}]})
}

/// The events of a stream of these chunks.
async fn streamed(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Vec<Event> {
    let upstream = Upstream::chat(move |_| reply()).await;
    let gateway = Gateway::of(&upstream).await;
    let response = gateway.converse_stream(&hi()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/vnd.amazon.eventstream");
    let events = events(&response.bytes().await.expect("a whole body"));
    let body = upstream.last();
    assert_eq!((&body["stream"], &body["stream_options"]), (&json!(true), &json!({"include_usage": true})));
    events
}

#[tokio::test]
async fn text_comes_in_pieces_and_ends_with_its_tokens() {
    let events = streamed(|| {
        Reply::stream(&[
            chunk(json!({"role": "assistant", "content": ""}), None),
            chunk(json!({"content": "Hel"}), None),
            chunk(json!({"content": "lo"}), None),
            chunk(json!({}), Some("stop")),
            usage(),
        ])
    })
    .await;
    assert_eq!(
        names(&events),
        ["messageStart", "contentBlockDelta", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"]
    );
    assert!(events.iter().all(|event| event.kind == "event"));
    assert_eq!(events[0].payload, json!({"role": "assistant"}));
    assert_eq!(events[1].payload, json!({"contentBlockIndex": 0, "delta": {"text": "Hel"}}));
    assert_eq!(events[4].payload, json!({"stopReason": "end_turn"}));
    assert_eq!(events[5].payload["usage"], json!({"inputTokens": 5, "outputTokens": 7, "totalTokens": 12}));
    assert!(events[5].payload["metrics"]["latencyMs"].is_u64());
}

#[tokio::test]
async fn every_reason_to_stop_is_told() {
    for (reason, expected) in [("length", "max_tokens"), ("content_filter", "content_filtered")] {
        let events =
            streamed(move || Reply::stream(&[chunk(json!({"content": "a"}), None), chunk(json!({}), Some(reason))]))
                .await;
        let stop = events.iter().find(|event| event.name == "messageStop").expect("an end");
        assert_eq!(stop.payload, json!({"stopReason": expected}));
    }
}

#[tokio::test]
async fn a_use_of_a_tool_comes_in_pieces() {
    let call = |id: Option<&str>, name: Option<&str>, arguments: &str| json!({"tool_calls": [{"index": 0, "id": id, "function": {"name": name, "arguments": arguments}}]});
    let events = streamed(move || {
        Reply::stream(&[
            chunk(call(Some("call_1"), Some("weather"), ""), None),
            chunk(call(None, None, "{\"city\":"), None),
            chunk(call(None, None, "\"Rome\"}"), None),
            chunk(json!({}), Some("tool_calls")),
            usage(),
        ])
    })
    .await;
    assert_eq!(
        names(&events)[1..],
        ["contentBlockStart", "contentBlockDelta", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"]
    );
    assert_eq!(
        events[1].payload,
        json!({"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "call_1", "name": "weather"}}})
    );
    assert_eq!(events[2].payload["delta"], json!({"toolUse": {"input": "{\"city\":"}}));
    assert_eq!(events[5].payload, json!({"stopReason": "tool_use"}));
}

#[tokio::test]
async fn an_event_that_is_cut_into_bytes_is_the_same_event() {
    let text = "\u{65e5}\u{672c}\u{8a9e}".repeat(2_000);
    let whole = format!(
        "data: {}\n\ndata: {}\n\ndata: [DONE]\n\n",
        chunk(json!({"content": text}), None),
        chunk(json!({}), Some("stop"))
    );
    let expected = text.clone();
    let events = streamed(move || {
        // Pieces of 1,021 bytes cut characters of three bytes.
        Reply::bytes(whole.as_bytes().chunks(1_021).map(Bytes::copy_from_slice).collect())
    })
    .await;
    assert_eq!(events[1].payload["delta"]["text"], expected);
    assert_eq!(names(&events)[2..], ["contentBlockStop", "messageStop", "metadata"]);
}

#[tokio::test]
async fn an_error_in_the_middle_is_an_exception() {
    for (code, name) in [("429", "throttlingException"), ("500", "modelStreamErrorException")] {
        let events = streamed(move || {
            let error = json!({"error": {"message": "no more", "type": "t", "param": null, "code": code}});
            Reply::stream(&[chunk(json!({"content": "a"}), None), error])
        })
        .await;
        let last = events.last().expect("an event");
        assert_eq!((last.kind.as_str(), last.name.as_str()), ("exception", name));
        assert_eq!(last.payload["message"], "no more");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_an_exception() {
    let events = streamed(|| Reply::stream(&[chunk(json!({"content": "a"}), None)]).cut()).await;
    assert_eq!(names(&events), ["messageStart", "contentBlockDelta", "modelStreamErrorException"]);
}

#[tokio::test]
async fn a_chunk_that_is_not_json_is_an_exception() {
    let events =
        streamed(|| Reply::bytes(vec![Bytes::from_static(b"data: {\"choices\": [\n\ndata: [DONE]\n\n")])).await;
    assert_eq!(names(&events), ["internalServerException"]);
}

#[tokio::test]
async fn comments_and_other_fields_are_not_chunks() {
    let events = streamed(|| {
        let text = format!(
            ": ping\n\nevent: chunk\nid: 7\ndata: {}\n\ndata: {}\n\ndata: [DONE]\n\n",
            chunk(json!({"content": "a"}), None),
            chunk(json!({}), Some("stop"))
        );
        Reply::bytes(vec![Bytes::from(text)])
    })
    .await;
    assert_eq!(names(&events), ["messageStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"]);
}

#[tokio::test]
async fn a_model_that_stops_sending_is_an_exception() {
    let upstream = Upstream::chat(|_| {
        let (reply, release) = Reply::stream(&[chunk(json!({"content": "a"}), None)]).held();
        // Never released: the stream stays open.
        std::mem::forget(release);
        reply
    })
    .await;
    let gateway = Gateway::with(&upstream, &[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let response = gateway.converse_stream(&hi()).await;
    let events = events(&response.bytes().await.expect("a whole body"));
    let last = events.last().expect("an event");
    assert_eq!(last.name, "modelStreamErrorException");
    assert_eq!(last.payload["message"], "the model did not go on within 1 s");
}

#[tokio::test]
async fn a_stream_that_ends_with_an_exception_is_not_whole_in_log_and_trace() {
    // Protocol Buffers: the status (15) of a span with the code (3) of an error.
    const ERROR: [u8; 4] = [0x7a, 2, 0x18, 2];
    for broken in [true, false] {
        let upstream = Upstream::chat(move |seen| {
            let said = chunk(json!({"content": "a"}), None);
            match seen.path.as_str() {
                "/v1/traces" => Reply::json(200, json!({})),
                _ if broken => Reply::stream(&[said]).cut(),
                _ => Reply::stream(&[said, chunk(json!({}), Some("stop"))]),
            }
        })
        .await;
        let url = upstream.url();
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "50")];
        let gateway = Gateway::with(&upstream, &variables).await;
        let response = gateway.converse_stream(&hi()).await;
        response.bytes().await.expect("a whole body");
        let traces = || upstream.seen().into_iter().filter(|seen| seen.path == "/v1/traces");
        let is_of_the_stream = |body: &[u8]| body.windows(15).any(|window| window == b"converse-stream");
        let exported = async {
            loop {
                if let Some(seen) = traces().find(|seen| is_of_the_stream(&seen.body)) {
                    return seen.body;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let exported = tokio::time::timeout(Duration::from_secs(60), exported).await.expect("a span");
        assert_eq!(exported.windows(4).any(|window| window == ERROR), broken);
        let log = gateway.log();
        let line =
            log.lines().find(|line| line.contains("converse-stream") && line.contains("\"status\"")).expect("a line");
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!((&line["status"], &line["complete"]), (&json!(200), &json!(!broken)));
    }
}
