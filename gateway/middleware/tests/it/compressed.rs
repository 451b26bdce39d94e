//! A LiteLLM, or a proxy before it, that compresses its answers although nobody asked for it.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::support::gateway::Gateway;
use crate::support::says;
use crate::support::upstream::{Part, Reply, Upstream};

async fn compressing(answer: Value) -> (Upstream, Gateway) {
    let upstream = Upstream::start(move |_| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(answer.to_string().as_bytes()).expect("memory");
        let body = encoder.finish().expect("memory");
        Reply::new(200, "application/json", vec![Part::Bytes(body)]).header("content-encoding", "gzip")
    })
    .await;
    let gateway = Gateway::start(&upstream, &[]).await;
    (upstream, gateway)
}

#[tokio::test]
async fn keys_and_users_that_come_compressed_are_decoded() {
    let made = json!({"key": "sk-made"});
    let (upstream, gateway) = compressing(made.clone()).await;
    for path in ["/key/generate", "/user/new"] {
        let answer = gateway.post(path, "sk-one", &json!({})).await;
        assert!(!answer.headers().contains_key("content-encoding"), "{path}");
        assert_eq!(answer.json::<Value>().await.expect("JSON"), made, "{path}");
        assert_eq!(upstream.seen(path).len(), 1);
    }
}

#[tokio::test]
async fn an_answer_that_comes_compressed_is_one_of_converse() {
    let (_upstream, gateway) = compressing(says("hi")).await;
    let body = json!({"messages": [{"role": "user", "content": [{"text": "a"}]}]});
    let answer = gateway.post("/bedrock/model/m/converse", "sk-one", &body).await;
    assert!(!answer.headers().contains_key("content-encoding"));
    assert_eq!(answer.json::<Value>().await.expect("JSON")["output"]["message"]["content"][0]["text"], "hi");
}
