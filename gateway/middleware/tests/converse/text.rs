//! Converse: what is said and shown, and the parameters.

use serde_json::{Value, json};

use crate::support::{Gateway, Reply, Upstream};

fn hello() -> Reply {
    Reply::message(json!({"role": "assistant", "content": "Hello"}), "stop")
}

fn says(content: Value) -> Value {
    json!({"messages": [{"role": "user", "content": content}]})
}

#[tokio::test]
async fn an_answer_is_text_with_tokens_and_time() {
    let upstream = Upstream::chat(|_| hello()).await;
    let gateway = Gateway::of(&upstream).await;
    let response = gateway.converse(&says(json!([{"text": "hi"}]))).await;
    assert_eq!(response.status(), 200);
    assert!(response.headers().contains_key("x-amzn-requestid"));
    assert!(!response.headers().contains_key("x-session-id"), "no session was asked for");
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["output"]["message"], json!({"role": "assistant", "content": [{"text": "Hello"}]}));
    assert_eq!(body["stopReason"], "end_turn");
    assert_eq!(body["usage"], json!({"inputTokens": 5, "outputTokens": 7, "totalTokens": 12}));
    assert!(body["metrics"]["latencyMs"].is_u64());
    let seen = upstream.seen();
    let request = seen.last().expect("a request");
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(request.header("authorization"), Some("Bearer sk-ada-1"));
    assert_eq!(request.json(), json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]}));
}

#[tokio::test]
async fn blocks_of_text_stay_apart() {
    let upstream = Upstream::chat(|_| hello()).await;
    let gateway = Gateway::of(&upstream).await;
    gateway.converse(&says(json!([{"text": "a"}, {"text": "b"}]))).await;
    assert_eq!(
        upstream.last()["messages"][0]["content"],
        json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])
    );
}

#[tokio::test]
async fn instructions_and_all_messages_reach_the_model() {
    let upstream = Upstream::chat(|_| hello()).await;
    let gateway = Gateway::of(&upstream).await;
    let request = json!({
        "system": [{"text": "be brief"}],
        "messages": [
            {"role": "user", "content": [{"text": "1"}]},
            {"role": "assistant", "content": [{"text": "2"}]},
            {"role": "user", "content": [{"text": "3"}]}
        ]
    });
    gateway.converse(&request).await;
    assert_eq!(
        upstream.last()["messages"],
        json!([
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "1"},
            {"role": "assistant", "content": "2"},
            {"role": "user", "content": "3"}
        ])
    );
}

#[tokio::test]
async fn an_image_and_a_document_reach_the_model() {
    let upstream = Upstream::chat(|_| hello()).await;
    let gateway = Gateway::of(&upstream).await;
    let image = json!({"image": {"format": "jpeg", "source": {"bytes": "aGk="}}});
    let document = json!({"document": {"format": "csv", "name": "sales", "source": {"bytes": "aGk="}}});
    gateway.converse(&says(json!([{"text": "?"}, image, document]))).await;
    let content = &upstream.last()["messages"][0]["content"];
    assert_eq!(content[1]["image_url"]["url"], "data:image/jpeg;base64,aGk=");
    assert_eq!(content[2]["file"]["file_data"], "data:text/csv;base64,aGk=");
}

#[tokio::test]
async fn parameters_of_the_model_reach_it() {
    let upstream = Upstream::chat(|_| hello()).await;
    let gateway = Gateway::of(&upstream).await;
    for operation in ["converse", "converse-stream"] {
        let mut request = says(json!([{"text": "hi"}]));
        request["inferenceConfig"] = json!({"maxTokens": 9, "temperature": 0.5, "topP": 0.25, "stopSequences": ["x"]});
        request["additionalModelRequestFields"] = json!({"top_k": 5});
        gateway
            .post(&format!("/bedrock/model/m/{operation}"))
            .body(request.to_string())
            .send()
            .await
            .expect("an answer");
        let body = upstream.last();
        assert_eq!(body["top_k"], 5, "{operation}");
        assert_eq!(
            (&body["max_tokens"], &body["temperature"], &body["top_p"], &body["stop"]),
            (&json!(9), &json!(0.5), &json!(0.25), &json!(["x"]))
        );
    }
}

#[tokio::test]
async fn the_model_of_the_path_cannot_be_replaced() {
    let upstream = Upstream::chat(|_| hello()).await;
    let gateway = Gateway::of(&upstream).await;
    for (name, value) in [("model", json!("other")), ("stream", json!(true)), ("fallbacks", json!(["other"]))] {
        let mut request = says(json!([{"text": "hi"}]));
        request["additionalModelRequestFields"] = json!({name: value});
        let response = gateway.converse(&request).await;
        assert_eq!(response.status(), 400);
        assert_eq!(response.headers()["x-amzn-errortype"], "ValidationException");
    }
    assert!(upstream.seen().iter().all(|seen| seen.path != "/v1/chat/completions"), "nothing was asked");
}

#[tokio::test]
async fn an_arn_in_the_path_is_the_model_encoded_or_not() {
    let upstream = Upstream::chat(|_| hello()).await;
    let gateway = Gateway::of(&upstream).await;
    let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123";
    let encoded = "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabc123";
    for id in [arn, encoded] {
        let request = says(json!([{"text": "hi"}])).to_string();
        let response = gateway.post(&format!("/bedrock/model/{id}/converse")).body(request).send().await;
        assert_eq!(response.expect("an answer").status(), 200);
        assert_eq!(upstream.last()["model"], arn);
    }
}

#[tokio::test]
async fn a_switched_off_api_is_not_there() {
    let upstream = Upstream::chat(|_| hello()).await;
    let gateway = Gateway::with(&upstream, &[("BEDROCK_API", "false")]).await;
    let response = gateway.converse(&says(json!([{"text": "hi"}]))).await;
    assert_eq!(response.status(), 404);
}

#[tokio::test]
async fn headers_of_litellm_reach_the_client_and_tags_reach_litellm() {
    let upstream = Upstream::chat(|_| hello().header("x-litellm-response-cost", "0.5")).await;
    let gateway = Gateway::of(&upstream).await;
    let request = gateway.post("/bedrock/model/m/converse").header("x-litellm-tags", "team");
    let response = request.body(says(json!([{"text": "hi"}])).to_string()).send().await.expect("an answer");
    assert_eq!(response.headers()["x-litellm-response-cost"], "0.5");
    assert_eq!(response.headers()["content-type"], "application/json");
    let tags = upstream.seen().iter().find_map(|seen| seen.header("x-litellm-tags").map(str::to_owned));
    assert_eq!(tags.as_deref(), Some("team"));
}
