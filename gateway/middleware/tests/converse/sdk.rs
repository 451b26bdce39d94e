//! The AWS SDK for Rust against the running service.

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::{BehaviorVersion, Region, Token};
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::converse::ConverseError;
use aws_sdk_bedrockruntime::operation::converse_stream::ConverseStreamError;
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_sdk_bedrockruntime::types::error::ConverseStreamOutputError;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ContentBlockDelta, ContentBlockStart, ConversationRole, ConverseStreamOutput, ImageBlock,
    ImageFormat, ImageSource, InferenceConfiguration, Message, StopReason, SystemContentBlock, Tool, ToolConfiguration,
    ToolInputSchema, ToolResultBlock, ToolResultContentBlock, ToolSpecification,
};
use aws_smithy_types::Document;
use serde_json::json;

use crate::support::upstream::{chunk, usage};
use crate::support::{Gateway, Reply, Upstream};

fn client(gateway: &Gateway) -> Client {
    let config = aws_sdk_bedrockruntime::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(gateway.url("/bedrock"))
        .bearer_token(Token::new("sk-ada-1", None))
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

fn message(role: ConversationRole, content: ContentBlock) -> Message {
    Message::builder().role(role).content(content).build().expect("a message")
}

fn user(text: &str) -> Message {
    message(ConversationRole::User, ContentBlock::Text(text.to_owned()))
}

fn weather() -> ToolConfiguration {
    let schema = Document::Object([("type".to_owned(), Document::String("object".to_owned()))].into());
    let tool = ToolSpecification::builder().name("weather").description("of a city");
    let tool = tool.input_schema(ToolInputSchema::Json(schema)).build().expect("a tool");
    ToolConfiguration::builder().tools(Tool::ToolSpec(tool)).build().expect("tools")
}

#[tokio::test]
async fn converse_says_and_shows() {
    let upstream = Upstream::chat(|_| Reply::message(json!({"role": "assistant", "content": "Hello"}), "length")).await;
    let gateway = Gateway::of(&upstream).await;
    let image = ImageBlock::builder().format(ImageFormat::Png).source(ImageSource::Bytes(Blob::new(b"hi")));
    let shown = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text("what is it?".to_owned()))
        .content(ContentBlock::Image(image.build().expect("an image")))
        .build()
        .expect("a message");
    let output = client(&gateway)
        .converse()
        .model_id("us/claude:1")
        .system(SystemContentBlock::Text("be brief".to_owned()))
        .messages(shown)
        .inference_config(InferenceConfiguration::builder().max_tokens(5).temperature(0.7).build())
        .send()
        .await
        .expect("an answer");
    let said = output.output().and_then(|output| output.as_message().ok()).expect("a message");
    assert_eq!(said.content()[0].as_text().map(String::as_str), Ok("Hello"));
    assert_eq!(output.stop_reason(), &StopReason::MaxTokens);
    assert_eq!(output.usage().map(|usage| usage.total_tokens()), Some(12));
    assert!(output.metrics().is_some());
    let sent = upstream.last();
    assert_eq!(
        (&sent["model"], &sent["temperature"], &sent["max_tokens"]),
        (&json!("us/claude:1"), &json!(0.7), &json!(5))
    );
    assert_eq!(sent["messages"][0], json!({"role": "system", "content": "be brief"}));
    assert_eq!(sent["messages"][1]["content"][1]["image_url"]["url"], "data:image/png;base64,aGk=");
}

#[tokio::test]
async fn converse_uses_tools() {
    let upstream = Upstream::chat(|seen| {
        if seen.json()["messages"].as_array().is_some_and(|messages| messages.len() > 1) {
            return Reply::message(json!({"role": "assistant", "content": "21 degrees"}), "stop");
        }
        let function = json!({"name": "weather", "arguments": "{\"city\":\"Rome\"}"});
        let call = json!({"id": "call_1", "type": "function", "function": function});
        Reply::message(json!({"role": "assistant", "content": null, "tool_calls": [call]}), "tool_calls")
    })
    .await;
    let gateway = Gateway::of(&upstream).await;
    let client = client(&gateway);
    let ask = |messages: Vec<Message>| {
        client.converse().model_id("m").set_messages(Some(messages)).tool_config(weather()).send()
    };
    let output = ask(vec![user("weather?")]).await.expect("an answer");
    assert_eq!(output.stop_reason(), &StopReason::ToolUse);
    let said = output.output().and_then(|output| output.as_message().ok()).expect("a message").clone();
    let used = said.content()[0].as_tool_use().expect("a use").clone();
    assert_eq!((used.tool_use_id(), used.name()), ("call_1", "weather"));
    let city = used.input().as_object().and_then(|input| input.get("city")).and_then(Document::as_string);
    assert_eq!(city, Some("Rome"));

    let result =
        ToolResultBlock::builder().tool_use_id("call_1").content(ToolResultContentBlock::Text("21".to_owned()));
    let result = message(ConversationRole::User, ContentBlock::ToolResult(result.build().expect("a result")));
    let output = ask(vec![user("weather?"), said, result]).await.expect("an answer");
    assert_eq!(output.stop_reason(), &StopReason::EndTurn);
}

#[tokio::test]
async fn converse_stream_says_and_uses_tools() {
    let upstream = Upstream::chat(|_| {
        let call = |id: Option<&str>, name: Option<&str>, arguments: &str| {
            json!({"tool_calls": [{"index": 0, "id": id, "function": {"name": name, "arguments": arguments}}]})
        };
        Reply::stream(&[
            chunk(json!({"role": "assistant", "content": "Let me "}), None),
            chunk(json!({"content": "see"}), None),
            chunk(call(Some("call_1"), Some("weather"), ""), None),
            chunk(call(None, None, "{\"city\":"), None),
            chunk(call(None, None, "\"Rome\"}"), None),
            chunk(json!({}), Some("tool_calls")),
            usage(),
        ])
    })
    .await;
    let gateway = Gateway::of(&upstream).await;
    let output = client(&gateway).converse_stream().model_id("m").messages(user("weather?")).tool_config(weather());
    let mut stream = output.send().await.expect("a stream").stream;
    let (mut text, mut input, mut tool, mut stopped, mut tokens) = (String::new(), String::new(), None, None, None);
    while let Some(event) = stream.recv().await.expect("an event") {
        match event {
            ConverseStreamOutput::ContentBlockStart(start) => {
                if let Some(ContentBlockStart::ToolUse(used)) = start.start() {
                    tool = Some((used.tool_use_id().to_owned(), used.name().to_owned()));
                }
            }
            ConverseStreamOutput::ContentBlockDelta(delta) => match delta.delta() {
                Some(ContentBlockDelta::Text(piece)) => text.push_str(piece),
                Some(ContentBlockDelta::ToolUse(piece)) => input.push_str(piece.input()),
                other => panic!("{other:?}"),
            },
            ConverseStreamOutput::MessageStop(stop) => stopped = Some(stop.stop_reason().clone()),
            ConverseStreamOutput::Metadata(metadata) => tokens = metadata.usage().map(|usage| usage.total_tokens()),
            _ => {}
        }
    }
    assert_eq!((text.as_str(), input.as_str()), ("Let me see", "{\"city\":\"Rome\"}"));
    assert_eq!(tool, Some(("call_1".to_owned(), "weather".to_owned())));
    assert_eq!((stopped, tokens), (Some(StopReason::ToolUse), Some(12)));
}

async fn converse_error(reply: impl Fn() -> Reply + Send + Sync + 'static) -> ConverseError {
    let upstream = Upstream::chat(move |_| reply()).await;
    let gateway = Gateway::of(&upstream).await;
    let result = client(&gateway).converse().model_id("m").messages(user("hi")).send().await;
    match result.expect_err("an error") {
        SdkError::ServiceError(error) => error.into_err(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn errors_have_their_types() {
    let error = converse_error(|| Reply::error(429, "slow down")).await;
    assert!(matches!(&error, ConverseError::ThrottlingException(_)), "{error:?}");
    assert_eq!(error.message(), Some("slow down"));
    let error = converse_error(|| Reply::error(401, "no")).await;
    assert!(error.is_access_denied_exception(), "{error:?}");
    let error = converse_error(|| Reply::error(404, "no")).await;
    assert!(error.is_resource_not_found_exception(), "{error:?}");
    let error = converse_error(|| Reply::error(400, "no")).await;
    assert!(error.is_validation_exception(), "{error:?}");
    let error = converse_error(|| Reply::error(408, "no")).await;
    assert!(error.is_model_timeout_exception(), "{error:?}");
    let error = converse_error(|| Reply::error(500, "no")).await;
    assert!(error.is_internal_server_exception(), "{error:?}");
    let error = converse_error(|| Reply::error(503, "no")).await;
    assert!(error.is_service_unavailable_exception(), "{error:?}");
}

#[tokio::test]
async fn an_error_before_a_stream_has_its_type() {
    let upstream = Upstream::chat(|_| Reply::error(429, "slow down")).await;
    let gateway = Gateway::of(&upstream).await;
    let result = client(&gateway).converse_stream().model_id("m").messages(user("hi")).send().await;
    let error = result.expect_err("an error").into_service_error();
    assert!(matches!(error, ConverseStreamError::ThrottlingException(_)), "{error:?}");
}

#[tokio::test]
async fn an_error_in_a_stream_has_its_type() {
    let upstream = Upstream::chat(|_| {
        let error = json!({"error": {"message": "slow down", "type": "t", "param": null, "code": "429"}});
        Reply::stream(&[chunk(json!({"content": "a"}), None), error])
    })
    .await;
    let gateway = Gateway::of(&upstream).await;
    let output = client(&gateway).converse_stream().model_id("m").messages(user("hi")).send().await;
    let mut stream = output.expect("a stream").stream;
    let error = loop {
        match stream.recv().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream ended well"),
            Err(error) => break error.into_service_error(),
        }
    };
    assert!(matches!(error, ConverseStreamOutputError::ThrottlingException(_)), "{error:?}");
}
