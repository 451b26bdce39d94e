//! A chat answer becomes an answer of Converse.

use std::time::Duration;

use serde_json::{Value, json};

use super::response::response;

fn answered(completion: Value) -> Value {
    let completion = serde_json::from_value(completion).expect("a completion");
    let answer = response(completion, false, Duration::from_millis(12)).expect("an answer");
    serde_json::to_value(answer).expect("JSON")
}

fn choice(message: Value, finish_reason: &str) -> Value {
    json!({"choices": [{"index": 0, "message": message, "finish_reason": finish_reason}]})
}

#[test]
fn text_tokens_and_time_are_there() {
    let mut completion = choice(json!({"role": "assistant", "content": "Hi"}), "stop");
    completion["usage"] = json!({"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12});
    assert_eq!(
        answered(completion),
        json!({
            "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 5, "outputTokens": 7, "totalTokens": 12},
            "metrics": {"latencyMs": 12}
        })
    );
}

#[test]
fn calls_are_uses_of_tools() {
    let call = json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":[1]}"}});
    let empty = json!({"id": "c2", "type": "function", "function": {"name": "g", "arguments": ""}});
    let answer = answered(choice(json!({"content": null, "tool_calls": [call, empty]}), "tool_calls"));
    assert_eq!(
        answer["output"]["message"]["content"],
        json!([
            {"toolUse": {"toolUseId": "c1", "name": "f", "input": {"a": [1]}}},
            {"toolUse": {"toolUseId": "c2", "name": "g", "input": {}}}
        ])
    );
    assert_eq!(answer["stopReason"], "tool_use");
}

#[test]
fn input_that_is_not_json_is_shown_and_named() {
    let call = json!({"id": "c1", "function": {"name": "f", "arguments": "{\"a\":"}});
    let answer = answered(choice(json!({"tool_calls": [call]}), "tool_calls"));
    assert_eq!(answer["stopReason"], "malformed_tool_use");
    assert_eq!(answer["output"]["message"]["content"][0]["toolUse"]["input"], "{\"a\":");
    assert_eq!(answered(choice(json!({"tool_calls": [call]}), "length"))["stopReason"], "max_tokens");
}

#[test]
fn reasoning_comes_first_and_once() {
    let message = json!({
        "content": "a", "reasoning_content": "hm",
        "thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "redacted_thinking", "data": "eHg="}]
    });
    assert_eq!(
        answered(choice(message, "stop"))["output"]["message"]["content"],
        json!([
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
            {"reasoningContent": {"redactedContent": "eHg="}},
            {"text": "a"}
        ])
    );
    assert_eq!(
        answered(choice(json!({"content": "a", "reasoning_content": "hm"}), "stop"))["output"]["message"]["content"][0],
        json!({"reasoningContent": {"reasoningText": {"text": "hm"}}})
    );
}

#[test]
fn every_reason_has_bedrocks_name() {
    for (reason, expected) in [
        ("stop", "end_turn"),
        ("length", "max_tokens"),
        ("content_filter", "content_filtered"),
        ("something new", "end_turn"),
    ] {
        assert_eq!(answered(choice(json!({"content": "a"}), reason))["stopReason"], expected);
    }
    let mut native = choice(json!({"content": "a"}), "stop");
    native["choices"][0]["provider_specific_fields"] = json!({"native_finish_reason": "stop_sequence"});
    assert_eq!(answered(native)["stopReason"], "stop_sequence");
    let mut guarded = choice(json!({"content": "no"}), "content_filter");
    guarded["trace"] = json!({"guardrail": {"inputAssessment": {}}});
    let answer = answered(guarded);
    assert_eq!(
        (&answer["stopReason"], &answer["trace"]["guardrail"]["inputAssessment"]),
        (&json!("guardrail_intervened"), &json!({}))
    );
}

#[test]
fn tokens_of_the_cache_are_counted_beside_the_others() {
    let mut completion = choice(json!({"content": "a"}), "stop");
    completion["usage"] = json!({
        "prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107,
        "prompt_tokens_details": {"cached_tokens": 60, "cache_creation_tokens": 30,
            "cache_creation_token_details": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 0}},
        "cache_read_input_tokens": 60, "cache_creation_input_tokens": 30
    });
    assert_eq!(
        answered(completion)["usage"],
        json!({
            "inputTokens": 10, "outputTokens": 7, "totalTokens": 107, "cacheReadInputTokens": 60,
            "cacheWriteInputTokens": 30, "cacheDetails": [{"ttl": "5m", "inputTokens": 30}]
        })
    );
}

#[test]
fn a_refusal_is_text() {
    let answer = answered(choice(json!({"content": null, "refusal": "I cannot"}), "stop"));
    assert_eq!(answer["output"]["message"]["content"], json!([{"text": "I cannot"}]));
}

#[test]
fn an_answer_without_a_choice_is_none() {
    let completion = serde_json::from_value(json!({"choices": []})).expect("a completion");
    assert!(response(completion, false, Duration::ZERO).is_err());
}

#[test]
fn odd_members_that_an_answer_may_do_without_do_not_cost_the_answer() {
    let mut completion = choice(
        json!({
            "content": [{"type": "text", "text": "Hi"}, {"type": "image", "x": 1}, {"type": "text", "text": " there"}],
            "tool_calls": [{"id": "c1", "function": null}],
            "thinking_blocks": [{"type": "new_kind"}, {"type": "thinking", "thinking": "hm"}],
            "reasoning_content": {"x": 1}
        }),
        "stop",
    );
    completion["service_tier"] = json!({"type": "flex"});
    completion["usage"] = json!("free");
    completion["choices"][0]["provider_specific_fields"] = json!([]);
    let answer = answered(completion);
    let content = &answer["output"]["message"]["content"];
    assert_eq!(content[0], json!({"reasoningContent": {"reasoningText": {"text": "hm"}}}));
    assert_eq!(content[1], json!({"text": "Hi there"}));
    assert_eq!(content[2], json!({"toolUse": {"toolUseId": "c1", "name": "", "input": {}}}));
    assert_eq!(answer["usage"]["totalTokens"], 0);
    for content in [json!(7), json!({"a": 1}), json!(true), json!(null)] {
        let answer = answered(choice(json!({"content": content}), "stop"));
        assert_eq!(answer["output"]["message"]["content"], json!([]));
    }
}

#[test]
fn whole_numbers_of_a_call_keep_all_their_digits() {
    let arguments = "{\"n\":123456789012345678901234567890}";
    let call = json!({"id": "c1", "function": {"name": "f", "arguments": arguments}});
    let completion = serde_json::from_value(choice(json!({"tool_calls": [call]}), "stop")).expect("a completion");
    let answer = response(completion, false, Duration::ZERO).expect("an answer");
    assert!(serde_json::to_string(&answer).expect("JSON").contains(arguments));
}
