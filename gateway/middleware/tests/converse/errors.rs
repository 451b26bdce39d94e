//! Errors, as SDKs of AWS read them.

use serde_json::{Value, json};

use crate::support::{Gateway, Reply, Upstream};

fn hi() -> Value {
    json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}]})
}

#[tokio::test]
async fn a_status_of_litellm_is_the_clients_status_with_bedrocks_name() {
    for operation in ["converse", "converse-stream"] {
        for (status, name) in [
            (400, "ValidationException"),
            (401, "AccessDeniedException"),
            (403, "AccessDeniedException"),
            (404, "ResourceNotFoundException"),
            (408, "ModelTimeoutException"),
            (429, "ThrottlingException"),
            (500, "InternalServerException"),
            (503, "ServiceUnavailableException"),
        ] {
            let upstream = Upstream::chat(move |_| Reply::error(status, "not today").header("retry-after", "7")).await;
            let gateway = Gateway::of(&upstream).await;
            let path = format!("/bedrock/model/m/{operation}");
            let response = gateway.post(&path).body(hi().to_string()).send().await.expect("an answer");
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(response.headers()["x-amzn-errortype"], name);
            assert_eq!(response.headers()["retry-after"], "7");
            assert_eq!(response.headers()["content-type"], "application/json");
            assert!(response.headers().contains_key("x-amzn-requestid"));
            assert_eq!(response.json::<Value>().await.expect("JSON"), json!({"message": "not today"}));
            let asked = upstream.seen().iter().filter(|seen| seen.path == "/v1/chat/completions").count();
            assert_eq!(asked, 1, "nothing is tried again behind the client's back");
        }
    }
}

#[tokio::test]
async fn a_request_without_a_key_is_denied() {
    let upstream = Upstream::chat(|_| Reply::error(500, "never")).await;
    let gateway = Gateway::of(&upstream).await;
    for operation in ["converse", "converse-stream"] {
        let url = gateway.url(&format!("/bedrock/model/m/{operation}"));
        let response = gateway.client.post(url).body(hi().to_string()).send().await.expect("an answer");
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["x-amzn-errortype"], "AccessDeniedException");
        assert!(response.json::<Value>().await.expect("JSON")["message"].is_string());
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_the_clients_mistake() {
    let upstream = Upstream::chat(|_| Reply::error(500, "never")).await;
    let gateway = Gateway::of(&upstream).await;
    for operation in ["converse", "converse-stream"] {
        for body in ["{", "[]", "null", "\u{feff}{}"] {
            let path = format!("/bedrock/model/m/{operation}");
            let response = gateway.post(&path).body(body).send().await.expect("an answer");
            assert_eq!(response.status(), 400, "{body}");
            assert_eq!(response.headers()["x-amzn-errortype"], "ValidationException");
        }
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_understood_shows_nothing_of_the_inside() {
    let page = "<html>upstream http://127.0.0.1:4000</html>";
    for (status, expected) in [(200, 502), (502, 502)] {
        let upstream = Upstream::chat(move |_| Reply::text(status, "text/html", page)).await;
        let gateway = Gateway::of(&upstream).await;
        let response = gateway.converse(&hi()).await;
        assert_eq!(response.status(), expected);
        assert!(!response.text().await.expect("text").contains("4000"));
    }
}

#[tokio::test]
async fn other_operations_are_not_found() {
    let upstream = Upstream::chat(|_| Reply::error(500, "never")).await;
    let gateway = Gateway::of(&upstream).await;
    for path in ["/bedrock/model/m/invoke", "/bedrock/model/m/converse/", "/bedrock/model/m"] {
        let response = gateway.post(path).body(hi().to_string()).send().await.expect("an answer");
        assert_eq!(response.status(), 404, "{path}");
        assert!(response.headers().contains_key("x-amzn-errortype"));
    }
}

#[tokio::test]
async fn an_error_names_the_place() {
    let upstream = Upstream::chat(|_| Reply::error(500, "never")).await;
    let gateway = Gateway::of(&upstream).await;
    let request = json!({"messages": [{"role": "user", "content": [{"text": "a"}, {"audio": {}}]}]});
    let body: Value = gateway.converse(&request).await.json().await.expect("JSON");
    assert_eq!(body["message"], "messages[0].content[1]: audio cannot be carried by this gateway");
}

#[tokio::test]
async fn a_litellm_that_is_away_is_not_the_clients_mistake() {
    let upstream = Upstream::chat(|_| Reply::error(500, "never")).await;
    let gateway = Gateway::with(&upstream, &[("UPSTREAM_URL", "http://127.0.0.1:9")]).await;
    let response = gateway.converse(&hi()).await;
    assert_eq!(response.status(), 502);
    assert_eq!(response.headers()["x-amzn-errortype"], "ServiceUnavailableException");
    let body: Value = response.json().await.expect("JSON");
    assert!(!body.to_string().contains("127.0.0.1"), "{body}");
}

#[tokio::test]
async fn an_answer_that_does_not_go_on_is_a_timeout_of_the_model() {
    let upstream = Upstream::chat(|_| {
        let (reply, release) = Reply::message(json!({"role": "assistant", "content": "a"}), "stop").held();
        // Never released: the head of the answer is there, and nothing else.
        std::mem::forget(release);
        reply
    })
    .await;
    let gateway = Gateway::with(&upstream, &[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let response = gateway.converse(&hi()).await;
    assert_eq!(response.status(), 504);
    assert_eq!(response.headers()["x-amzn-errortype"], "ModelTimeoutException");
}
