//! What a request of the Converse API is when it reaches Bedrock, through the middleware and the real LiteLLM: each member as
//! `gateway/middleware/CONVERSE.md` says.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::smoke_gateway::{Shared, shared};

/// A picture of one pixel.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
/// What only has to look like a PDF.
static PDF: LazyLock<String> = LazyLock::new(|| STANDARD.encode(b"%PDF-1.4 of a test"));
/// What only has to look like a film.
static FILM: LazyLock<String> = LazyLock::new(|| STANDARD.encode(b"\0\0\0\x18ftypmp42"));

/// The gateway, where it has the middleware.
fn gateway() -> Option<Shared> {
    shared().filter(|gateway| gateway.has_middleware)
}

/// What Bedrock is sent for a request of a client.
#[track_caller]
fn arrives(gateway: &Shared, request: &Value) -> Value {
    gateway.switches.reached.lock().unwrap().clear();
    let call = async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let call =
            client.post(format!("{}/bedrock/model/claude-sonnet/converse", gateway.url)).bearer_auth(&gateway.key);
        let answer = call.json(request).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, answer) = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(call);
    assert_eq!(status, 200, "{answer}");
    let reached = gateway.switches.reached.lock().unwrap();
    let [body] = reached.as_slice() else { panic!("{} calls reached Bedrock", reached.len()) };
    serde_json::from_slice(body).unwrap()
}

/// Expects that the content of a client's message reaches Bedrock as that content.
#[track_caller]
fn content_arrives_as(content: &Value, expected: &Value) {
    let Some(gateway) = gateway() else { return };
    let arrived = arrives(&gateway, &json!({"messages": [{"role": "user", "content": content}]}));
    assert_eq!(arrived["messages"], json!([{"role": "user", "content": expected}]));
}

/// Expects that it reaches Bedrock as it is.
#[track_caller]
fn content_arrives(content: &Value) {
    content_arrives_as(content, content);
}

/// Expects that members of a request reach Bedrock as they are.
#[track_caller]
fn members_arrive(members: &Value) {
    let Some(gateway) = gateway() else { return };
    let mut request = json!({"messages": [{"role": "user", "content": [{"text": "hello"}]}]});
    request.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let arrived = arrives(&gateway, &request);
    for (name, value) in members.as_object().unwrap() {
        assert_eq!(&arrived[name], value, "{name} of {arrived}");
    }
}

/// What Bedrock is sent of a conversation, in which a tool may be called.
#[track_caller]
fn conversation(messages: &Value) -> Option<Value> {
    let gateway = gateway()?;
    let mut request = json!({"messages": messages});
    if messages.to_string().contains("toolUse") {
        request["toolConfig"] = json!({"tools": [tool()]});
    }
    Some(arrives(&gateway, &request)["messages"].clone())
}

fn tool() -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    json!({"toolSpec": {"name": "weather", "description": "The weather", "inputSchema": {"json": schema}}})
}

fn picture() -> Value {
    json!({"image": {"format": "png", "source": {"bytes": PICTURE}}})
}

fn pdf(name: &str) -> Value {
    json!({"document": {"format": "pdf", "name": name, "source": {"bytes": *PDF}}})
}

/// LiteLLM gives documents names of its own, with a hash of their content.
#[track_caller]
fn named_by_litellm(document: &mut Value) {
    let name = document["document"]["name"].as_str().unwrap_or_default().to_owned();
    assert!(name.starts_with("DocumentPDFmessages_"), "{name}");
    document["document"]["name"] = json!("of LiteLLM");
}

#[test]
fn texts_arrive_in_their_order() {
    content_arrives(&json!([{"text": "one"}, {"text": "two"}]));
}

#[test]
fn an_image_arrives() {
    content_arrives(&json!([{"text": "what is it?"}, picture()]));
}

#[test]
fn a_video_arrives() {
    content_arrives(&json!([{"text": "what is it?"}, {"video": {"format": "mp4", "source": {"bytes": *FILM}}}]));
}

#[test]
fn a_document_arrives_under_a_name_of_litellms() {
    let request = json!([{"role": "user", "content": [{"text": "read"}, pdf("Report")]}]);
    let Some(mut arrived) = conversation(&request) else { return };
    named_by_litellm(&mut arrived[0]["content"][1]);
    assert_eq!(arrived, json!([{"role": "user", "content": [{"text": "read"}, pdf("of LiteLLM")]}]));
}

#[test]
fn texts_of_a_document_arrive_as_one_file() {
    let texts = json!({"content": [{"text": "one"}, {"text": "two"}]});
    let document = |source: Value, name| json!({"document": {"format": "txt", "name": name, "source": source}});
    let request = json!([{"role": "user", "content": [{"text": "read"}, document(texts, "Notes")]}]);
    let Some(mut arrived) = conversation(&request) else { return };
    named_by_litellm(&mut arrived[0]["content"][1]);
    let expected = document(json!({"bytes": STANDARD.encode("one\n\ntwo")}), "of LiteLLM");
    assert_eq!(arrived[0]["content"][1], expected);
}

#[test]
fn system_texts_arrive() {
    members_arrive(&json!({"system": [{"text": "Be brief."}, {"text": "Be kind."}]}));
}

#[test]
fn cache_points_of_messages_arrive_where_they_were() {
    content_arrives(&json!([{"text": "long"}, {"cachePoint": {"type": "default"}}, {"text": "short"}]));
}

#[test]
fn cache_points_of_system_and_tools_arrive() {
    let point = json!({"cachePoint": {"type": "default"}});
    members_arrive(&json!({"system": [{"text": "Be brief."}, point], "toolConfig": {"tools": [tool(), point]}}));
}

#[test]
fn the_time_of_a_cache_point_arrives() {
    content_arrives(&json!([{"text": "long"}, {"cachePoint": {"type": "default", "ttl": "1h"}}]));
}

#[test]
fn a_guardrail_arrives() {
    let guardrail = json!({"guardrailIdentifier": "gr0123456789", "guardrailVersion": "1", "trace": "enabled"});
    members_arrive(&json!({"guardrailConfig": guardrail}));
}

#[test]
fn text_for_a_guardrail_arrives_without_its_qualifiers() {
    let Some(gateway) = gateway() else { return };
    let text = |text: Value| json!({"guardContent": {"text": text}});
    let guarded = text(json!({"text": "guard this", "qualifiers": ["guard_content"]}));
    let arrived = arrives(
        &gateway,
        &json!({
            "messages": [{"role": "user", "content": [{"text": "hello"}, guarded]}],
            "guardrailConfig": {"guardrailIdentifier": "gr0123456789", "guardrailVersion": "1"}
        }),
    );
    assert_eq!(arrived["messages"][0]["content"], json!([{"text": "hello"}, text(json!({"text": "guard this"}))]));
}

/// What the assistant has said between two questions, as it reaches Bedrock.
#[track_caller]
fn said(content: &Value) -> Option<Value> {
    let question = json!({"role": "user", "content": [{"text": "hello"}]});
    let arrived = conversation(&json!([question, {"role": "assistant", "content": content}, question]))?;
    Some(arrived[1]["content"].clone())
}

#[test]
fn signed_reasoning_arrives_with_its_signature() {
    let reasoning = json!({"reasoningContent": {"reasoningText": {"text": "because", "signature": "c2lnbmVk"}}});
    let content = json!([reasoning, {"text": "hi"}]);
    let Some(arrived) = said(&content) else { return };
    assert_eq!(arrived, content);
}

#[test]
fn reasoning_that_is_redacted_or_not_signed_is_left_out_by_litellm() {
    for reasoning in [json!({"redactedContent": "c2VjcmV0"}), json!({"reasoningText": {"text": "because"}})] {
        let Some(arrived) = said(&json!([{"reasoningContent": reasoning}, {"text": "hi"}])) else { return };
        assert_eq!(arrived, json!([{"text": "hi"}]));
    }
}

#[test]
fn a_tool_and_the_choice_of_it_arrive() {
    for choice in [json!({"any": {}}), json!({"auto": {}}), json!({"tool": {"name": "weather"}})] {
        members_arrive(&json!({"toolConfig": {"tools": [tool()], "toolChoice": choice}}));
    }
}

/// A conversation in which a tool was called, and gave that.
fn called(result: &Value) -> Value {
    let call = json!({"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"city": "Rome"}}});
    json!([
        {"role": "user", "content": [{"text": "How is the weather?"}]},
        {"role": "assistant", "content": [{"text": "Let me see."}, call]},
        {"role": "user", "content": [{"toolResult": {"content": result, "toolUseId": "t1"}}]}
    ])
}

#[test]
fn a_call_of_a_tool_and_its_result_with_an_image_arrive() {
    let messages = called(&json!([{"text": "see"}, picture()]));
    let Some(arrived) = conversation(&messages) else { return };
    assert_eq!(arrived, messages);
}

#[test]
fn a_document_in_a_result_arrives() {
    let Some(mut arrived) = conversation(&called(&json!([{"text": "see"}, pdf("Report")]))) else { return };
    named_by_litellm(&mut arrived[2]["content"][0]["toolResult"]["content"][1]);
    assert_eq!(arrived, called(&json!([{"text": "see"}, pdf("of LiteLLM")])));
}

#[test]
fn json_of_a_result_arrives_as_text() {
    let Some(arrived) = conversation(&called(&json!([{"json": {"celsius": 21}}]))) else { return };
    let text = arrived[2]["content"][0]["toolResult"]["content"][0]["text"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), json!({"celsius": 21}));
}

#[test]
fn a_result_that_is_an_error_says_so_in_its_text() {
    let mut messages = called(&json!([{"text": "no such city"}]));
    messages[2]["content"][0]["toolResult"]["status"] = json!("error");
    let Some(arrived) = conversation(&messages) else { return };
    assert_eq!(arrived, called(&json!([{"text": "Error: no such city"}])));
}

#[test]
fn parameters_of_the_answer_arrive() {
    let parameters = json!({"temperature": 0.5, "stopSequences": ["END"], "maxTokens": 100});
    members_arrive(&json!({"inferenceConfig": parameters, "additionalModelRequestFields": {"top_k": 5}}));
}

#[test]
fn metadata_latency_and_tier_arrive() {
    let members = json!({
        "requestMetadata": {"team": "search"}, "performanceConfig": {"latency": "optimized"},
        "serviceTier": {"type": "priority"}
    });
    members_arrive(&members);
    members_arrive(&json!({"serviceTier": {"type": "reserved"}}));
}

#[test]
fn the_form_of_an_answer_arrives() {
    let Some(gateway) = gateway() else { return };
    let schema = json!({
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": false
    });
    let structure = json!({"jsonSchema": {"name": "place", "schema": schema.to_string()}});
    let format = json!({"textFormat": {"type": "json_schema", "structure": structure}});
    let messages = json!([{"role": "user", "content": [{"text": "Where?"}]}]);
    let mut arrived = arrives(&gateway, &json!({"messages": messages, "outputConfig": format}))["outputConfig"].take();
    let written = &mut arrived["textFormat"]["structure"]["jsonSchema"]["schema"];
    assert_eq!(serde_json::from_str::<Value>(written.as_str().unwrap()).unwrap(), schema);
    *written = json!(schema.to_string());
    assert_eq!(arrived, format);
}
