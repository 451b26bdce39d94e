//! A Converse request becomes a chat request, or an error that names the place.

use serde_json::{Value, json};

use super::chat::ChatMessage;
use super::translate::{Chat, Session, chat, parse};

fn translate(request: &Value) -> Result<Chat, String> {
    parse(request.to_string().as_bytes()).and_then(chat).map_err(|error| error.to_string())
}

#[track_caller]
fn translated(request: Value) -> Value {
    let Chat { system, messages, parameters, .. } = translate(&request).expect("a chat request");
    let all: Vec<&ChatMessage> = system.iter().chain(&messages).collect();
    let mut body = serde_json::to_value(parameters).expect("JSON");
    body["messages"] = json!(all);
    body
}

#[track_caller]
fn refused(request: Value) -> String {
    translate(&request).expect_err("cannot be carried")
}

/// A request with one user message of these blocks.
fn user(content: Value) -> Value {
    json!({"messages": [{"role": "user", "content": content}]})
}

/// A request that says "hi", and something else.
fn with(member: &str, value: Value) -> Value {
    let mut request = user(json!([{"text": "hi"}]));
    request[member] = value;
    request
}

#[test]
fn one_text_is_a_string_and_many_are_parts() {
    assert_eq!(translated(user(json!([{"text": "a"}])))["messages"], json!([{"role": "user", "content": "a"}]));
    assert_eq!(
        translated(user(json!([{"text": "a"}, {"text": "b"}])))["messages"],
        json!([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}])
    );
}

#[test]
fn instructions_come_first() {
    let body = translated(with("system", json!([{"text": "be"}, {"text": "brief"}])));
    assert_eq!(
        body["messages"][0],
        json!({"role": "system", "content": [{"type": "text", "text": "be"}, {"type": "text", "text": "brief"}]})
    );
}

#[test]
fn an_image_is_a_data_url() {
    let body = translated(user(json!([{"text": "what?"}, {"image": {"format": "png", "source": {"bytes": "aGk="}}}])));
    assert_eq!(
        body["messages"][0]["content"][1],
        json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}})
    );
}

#[test]
fn a_document_is_a_file_with_its_name_and_type() {
    let document = json!({"format": "pdf", "name": "report", "source": {"bytes": "aGk="}});
    assert_eq!(
        translated(user(json!([{"document": document}])))["messages"][0]["content"][0],
        json!({"type": "file", "file": {
            "filename": "report.pdf", "file_data": "data:application/pdf;base64,aGk=", "format": "application/pdf"
        }})
    );
}

#[test]
fn a_document_of_text_needs_no_format() {
    let document = json!({"name": "note", "source": {"text": "hi"}});
    let body = translated(user(json!([{"document": document}])));
    assert_eq!(body["messages"][0]["content"][0]["file"]["file_data"], "data:text/plain;base64,aGk=");
}

#[test]
fn a_video_is_a_file() {
    let body = translated(user(json!([{"video": {"format": "mov", "source": {"bytes": "aGk="}}}])));
    assert_eq!(
        body["messages"][0]["content"][0],
        json!({"type": "file", "file": {"file_data": "data:video/mov;base64,aGk=", "format": "video/mov"}})
    );
}

#[test]
fn tools_and_their_choice_are_functions() {
    let tool =
        json!({"toolSpec": {"name": "top_song", "description": "d", "inputSchema": {"json": {"type": "object"}}}});
    let function = json!({"name": "top_song", "description": "d", "parameters": {"type": "object"}});
    for (choice, expected) in [
        (json!({"auto": {}}), json!("auto")),
        (json!({"any": {}}), json!("required")),
        (json!({"tool": {"name": "top_song"}}), json!({"type": "function", "function": {"name": "top_song"}})),
    ] {
        let body = translated(with("toolConfig", json!({"tools": [tool], "toolChoice": choice})));
        assert_eq!(body["tools"], json!([{"type": "function", "function": function}]));
        assert_eq!(body["tool_choice"], expected);
    }
}

#[test]
fn a_use_of_a_tool_and_its_result_go_both_ways() {
    let body = translated(json!({"messages": [
        {"role": "user", "content": [{"text": "play"}]},
        {"role": "assistant", "content": [
            {"text": "let me see"}, {"toolUse": {"toolUseId": "t1", "name": "top_song", "input": {"sign": "WZPZ"}}}
        ]},
        {"role": "user", "content": [
            {"text": "here"}, {"toolResult": {"toolUseId": "t1", "content": [{"json": {"song": "Elemental"}}]}}
        ]}
    ]}));
    assert_eq!(
        body["messages"],
        json!([
            {"role": "user", "content": "play"},
            {"role": "assistant", "content": "let me see", "tool_calls": [
                {"id": "t1", "type": "function", "function": {"name": "top_song", "arguments": "{\"sign\":\"WZPZ\"}"}}
            ]},
            {"role": "tool", "tool_call_id": "t1", "content": "{\"song\":\"Elemental\"}"},
            {"role": "user", "content": "here"}
        ])
    );
}

#[test]
fn a_tool_that_failed_says_so() {
    let result = |content: Value| {
        let result = json!({"toolUseId": "t1", "status": "error", "content": content});
        translated(user(json!([{"toolResult": result}])))["messages"][0]["content"].clone()
    };
    assert_eq!(result(json!([{"text": "no such station"}])), json!("Error: no such station"));
    assert_eq!(result(json!([])), json!("Error:"));
}

#[test]
fn signed_reasoning_goes_back_in_blocks_and_the_rest_as_text() {
    let body = translated(json!({"messages": [
        {"role": "user", "content": [{"text": "q"}]},
        {"role": "assistant", "content": [
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
            {"reasoningContent": {"redactedContent": "eHg="}},
            {"text": "a"}
        ]},
        {"role": "user", "content": [{"text": "q"}]},
        {"role": "assistant", "content": [{"reasoningContent": {"reasoningText": {"text": "hm"}}}, {"text": "a"}]}
    ]}));
    assert_eq!(
        body["messages"][1]["thinking_blocks"],
        json!([{"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "redacted_thinking", "data": "eHg="}])
    );
    assert_eq!(body["messages"][3], json!({"role": "assistant", "content": "a", "reasoning_content": "hm"}));
}

#[test]
fn a_cache_point_marks_what_is_before_it() {
    let tool = json!({"toolSpec": {"name": "t", "inputSchema": {"json": {}}}});
    let body = translated(json!({
        "system": [{"text": "long"}, {"cachePoint": {"type": "default"}}],
        "toolConfig": {"tools": [tool, {"cachePoint": {"type": "default", "ttl": "1h"}}]},
        "messages": [
            {"role": "user", "content": [{"text": "a"}, {"cachePoint": {"type": "default", "ttl": "5m"}}, {"text": "b"}]},
            {"role": "assistant", "content": [
                {"toolUse": {"toolUseId": "t1", "name": "t", "input": {}}}, {"cachePoint": {"type": "default"}}
            ]},
            {"role": "user", "content": [
                {"toolResult": {"toolUseId": "t1", "content": [{"text": "r"}]}}, {"cachePoint": {"type": "default"}}
            ]}
        ]
    }));
    let mark = json!({"type": "ephemeral"});
    assert_eq!(body["messages"][0]["content"], json!([{"type": "text", "text": "long", "cache_control": mark}]));
    assert_eq!(body["tools"][0]["cache_control"], json!({"type": "ephemeral", "ttl": "1h"}));
    assert_eq!(body["messages"][1]["content"][0]["cache_control"], json!({"type": "ephemeral", "ttl": "5m"}));
    assert_eq!(body["messages"][1]["content"][1], json!({"type": "text", "text": "b"}));
    assert_eq!(body["messages"][2]["tool_calls"][0]["cache_control"], mark);
    assert_eq!(body["messages"][3]["content"], json!([{"type": "text", "text": "r", "cache_control": mark}]));
}

#[test]
fn a_guardrail_goes_on_as_it_is_with_what_it_assesses() {
    let mut request = user(json!([{"text": "a"}, {"guardContent": {"text": {"text": "b"}}}]));
    request["guardrailConfig"] = json!({"guardrailIdentifier": "g", "guardrailVersion": "1", "trace": "enabled", "streamProcessingMode": "async"});
    let body = translated(request.clone());
    assert_eq!(body["guardrailConfig"], request["guardrailConfig"]);
    assert_eq!(body["messages"][0]["content"][1], json!({"type": "guarded_text", "text": "b"}));
}

#[test]
fn parameters_have_openais_names() {
    let config = json!({"maxTokens": 5, "temperature": 0.699_999_988_079_071_f64, "topP": 1, "stopSequences": ["x"]});
    let body = translated(with("inferenceConfig", config));
    assert_eq!(body["max_tokens"], 5);
    assert_eq!(body["temperature"], 0.7);
    assert_eq!(body["top_p"], 1.0);
    assert_eq!(body["stop"], json!(["x"]));
}

#[test]
fn parameters_of_the_model_are_merged() {
    let body = translated(with("additionalModelRequestFields", json!({"top_k": 5, "thinking": {"type": "enabled"}})));
    assert_eq!((&body["top_k"], &body["thinking"]), (&json!(5), &json!({"type": "enabled"})));
}

#[test]
fn no_parameters_of_the_model_are_none() {
    assert_eq!(translated(with("additionalModelRequestFields", Value::Null)).as_object().expect("an object").len(), 1);
}

#[test]
fn reserved_parameters_are_refused() {
    for name in ["model", "messages", "stream", "stream_options", "n", "fallbacks", "api_base", "api_key", "extra_body"]
    {
        let error = refused(with("additionalModelRequestFields", json!({name: "x"})));
        assert_eq!(error, format!("additionalModelRequestFields: `{name}` is reserved"));
    }
}

#[test]
fn a_parameter_is_given_once() {
    let mut request = with("additionalModelRequestFields", json!({"temperature": 1}));
    request["inferenceConfig"] = json!({"temperature": 0.5});
    assert_eq!(refused(request), "additionalModelRequestFields: `temperature` is given a second time");
}

#[test]
fn the_fields_of_the_history_do_not_go_to_the_model() {
    let fields = json!({"enable_history": true, "session_id": "s", "top_k": 1});
    let chat = translate(&with("additionalModelRequestFields", fields)).expect("a chat request");
    assert_eq!(chat.session, Session { enable_history: Some(true), id: Some("s".to_owned()) });
    assert_eq!(serde_json::to_value(chat.parameters).expect("JSON"), json!({"top_k": 1}));
}

#[test]
fn what_bedrock_knows_is_carried_by_litellms_names() {
    assert_eq!(translated(with("requestMetadata", json!({"team": "a b"})))["requestMetadata"], json!({"team": "a b"}));
    assert_eq!(
        translated(with("performanceConfig", json!({"latency": "optimized"})))["performanceConfig"],
        json!({"latency": "optimized"})
    );
    assert_eq!(translated(with("serviceTier", json!({"type": "flex"})))["service_tier"], "flex");
    assert_eq!(
        translated(with("serviceTier", json!({"type": "reserved"})))["serviceTier"],
        json!({"type": "reserved"})
    );
}

#[test]
fn a_form_of_the_answer_is_a_response_format() {
    let schema = json!({"schema": "{\"type\":\"object\"}", "name": "song"});
    let format = json!({"type": "json_schema", "structure": {"jsonSchema": schema}});
    let body = translated(with("outputConfig", json!({"textFormat": format, "effort": "high"})));
    assert_eq!(
        body["response_format"],
        json!({"type": "json_schema", "json_schema": {"name": "song", "schema": {"type": "object"}, "strict": true}})
    );
    assert_eq!(body["reasoning_effort"], "high");
}

#[test]
fn what_cannot_be_carried_is_refused_by_name() {
    let object = json!({"uri": "s3://bucket/key"});
    for (block, reason) in [
        (json!({"audio": {"format": "mp3"}}), "audio cannot be carried by this gateway"),
        (json!({"searchResult": {}}), "searchResult cannot be carried by this gateway"),
        (json!({"citationsContent": {}}), "citationsContent cannot be carried by this gateway"),
        (json!({"guardContent": {"text": {"text": "x"}}}), "guardContent needs a guardrailConfig in the request"),
        (
            json!({"image": {"format": "png", "source": {"s3Location": object}}}),
            "objects of S3 cannot be read by this gateway; send `bytes` instead",
        ),
        (
            json!({"video": {"format": "three_gp", "source": {"bytes": "aGk="}}}),
            "LiteLLM has no name for three_gp; send mp4 instead",
        ),
        (
            json!({"document": {"format": "pdf", "name": "a", "source": {"bytes": "aGk="}, "citations": {"enabled": true}}}),
            "citations cannot be carried by this gateway; leave out `context` and `citations`",
        ),
        (
            json!({"toolUse": {"toolUseId": "a", "name": "b", "input": {}}}),
            "a message of the role user cannot hold toolUse",
        ),
        (json!({"cachePoint": {"type": "default"}}), "a cachePoint has to follow what it caches"),
    ] {
        let error = refused(user(json!([block])));
        assert!(error.starts_with("messages[0].content[0]") && error.ends_with(reason), "{error}");
    }
    for (member, value) in [
        ("additionalModelResponseFieldPaths", json!(["/stop_sequence"])),
        ("projectIdentifier", json!("p")),
        ("system", json!([{"guardContent": {"text": {"text": "x"}}}])),
        ("toolConfig", json!({"tools": [{"systemTool": {"name": "nova_grounding"}}]})),
        ("somethingNew", json!(1)),
    ] {
        let error = refused(with(member, value));
        assert!(error.starts_with(member), "{error}");
    }
}

#[test]
fn an_error_of_the_form_names_the_place() {
    let error = refused(user(json!([{"text": "a"}, {"image": {"format": "bmp", "source": {"bytes": ""}}}])));
    assert!(error.starts_with("messages[0].content[1].image.format: unknown variant `bmp`"), "{error}");
    let error = refused(user(json!([{"text": "a", "image": {}}])));
    assert!(error.starts_with("messages[0].content[0]"), "{error}");
}

#[test]
fn a_conversation_says_something() {
    assert_eq!(refused(json!({})), "messages: is empty");
    assert_eq!(refused(json!({"messages": []})), "messages: is empty");
    assert_eq!(refused(user(json!([]))), "messages[0].content: is empty");
}

#[test]
fn text_behind_the_request_is_an_error() {
    assert!(parse(b"{} {}").is_err());
    assert!(parse(b"\xff").is_err());
    assert!(parse(&[b'['; 100_000]).is_err());
}

#[test]
fn limits_are_bedrocks() {
    let image = json!({"image": {"format": "png", "source": {"bytes": "aGk="}}});
    assert!(translate(&user(Value::Array(vec![image.clone(); 20]))).is_ok());
    assert_eq!(
        refused(user(Value::Array(vec![image; 21]))),
        "messages[0].content[20]: a message can hold at most 20 images"
    );
    let document = json!({"document": {"format": "pdf", "name": "a", "source": {"bytes": "aGk="}}});
    assert!(refused(user(Value::Array(vec![document; 6]))).ends_with("at most 5 documents"));
    let entries: serde_json::Map<String, Value> = (0..17).map(|number| (format!("k{number}"), json!("v"))).collect();
    assert_eq!(refused(with("requestMetadata", Value::Object(entries))), "requestMetadata: has more than 16 entries");
    assert!(refused(with("inferenceConfig", json!({"maxTokens": 0}))).starts_with("inferenceConfig.maxTokens"));
    assert!(refused(with("inferenceConfig", json!({"temperature": -1}))).starts_with("inferenceConfig.temperature"));
    assert!(refused(with("inferenceConfig", json!({"topP": 1.5}))).starts_with("inferenceConfig.topP"));
    let long = json!({"tools": [{"toolSpec": {"name": "x".repeat(65), "inputSchema": {"json": {}}}}]});
    assert!(refused(with("toolConfig", long)).starts_with("toolConfig.tools[0].toolSpec.name"));
}

#[test]
fn whole_numbers_keep_all_their_digits() {
    let number = "123456789012345678901234567890";
    let text = format!(
        r#"{{"messages": [
            {{"role": "user", "content": [{{"text": "a"}}]}},
            {{"role": "assistant", "content": [{{"toolUse": {{"toolUseId": "t", "name": "f", "input": {{"n":{number}}}}}}}]}},
            {{"role": "user", "content": [{{"toolResult": {{"toolUseId": "t", "content": [{{"json": {{"n":{number}}}}}]}}}}]}}
        ], "additionalModelRequestFields": {{"seed": {number}}}}}"#
    );
    let Chat { messages, parameters, .. } = parse(text.as_bytes()).and_then(chat).expect("a chat request");
    let messages = serde_json::to_value(messages).expect("JSON");
    let expected = format!("{{\"n\":{number}}}");
    assert_eq!(messages[1]["tool_calls"][0]["function"]["arguments"], expected);
    assert_eq!(messages[2]["content"], expected);
    assert_eq!(serde_json::to_string(&parameters).expect("JSON"), format!("{{\"seed\":{number}}}"));
}

#[test]
fn a_list_is_no_object_also_where_it_has_the_same_members() {
    for text in [
        "[null]",
        r#"[[{"role": "user", "content": [{"text": "a"}]}]]"#,
        r#"{"messages": [["user", [{"text": "a"}]]]}"#,
        r#"{"messages": [{"role": "user", "content": [{"image": ["png", {"bytes": "aGk="}]}]}]}"#,
        r#"{"messages": [{"role": "user", "content": [{"text": "a"}]}], "inferenceConfig": [5]}"#,
        r#"{"messages": [{"role": "user", "content": [{"text": "a"}]}], "serviceTier": ["flex"]}"#,
    ] {
        let error = parse(text.as_bytes()).and_then(chat).expect_err(text).to_string();
        assert!(error.contains("invalid type: sequence"), "{text}: {error}");
    }
}

#[test]
fn parameters_that_reach_around_the_gateway_are_reserved() {
    for name in [
        "prompt_id",
        "prompt",
        "user_config",
        "model_list",
        "router_settings_override",
        "mock_response",
        "mock_testing_fallbacks",
        "aws_bedrock_runtime_endpoint",
        "aws_role_name",
        "vertex_project",
        "azure_ad_token",
    ] {
        let error = refused(with("additionalModelRequestFields", json!({name: "x"})));
        assert_eq!(error, format!("additionalModelRequestFields: `{name}` is reserved"));
    }
}

#[test]
fn the_two_names_of_the_limit_of_tokens_are_one_parameter() {
    let mut request = with("inferenceConfig", json!({"maxTokens": 5}));
    request["additionalModelRequestFields"] = json!({"max_completion_tokens": 7});
    let error = refused(request);
    assert_eq!(error, "additionalModelRequestFields: `max_completion_tokens` is given a second time");
    let both = json!({"max_tokens": 5, "max_completion_tokens": 7});
    assert!(refused(with("additionalModelRequestFields", both)).contains("a second time"));
    let alone = translated(with("additionalModelRequestFields", json!({"max_completion_tokens": 7})));
    assert_eq!(alone["max_completion_tokens"], 7);
}

#[test]
fn a_list_that_is_too_long_is_refused_however_long_it_is() {
    let sequences: Vec<String> = (0..5_000).map(|number| number.to_string()).collect();
    let error = refused(with("inferenceConfig", json!({"stopSequences": sequences})));
    assert_eq!(error, "inferenceConfig.stopSequences: has more than 2500 elements");
}
