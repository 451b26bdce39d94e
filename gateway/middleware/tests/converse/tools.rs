//! Converse: tools, out and back.

use serde_json::{Value, json};

use crate::support::{Gateway, Reply, Upstream};

fn weather() -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    json!({"tools": [{"toolSpec": {"name": "weather", "description": "of a city", "inputSchema": {"json": schema}}}]})
}

#[tokio::test]
async fn a_model_asks_for_a_tool_and_gets_its_result() {
    let upstream = Upstream::chat(|seen| {
        let last = seen.json()["messages"].as_array().and_then(|messages| messages.last().cloned());
        if last.is_some_and(|message| message["role"] == "tool") {
            return Reply::message(json!({"role": "assistant", "content": "21 degrees"}), "stop");
        }
        let function = json!({"name": "weather", "arguments": "{\"city\": \"Rome\"}"});
        let call = json!({"id": "call_1", "type": "function", "function": function});
        Reply::message(json!({"role": "assistant", "content": null, "tool_calls": [call]}), "tool_calls")
    })
    .await;
    let gateway = Gateway::of(&upstream).await;
    let mut messages = vec![json!({"role": "user", "content": [{"text": "weather in Rome?"}]})];
    let request = json!({"messages": messages, "toolConfig": weather()});
    let body: Value = gateway.converse(&request).await.json().await.expect("JSON");
    assert_eq!(body["stopReason"], "tool_use");
    let asked = &body["output"]["message"];
    assert_eq!(
        asked["content"],
        json!([{"toolUse": {"toolUseId": "call_1", "name": "weather", "input": {"city": "Rome"}}}])
    );
    assert_eq!(
        upstream.last()["tools"][0]["function"]["parameters"]["properties"],
        json!({"city": {"type": "string"}})
    );

    let result = json!({"toolResult": {"toolUseId": "call_1", "content": [{"json": {"degrees": 21}}]}});
    messages.push(asked.clone());
    messages.push(json!({"role": "user", "content": [result]}));
    let request = json!({"messages": messages, "toolConfig": weather()});
    let body: Value = gateway.converse(&request).await.json().await.expect("JSON");
    assert_eq!(body["output"]["message"]["content"], json!([{"text": "21 degrees"}]));
    assert_eq!(
        upstream.last()["messages"].as_array().map(|messages| messages[1..].to_vec()),
        Some(vec![
            json!({"role": "assistant", "content": null, "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Rome\"}"}}
            ]}),
            json!({"role": "tool", "tool_call_id": "call_1", "content": "{\"degrees\":21}"})
        ])
    );
}

#[tokio::test]
async fn a_choice_of_tools_reaches_the_model() {
    let upstream = Upstream::chat(|_| Reply::message(json!({"content": "a"}), "stop")).await;
    let gateway = Gateway::of(&upstream).await;
    let mut config = weather();
    config["toolChoice"] = json!({"tool": {"name": "weather"}});
    let request = json!({"messages": [{"role": "user", "content": [{"text": "a"}]}], "toolConfig": config});
    gateway.converse(&request).await;
    assert_eq!(upstream.last()["tool_choice"], json!({"type": "function", "function": {"name": "weather"}}));
}

#[tokio::test]
async fn reasoning_goes_both_ways() {
    let thinking = json!({"type": "thinking", "thinking": "hm", "signature": "s"});
    let message =
        json!({"role": "assistant", "content": "a", "reasoning_content": "hm", "thinking_blocks": [thinking]});
    let reply = message.clone();
    let upstream = Upstream::chat(move |_| Reply::message(reply.clone(), "stop")).await;
    let gateway = Gateway::of(&upstream).await;
    let question = json!({"role": "user", "content": [{"text": "q"}]});
    let body: Value = gateway.converse(&json!({"messages": [question]})).await.json().await.expect("JSON");
    let answer = &body["output"]["message"];
    assert_eq!(answer["content"][0], json!({"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}}));
    gateway.converse(&json!({"messages": [question, answer, question]})).await;
    assert_eq!(upstream.last()["messages"][1]["thinking_blocks"], message["thinking_blocks"]);
}
