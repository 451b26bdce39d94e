//! What one key may have of the service, and what it leaves to others.

use std::sync::Arc;

use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::support::gateway::Gateway;
use crate::support::upstream::{Part, Reply, Upstream};
use crate::support::{DONE, ask, chunk, eventually, header, says, with};

const MIB: usize = 1024 * 1024;
const CONVERSE: &str = "/bedrock/model/m/converse";

/// A LiteLLM whose streams begin, and end when the test says so.
async fn streaming() -> (Upstream, Arc<Semaphore>) {
    let end = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&end);
    let upstream = Upstream::start(move |seen| match seen.json()["stream"] {
        Value::Bool(true) => {
            let begins = chunk(json!({"content": "a"}), None);
            Reply::stream(vec![begins.into(), Part::Wait(Arc::clone(&held)), DONE.into()])
        }
        _ => Reply::json(200, &says("hi")),
    })
    .await;
    (upstream, end)
}

/// Opens a stream that goes on.
async fn open(gateway: &Gateway, key: &str) -> reqwest::Response {
    let mut answer = gateway.chat(key, &with(ask("hi"), json!({"stream": true}))).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.chunk().await.expect("no error").is_some(), "it has begun");
    answer
}

fn refusals(gateway: &Gateway, bound: &str, count: u64) -> bool {
    let line = format!("gwinfra_middleware_key_refusals_total{{bound=\"{bound}\"}} {count}\n");
    gateway.app.metrics().text(0).contains(&line)
}

#[tokio::test]
async fn a_key_whose_streams_hang_does_not_hinder_another() {
    let (upstream, _end) = streaming().await;
    let gateway = Gateway::start(&upstream, &[("KEY_REQUESTS", "3")]).await;
    let mut hanging = Vec::new();
    for _ in 0..3 {
        hanging.push(open(&gateway, "sk-one").await);
    }
    let refused = gateway.chat("sk-one", &ask("hi")).await;
    assert_eq!((refused.status().as_u16(), header(&refused, "retry-after")), (429, "1"));
    let id = header(&refused, "x-request-id").to_owned();
    let error: Value = refused.json().await.expect("JSON");
    assert_eq!(error["error"]["type"], "rate_limit_error");
    assert_eq!(error["error"]["code"], "rate_limit_exceeded");
    assert_eq!(error["error"]["request_id"], id.as_str());
    assert_eq!(gateway.chat("sk-two", &ask("hi")).await.status(), 200);
    open(&gateway, "sk-two").await;
    assert_eq!(upstream.chats().len(), 5, "LiteLLM is not asked for what is refused");
    assert!(refusals(&gateway, "requests", 1));
}

#[tokio::test]
async fn requests_of_all_keys_together_are_bounded_and_whoever_looks_after_the_service_gets_through() {
    let (upstream, _end) = streaming().await;
    let gateway = Gateway::start(&upstream, &[("REQUESTS", "2"), ("KEY_REQUESTS", "2")]).await;
    let _hanging = [open(&gateway, "sk-one").await, open(&gateway, "sk-two").await];
    let refused = gateway.chat("sk-one", &ask("hi")).await;
    assert_eq!((refused.status().as_u16(), header(&refused, "retry-after")), (503, "1"));
    assert_eq!(refused.json::<Value>().await.expect("JSON")["error"]["code"], "busy");
    let converse = gateway.post(CONVERSE, "sk-two", &json!({})).await;
    assert_eq!(
        (converse.status().as_u16(), header(&converse, "x-amzn-errortype")),
        (503, "ServiceUnavailableException")
    );
    let nobody = gateway.bare(reqwest::Method::POST, "/session-ids").send().await;
    assert_eq!(nobody.expect("an answer").status(), 503, "one without a key counts too");
    for path in ["/bedrock/health/liveliness", "/bedrock/health/readiness", "/"] {
        let health = gateway.bare(reqwest::Method::GET, path).send().await.expect("an answer");
        assert_eq!(health.status(), 200, "{path}");
    }
    assert_eq!(upstream.chats().len(), 2, "LiteLLM is not asked for what is refused");
    assert!(gateway.app.metrics().text(0).contains("gwinfra_middleware_refusals_total 3\n"));
}

#[tokio::test]
async fn keys_that_are_made_up_take_no_more_together_than_one_key() {
    let (upstream, _end) = streaming().await;
    let gateway = Gateway::start(&upstream, &[("REQUESTS", "9"), ("KEY_REQUESTS", "2")]).await;
    assert_eq!(gateway.chat("sk-one", &ask("hi")).await.status(), 200, "LiteLLM has accepted it");
    let mut strangers = Vec::new();
    for number in 0..2 {
        // The body of these never comes.
        let mut stranger = TcpStream::connect(gateway.address).await.expect("it listens");
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer made-up-{number}\r\ncontent-length: 10\r\n\r\n"
        );
        stranger.write_all(head.as_bytes()).await.expect("it takes a head");
        strangers.push(stranger);
    }
    // One that is answered is made up no more.
    let is_busy = || async {
        let key = format!("made-up-{:?}", std::time::Instant::now());
        gateway.chat(&key, &ask("hi")).await.status() == 503
    };
    eventually("strangers have their part", is_busy).await;
    assert_eq!(gateway.chat("sk-one", &ask("hi")).await.status(), 200);
    open(&gateway, "sk-one").await;
    drop(strangers);
    eventually("what strangers had is free", || async { gateway.chat("sk-two", &ask("hi")).await.status() == 200 })
        .await;
}

#[tokio::test]
async fn without_a_number_a_key_leaves_half_of_what_the_memory_carries_to_others() {
    let (upstream, _end) = streaming().await;
    let gateway = Gateway::start(&upstream, &[("BODY_MEMORY_MIB", "1"), ("MAX_BODY_MIB", "1")]).await;
    let mut hanging = Vec::new();
    for key in ["sk-one", "sk-two"] {
        for _ in 0..8 {
            hanging.push(open(&gateway, key).await);
        }
        let busy = gateway.chat(key, &ask("hi")).await.status().as_u16();
        assert_eq!(busy, 429, "{key}");
    }
    upstream.know("sk-three", json!({"user_id": "three"}));
    assert_eq!(gateway.chat("sk-three", &ask("hi")).await.status(), 503);
}

#[tokio::test]
async fn a_key_is_told_in_the_words_of_each_api_and_in_whatever_header_it_comes() {
    let (upstream, _end) = streaming().await;
    let gateway = Gateway::start(&upstream, &[("KEY_REQUESTS", "1")]).await;
    let _hanging = open(&gateway, "sk-one").await;
    let body = json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}]}).to_string();
    let converse = gateway.bare(reqwest::Method::POST, CONVERSE).header("x-api-key", "sk-one").body(body);
    let refused = converse.send().await.expect("an answer");
    assert_eq!((refused.status().as_u16(), header(&refused, "retry-after")), (429, "1"));
    assert_eq!(header(&refused, "x-amzn-errortype"), "ThrottlingException");
    assert!(refused.json::<Value>().await.expect("JSON")["message"].is_string());
    for path in ["/chat-history", "/session-ids", "/key/generate", "/user/new"] {
        assert_eq!(gateway.post(path, "sk-one", &json!({})).await.status(), 429, "{path}");
    }
    let alive = gateway.request(reqwest::Method::GET, "/bedrock/health/liveliness", "sk-one").send().await;
    assert_eq!(alive.expect("an answer").status(), 200, "who looks after the service is not in question");
}

#[tokio::test]
async fn what_a_key_has_is_free_when_an_answer_ends_and_when_a_client_goes_away() {
    let (upstream, end) = streaming().await;
    let gateway = Gateway::start(&upstream, &[("KEY_REQUESTS", "1")]).await;
    let is_free = || async { gateway.chat("sk-one", &ask("hi")).await.status() == 200 };
    let gone = open(&gateway, "sk-one").await;
    assert!(!is_free().await);
    drop(gone);
    eventually("the place of a client that left is free", is_free).await;
    eventually("LiteLLM's stream of it has ended", || async { upstream.abandoned() == 1 }).await;
    let ends = open(&gateway, "sk-one").await.bytes_stream();
    assert!(!is_free().await);
    end.add_permits(1);
    assert!(ends.all(async |part| part.is_ok()).await);
    eventually("the place of an answer that has ended is free", is_free).await;
    assert_eq!(gateway.post("/session-ids", "sk-one", &json!({})).await.status(), 400);
    eventually("the place of a request that was refused is free", is_free).await;
}

/// Sends all but the end of a chat request of that length.
async fn hold(gateway: &Gateway, key: &str, length: usize) -> TcpStream {
    let before = gateway.app.intake().held();
    let mut socket = TcpStream::connect(gateway.address).await.expect("a connection");
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: {}\r\n\r\n",
        length + 1
    );
    socket.write_all(head.as_bytes()).await.expect("written");
    socket.write_all(&vec![b' '; length]).await.expect("written");
    eventually("the body is held", || async { gateway.app.intake().held() == before + length }).await;
    socket
}

#[tokio::test]
async fn a_key_that_has_its_part_of_the_memory_leaves_the_rest_to_others() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    // Of 32 MiB, 4 are for small bodies and 14 are a key's.
    let gateway = Gateway::start(&upstream, &[("MANAGED_PROMPTS", "true"), ("BODY_MEMORY_MIB", "32")]).await;
    let large = ask(&"x".repeat(6 * MIB));
    let held = hold(&gateway, "sk-one", 10 * MIB).await;
    let refused = gateway.chat("sk-one", &large).await;
    assert_eq!((refused.status().as_u16(), header(&refused, "retry-after")), (429, "1"));
    assert!(refusals(&gateway, "memory", 1));
    assert_eq!(gateway.chat("sk-two", &large).await.status(), 200);
    assert_eq!(gateway.chat("sk-one", &ask("hi")).await.status(), 200, "small ones have their own part");
    drop(held);
    eventually("the memory of a client that left is free", || async { gateway.app.intake().held() == 0 }).await;
    assert_eq!(gateway.chat("sk-one", &large).await.status(), 200);
}

#[tokio::test]
async fn one_request_may_have_more_than_its_keys_part() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let gateway = Gateway::start(&upstream, &[("MANAGED_PROMPTS", "true"), ("BODY_MEMORY_MIB", "32")]).await;
    assert_eq!(gateway.chat("sk-one", &ask(&"x".repeat(30 * MIB))).await.status(), 200);
}

#[tokio::test]
async fn a_key_does_not_take_all_of_the_part_for_small_bodies() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let variables = [("MANAGED_PROMPTS", "true"), ("BODY_MEMORY_MIB", "1"), ("MAX_BODY_MIB", "1")];
    let gateway = Gateway::start(&upstream, &variables).await;
    // All that is not for small bodies is taken by one that is large.
    let _large = hold(&gateway, "sk-two", MIB - 1).await;
    // Half of the eighth of a MiB.
    let _small = hold(&gateway, "sk-one", 60 * 1024).await;
    let body = ask(&"x".repeat(30 * 1024));
    assert_eq!(gateway.chat("sk-one", &body).await.status(), 503, "the rest of the memory is another's");
    upstream.know("sk-three", json!({"user_id": "three"}));
    assert_eq!(gateway.chat("sk-three", &body).await.status(), 200);
}
