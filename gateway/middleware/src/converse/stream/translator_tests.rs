//! Chunks become events.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Event, Translator};

/// Each event as `[name, payload]`.
fn events_of(translator: &mut Translator, chunks: &[Value], done: bool) -> Vec<Value> {
    let mut events = Vec::new();
    for chunk in chunks {
        translator.data(chunk.to_string().as_bytes(), &mut events);
    }
    if done {
        translator.done(Duration::from_millis(12), &mut events);
    } else {
        translator.broken(Duration::from_millis(12), &mut events);
    }
    events.iter().map(named).collect()
}

fn named(event: &Event) -> Value {
    json!([event.name(), event])
}

fn events(chunks: &[Value]) -> Vec<Value> {
    events_of(&mut Translator::new(false), chunks, true)
}

fn delta(delta: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta}]})
}

fn finish(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

fn call(index: u32, id: &str, name: &str, arguments: &str) -> Value {
    delta(
        json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": arguments}}]}),
    )
}

fn more(index: u32, arguments: &str) -> Value {
    delta(json!({"tool_calls": [{"index": index, "id": null, "function": {"name": null, "arguments": arguments}}]}))
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event[0].as_str()).collect()
}

/// The input of each use of a tool: what a client puts together that reads one block at a time.
fn inputs(events: &[Value]) -> Vec<(String, String)> {
    let mut inputs: Vec<(String, String)> = Vec::new();
    let mut open = None;
    for event in events {
        let index = event[1]["contentBlockIndex"].as_u64();
        match event[0].as_str().unwrap_or_default() {
            "contentBlockStart" => {
                assert_eq!(open, None, "one block at a time");
                open = index;
                inputs.push((event[1]["start"]["toolUse"]["name"].as_str().expect("a name").to_owned(), String::new()));
            }
            "contentBlockDelta" => {
                if let Some(piece) = event[1]["delta"]["toolUse"]["input"].as_str() {
                    assert_eq!(open, index, "of the block that is open");
                    inputs.last_mut().expect("a use").1.push_str(piece);
                }
            }
            "contentBlockStop" => open = None,
            _ => {}
        }
    }
    inputs
}

#[test]
fn text_is_one_block_and_tokens_come_last() {
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}});
    let chunks = [
        delta(json!({"role": "assistant", "content": ""})),
        delta(json!({"content": "Hel"})),
        delta(json!({"content": "lo"})),
        finish("stop"),
        usage,
    ];
    assert_eq!(
        events(&chunks),
        [
            json!(["messageStart", {"role": "assistant"}]),
            json!(["contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hel"}}]),
            json!(["contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "lo"}}]),
            json!(["contentBlockStop", {"contentBlockIndex": 0}]),
            json!(["messageStop", {"stopReason": "end_turn"}]),
            json!(["metadata", {
                "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}, "metrics": {"latencyMs": 12}
            }]),
        ]
    );
}

#[test]
fn every_reason_ends_the_message() {
    for (reason, expected) in [("stop", "end_turn"), ("length", "max_tokens"), ("content_filter", "content_filtered")] {
        let events = events(&[delta(json!({"content": "a"})), finish(reason)]);
        assert_eq!(events[3], json!(["messageStop", {"stopReason": expected}]));
    }
    let guarded =
        events_of(&mut Translator::new(true), &[delta(json!({"content": "a"})), finish("content_filter")], true);
    assert_eq!(guarded[3], json!(["messageStop", {"stopReason": "guardrail_intervened"}]));
}

#[test]
fn a_use_of_a_tool_starts_and_stops() {
    let chunks = [
        delta(json!({"content": "let me see"})),
        call(0, "c1", "f", ""),
        more(0, "{\"a\""),
        more(0, ":1}"),
        finish("tool_calls"),
    ];
    assert_eq!(
        events(&chunks)[2..8],
        [
            json!(["contentBlockStop", {"contentBlockIndex": 0}]),
            json!(["contentBlockStart", {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "c1", "name": "f"}}}]),
            json!(["contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": "{\"a\""}}}]),
            json!(["contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": ":1}"}}}]),
            json!(["contentBlockStop", {"contentBlockIndex": 1}]),
            json!(["messageStop", {"stopReason": "tool_use"}]),
        ]
    );
}

#[test]
fn calls_one_after_the_other_are_blocks_one_after_the_other() {
    let chunks = [call(0, "c1", "f", "{}"), call(1, "c2", "g", "{\"b\":"), more(1, "2}"), finish("tool_calls")];
    let events = events(&chunks);
    assert_eq!(inputs(&events), [("f".to_owned(), "{}".to_owned()), ("g".to_owned(), "{\"b\":2}".to_owned())]);
}

#[test]
fn mixed_pieces_of_calls_become_blocks_one_after_the_other() {
    let chunks = [
        call(0, "c1", "f", ""),
        call(1, "c2", "g", ""),
        more(0, "{\"a\":"),
        more(1, "{\"b\":"),
        more(0, "1}"),
        more(1, "2}"),
        finish("tool_calls"),
    ];
    let events = events(&chunks);
    assert_eq!(inputs(&events), [("f".to_owned(), "{\"a\":1}".to_owned()), ("g".to_owned(), "{\"b\":2}".to_owned())]);
}

#[test]
fn calls_of_the_same_index_are_told_by_their_ids() {
    let chunks = [call(0, "c1", "f", "{\"a\":1}"), call(0, "c2", "g", "{\"b\":2}"), finish("stop")];
    let events = events(&chunks);
    assert_eq!(inputs(&events), [("f".to_owned(), "{\"a\":1}".to_owned()), ("g".to_owned(), "{\"b\":2}".to_owned())]);
    assert_eq!(events[events.len() - 2], json!(["messageStop", {"stopReason": "tool_use"}]));
}

#[test]
fn no_input_is_an_empty_object() {
    assert_eq!(inputs(&events(&[call(0, "c1", "f", ""), finish("tool_calls")])), [("f".to_owned(), "{}".to_owned())]);
}

#[test]
fn input_that_is_not_json_is_named_at_the_end() {
    let events = events(&[call(0, "c1", "f", "{\"a\":"), finish("tool_calls")]);
    assert_eq!(events[events.len() - 2], json!(["messageStop", {"stopReason": "malformed_tool_use"}]));
}

#[test]
fn reasoning_is_a_block_of_its_own_and_ends_with_its_signature() {
    let thinking = |thinking: Value| delta(json!({"reasoning_content": "", "thinking_blocks": [thinking]}));
    let chunks = [
        thinking(json!({"type": "thinking", "thinking": "hm"})),
        thinking(json!({"type": "thinking", "thinking": "", "signature": "s"})),
        thinking(json!({"type": "redacted_thinking", "data": "eHg="})),
        delta(json!({"content": "a"})),
        finish("stop"),
    ];
    assert_eq!(
        events(&chunks)[1..8],
        [
            json!(["contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "hm"}}}]),
            json!(["contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"signature": "s"}}}]),
            json!(["contentBlockStop", {"contentBlockIndex": 0}]),
            json!(["contentBlockDelta", {"contentBlockIndex": 1, "delta": {"reasoningContent": {"redactedContent": "eHg="}}}]),
            json!(["contentBlockStop", {"contentBlockIndex": 1}]),
            json!(["contentBlockDelta", {"contentBlockIndex": 2, "delta": {"text": "a"}}]),
            json!(["contentBlockStop", {"contentBlockIndex": 2}]),
        ]
    );
}

#[test]
fn reasoning_that_is_said_again_with_its_signature_is_told_once() {
    let thinking = |thinking: Value| delta(json!({"reasoning_content": "", "thinking_blocks": [thinking]}));
    let events = events(&[
        thinking(json!({"type": "thinking", "thinking": "h"})),
        thinking(json!({"type": "thinking", "thinking": "m"})),
        thinking(json!({"type": "thinking", "thinking": "hm", "signature": "s"})),
        thinking(json!({"type": "thinking", "thinking": "hm"})),
        thinking(json!({"type": "thinking", "thinking": "hm", "signature": "t"})),
        finish("stop"),
    ]);
    let pieces: Vec<(Value, Value)> = events
        .iter()
        .filter(|event| event[0] == "contentBlockDelta")
        .map(|event| (event[1]["contentBlockIndex"].clone(), event[1]["delta"]["reasoningContent"].clone()))
        .collect();
    let expected = [
        (json!(0), json!({"text": "h"})),
        (json!(0), json!({"text": "m"})),
        (json!(0), json!({"signature": "s"})),
        (json!(1), json!({"text": "hm"})),
        (json!(1), json!({"signature": "t"})),
    ];
    assert_eq!(pieces, expected);
}

#[test]
fn calls_of_the_same_index_take_the_pieces_that_follow_them() {
    let events = events(&[
        delta(json!({"content": null})),
        call(0, "a", "f", ""),
        call(0, "b", "g", "{\"y\""),
        more(0, ":2}"),
        finish("tool_calls"),
    ]);
    assert_eq!(inputs(&events), [("f".to_owned(), "{}".to_owned()), ("g".to_owned(), "{\"y\":2}".to_owned())]);
}

#[test]
fn reasoning_without_blocks_is_reasoning_too() {
    let events = events(&[delta(json!({"reasoning_content": "hm"})), delta(json!({"content": "a"})), finish("stop")]);
    assert_eq!(
        events[1],
        json!(["contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "hm"}}}])
    );
}

#[test]
fn an_error_of_the_model_ends_the_stream_by_its_name() {
    for (code, name) in [
        (json!("429"), "throttlingException"),
        (json!(503), "serviceUnavailableException"),
        (json!("400"), "validationException"),
        (json!("500"), "modelStreamErrorException"),
        (json!(null), "modelStreamErrorException"),
    ] {
        let chunks =
            [delta(json!({"content": "a"})), json!({"error": {"message": "no more", "code": code}}), finish("stop")];
        let events = events(&chunks);
        assert_eq!(names(&events), ["messageStart", "contentBlockDelta", name]);
        assert_eq!(events[2][1]["message"], "no more");
    }
    let events = events(&[json!({"error": {"message": "no more", "code": "500"}})]);
    assert_eq!(
        events,
        [json!(["modelStreamErrorException", {
            "message": "no more", "originalStatusCode": 500, "originalMessage": "no more"
        }])]
    );
}

#[test]
fn a_stream_that_breaks_off_is_not_a_whole_answer() {
    let events = events_of(&mut Translator::new(false), &[delta(json!({"content": "a"}))], false);
    assert_eq!(names(&events), ["messageStart", "contentBlockDelta", "modelStreamErrorException"]);
    assert_eq!(names(&events_of(&mut Translator::new(false), &[], true)), ["modelStreamErrorException"]);
}

#[test]
fn a_stream_that_breaks_off_behind_the_answer_is_whole() {
    let events = events_of(&mut Translator::new(false), &[delta(json!({"content": "a"})), finish("stop")], false);
    assert_eq!(names(&events)[2..], ["contentBlockStop", "messageStop", "metadata"]);
    assert_eq!(events[4][1], json!({"metrics": {"latencyMs": 12}}), "no tokens were counted");
}

#[test]
fn a_chunk_that_is_not_one_is_an_error_of_the_gateway() {
    let mut events = Vec::new();
    let mut translator = Translator::new(false);
    translator.data(b"{\"choices\": [", &mut events);
    translator.data(delta(json!({"content": "a"})).to_string().as_bytes(), &mut events);
    assert_eq!(events.iter().map(Event::name).collect::<Vec<_>>(), ["internalServerException"]);
}

#[test]
fn a_guardrail_and_a_tier_are_in_the_metadata() {
    let chunks = [
        delta(json!({"content": "a"})),
        finish("stop"),
        json!({"choices": [{"delta": {}}], "service_tier": "flex", "provider_specific_fields": {"trace": {"guardrail": {}}}}),
    ];
    let events = events(&chunks);
    let metadata = &events.last().expect("metadata")[1];
    assert_eq!((&metadata["trace"], &metadata["serviceTier"]), (&json!({"guardrail": {}}), &json!({"type": "flex"})));
}
