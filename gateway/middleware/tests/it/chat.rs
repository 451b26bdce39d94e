//! Chat completions without a session: what LiteLLM gets and says, both unchanged.

use std::time::Duration;

use axum::http::HeaderMap;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::gateway::Gateway;
use crate::support::upstream::{Reply, Upstream};
use crate::support::{ask, header, says, with};

/// Both ways through: one looks at bodies, the other does not.
async fn gateways(upstream: &Upstream) -> [Gateway; 2] {
    [Gateway::start(upstream, &[]).await, Gateway::start(upstream, &[("MANAGED_PROMPTS", "true")]).await]
}

async fn texts(upstream: &Upstream, send: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for gateway in gateways(upstream).await {
        let request = gateway.request(Method::POST, "/chat/completions", "sk-one").body(send.to_owned());
        texts.push(request.send().await.expect("an answer").text().await.expect("a text"));
    }
    texts
}

#[tokio::test]
async fn bodies_pass_byte_for_byte_both_ways() {
    let odd = r#" {"choices" : [ ], "n":12345678901234567890, "u":"\u00e9é" } "#;
    let upstream = Upstream::start(move |_| Reply::new(200, "application/json", vec![odd.into()])).await;
    let sent = r#"{ "model":"m","messages":[{"role":"user","content":"日本\ud83d\ude00"}],"x":1e400,"tools":[ ] }"#;
    assert_eq!(texts(&upstream, sent).await, [odd, odd]);
    for seen in upstream.chats() {
        assert_eq!(seen.body, sent.as_bytes());
    }
}

#[tokio::test]
async fn both_paths_lead_to_litellms_chat_completions() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let gateway = Gateway::start(&upstream, &[]).await;
    for path in ["/chat/completions", "/v1/chat/completions"] {
        assert_eq!(gateway.post(path, "sk-one", &ask("hi")).await.status(), 200);
    }
    let methods: Vec<String> = upstream.chats().into_iter().map(|seen| seen.method).collect();
    assert_eq!(methods, ["POST", "POST"]);
}

#[tokio::test]
async fn errors_of_litellm_keep_status_body_and_retry_after() {
    for status in [400, 401, 403, 404, 408, 429, 500, 502, 503, 504] {
        let error = json!({"error": {"message": "no", "type": "t", "param": null, "code": status.to_string()}});
        let expected = error.clone();
        let upstream = Upstream::start(move |_| Reply::json(status, &error).header("retry-after", "7")).await;
        for gateway in gateways(&upstream).await {
            let answer = gateway.chat("sk-one", &with(ask("hi"), json!({"stream": true}))).await;
            assert_eq!(answer.status(), status);
            assert_eq!(answer.headers()["retry-after"], "7");
            assert_eq!(answer.headers()["content-type"], "application/json");
            assert_eq!(answer.json::<Value>().await.expect("JSON"), expected);
        }
        // It is not asked again on the client's behalf.
        assert_eq!(upstream.chats().len(), 2);
    }
}

#[tokio::test]
async fn an_answer_that_is_no_json_passes_as_it_is() {
    let upstream = Upstream::start(|_| Reply::new(502, "text/html", vec!["<h1>Bad Gateway</h1>".into()])).await;
    for gateway in gateways(&upstream).await {
        let answer = gateway.chat("sk-one", &ask("hi")).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "content-type")), (502, "text/html"));
        assert_eq!(answer.text().await.expect("a text"), "<h1>Bad Gateway</h1>");
    }
}

#[tokio::test]
async fn own_fields_never_reach_litellm() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let gateway = Gateway::start(&upstream, &[("MANAGED_PROMPTS", "true")]).await;
    let own = json!({"enable_history": false, "session_id": "s", "promptVariables": {"a": {"text": "b"}}, "top_k": 3});
    assert_eq!(gateway.chat("sk-one", &with(ask("hi"), own)).await.status(), 200);
    assert_eq!(upstream.chats()[0].json(), with(ask("hi"), json!({"top_k": 3})));
}

#[tokio::test]
async fn history_that_is_off_is_said_and_not_ignored() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let gateway = Gateway::start(&upstream, &[("MANAGED_PROMPTS", "true")]).await;
    let answer = gateway.chat("sk-one", &with(ask("hi"), json!({"enable_history": true}))).await;
    assert_eq!(answer.status(), 400);
    assert!(upstream.chats().is_empty());
}

#[tokio::test]
async fn the_allow_list_holds_both_ways() {
    let upstream = Upstream::start(|_| {
        Reply::json(200, &says("hi"))
            .header("x-litellm-model-id", "d1")
            .header("llm_provider-x-y", "z")
            .header("x-ratelimit-remaining-tokens", "5")
            .header("set-cookie", "a=b")
            .header("server", "uvicorn")
            .header("keep-alive", "timeout=5")
    })
    .await;
    let gateway = Gateway::start(&upstream, &[]).await;
    let answer = gateway
        .request(Method::POST, "/v1/chat/completions", "sk-one")
        .header("content-type", "application/json")
        .header("x-litellm-tags", "team-a")
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .header("anthropic-beta", "tools")
        .header("x-request-id", "client-1")
        .header("cookie", "secret")
        .header("accept-encoding", "gzip")
        .body(ask("hi").to_string())
        .send()
        .await
        .expect("an answer");
    let names = |headers: &HeaderMap| {
        let mut names: Vec<String> = headers.keys().map(|name| name.as_str().to_owned()).collect();
        names.sort();
        names
    };
    let mut seen = upstream.chats().remove(0).headers;
    assert_eq!(seen.remove("authorization").expect("a key"), "Bearer sk-one");
    assert_eq!(seen["x-request-id"], "client-1");
    assert_eq!(seen["accept-encoding"], "identity");
    let expected = [
        "accept",
        "accept-encoding",
        "anthropic-beta",
        "content-length",
        "content-type",
        "host",
        "traceparent",
        "x-litellm-tags",
        "x-request-id",
    ];
    assert_eq!(names(&seen), expected);
    assert_eq!(answer.headers()["x-request-id"], "client-1");
    let expected = [
        "content-length",
        "content-type",
        "date",
        "llm_provider-x-y",
        "x-litellm-model-id",
        "x-ratelimit-remaining-tokens",
        "x-request-id",
    ];
    assert_eq!(names(answer.headers()), expected);
}

#[tokio::test]
async fn a_key_is_taken_in_every_form_and_sent_in_one() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let gateway = Gateway::start(&upstream, &[]).await;
    let forms = [
        ("authorization", "Bearer sk-k1"),
        ("authorization", "bearer sk-k1"),
        ("authorization", "sk-k1"),
        ("x-api-key", "sk-k1"),
        ("api-key", "sk-k1"),
        ("x-litellm-api-key", "sk-k1"),
    ];
    for (name, value) in forms {
        let request = gateway.bare(Method::POST, "/chat/completions").header(name, value).body(ask("hi").to_string());
        assert_eq!(request.send().await.expect("an answer").status(), 200, "{name}: {value}");
    }
    for seen in upstream.chats() {
        assert_eq!(seen.headers["authorization"], "Bearer sk-k1");
        let others = ["x-api-key", "api-key", "x-litellm-api-key"];
        assert!(others.iter().all(|&name| !seen.headers.contains_key(name)));
    }
}

#[tokio::test]
async fn a_body_that_trickles_is_given_up_also_when_it_is_not_looked_at() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    for variables in
        [&[("BODY_TIMEOUT_SECONDS", "1")][..], &[("BODY_TIMEOUT_SECONDS", "1"), ("MANAGED_PROMPTS", "true")]]
    {
        let gateway = Gateway::start(&upstream, variables).await;
        let drops = futures::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Some((Ok::<_, std::io::Error>(" "), ()))
        });
        let body = reqwest::Body::wrap_stream(drops);
        let answer = gateway.request(Method::POST, "/chat/completions", "sk-one").body(body).send();
        let answer = tokio::time::timeout(Duration::from_secs(15), answer).await.expect("it ends").expect("an answer");
        assert_eq!(answer.status(), 408);
        assert_eq!(answer.json::<Value>().await.expect("JSON")["error"]["code"], "body_timeout");
    }
}

#[tokio::test]
async fn without_a_key_litellm_is_not_asked() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    for gateway in gateways(&upstream).await {
        let answer = gateway.bare(Method::POST, "/chat/completions").body("{}").send().await.expect("an answer");
        assert_eq!(answer.status(), 401);
        let id = answer.headers()["x-request-id"].to_str().expect("text").to_owned();
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!(body["error"]["request_id"], id);
    }
    assert!(upstream.chats().is_empty());
}

#[tokio::test]
async fn bodies_over_the_limit_are_refused_with_and_without_a_length() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    for variables in [&[("MAX_BODY_MIB", "1")][..], &[("MAX_BODY_MIB", "1"), ("MANAGED_PROMPTS", "true")]] {
        let gateway = Gateway::start(&upstream, variables).await;
        let large = ask(&"x".repeat(1024 * 1024)).to_string();
        let announced = gateway.request(Method::POST, "/chat/completions", "sk-one").body(large.clone());
        assert_eq!(announced.send().await.expect("an answer").status(), 413);
        let pieces = large
            .into_bytes()
            .chunks(64 * 1024)
            .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()))
            .collect::<Vec<_>>();
        let body = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
        let chunked = gateway.request(Method::POST, "/chat/completions", "sk-one").body(body);
        assert_eq!(chunked.send().await.expect("an answer").status(), 413);
    }
}

#[tokio::test]
async fn a_litellm_that_is_away_is_a_bad_gateway_without_its_address() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let gateway = Gateway::start(&upstream, &[("UPSTREAM_URL", "http://127.0.0.1:1")]).await;
    let answer = gateway.chat("sk-one", &ask("hi")).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "retry-after")), (502, "1"));
    assert!(!answer.text().await.expect("a text").contains("127.0.0.1"));
}

#[tokio::test]
async fn a_litellm_that_is_silent_is_a_gateway_timeout() {
    let never = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let upstream = Upstream::start(move |_| Reply::json(200, &says("late")).after(&never)).await;
    let gateway = Gateway::start(&upstream, &[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    assert_eq!(gateway.chat("sk-one", &ask("hi")).await.status(), 504);
    let converse = json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}]});
    let answer = gateway.post("/bedrock/model/m/converse", "sk-one", &converse).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "x-amzn-errortype")), (504, "ModelTimeoutException"));
}

#[tokio::test]
async fn other_paths_and_methods_are_refused_in_their_dialect() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let gateway = Gateway::start(&upstream, &[]).await;
    let answer = gateway.request(Method::GET, "/chat/completions", "sk-one").send().await.expect("an answer");
    assert_eq!(answer.status(), 405);
    let answer = gateway.post("/v1/nothing", "sk-one", &json!({})).await;
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.json::<Value>().await.expect("JSON")["error"]["code"], "not_found");
    let answer = gateway.post("/bedrock/model/m/invoke", "sk-one", &json!({})).await;
    assert_eq!(answer.headers()["x-amzn-errortype"], "ResourceNotFoundException");
    assert!(answer.json::<Value>().await.expect("JSON")["message"].is_string());
}

#[tokio::test]
async fn an_answer_that_comes_compressed_is_decoded() {
    let upstream = Upstream::start(|_| {
        use std::io::Write as _;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(says("hi").to_string().as_bytes()).expect("memory");
        let body = encoder.finish().expect("memory");
        Reply::new(200, "application/json", vec![crate::support::upstream::Part::Bytes(body)])
            .header("content-encoding", "gzip")
    })
    .await;
    for gateway in gateways(&upstream).await {
        let answer = gateway.chat("sk-one", &ask("hi")).await;
        assert!(!answer.headers().contains_key("content-encoding"));
        assert_eq!(answer.json::<Value>().await.expect("JSON"), says("hi"));
    }
}

#[tokio::test]
async fn the_query_of_a_request_and_who_changes_something_reach_litellm() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    for gateway in gateways(&upstream).await {
        let path = "/v1/chat/completions?api-version=2024-10-21&x=%7B";
        let request = gateway.request(Method::POST, path, "sk-one").header("litellm-changed-by", "ada");
        assert_eq!(request.body(ask("hi").to_string()).send().await.expect("an answer").status(), 200);
    }
    for seen in upstream.chats() {
        assert_eq!(seen.query, "api-version=2024-10-21&x=%7B");
        assert_eq!(seen.headers["litellm-changed-by"], "ada");
    }
}

#[tokio::test]
async fn a_model_of_the_query_does_not_reach_litellm() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let queries = [
        ("model=expensive", ""),
        ("a=1&%6dodel=expensive&b=2", "a=1&b=2"),
        ("model&mod%65l=x&models=y&Model=z", "models=y&Model=z"),
        ("a=model&&b", "a=model&&b"),
    ];
    for gateway in gateways(&upstream).await {
        for (query, _) in queries {
            let path = format!("/v1/chat/completions?{query}");
            let request = gateway.request(Method::POST, &path, "sk-one").body(ask("hi").to_string());
            assert_eq!(request.send().await.expect("an answer").status(), 200);
        }
    }
    let seen: Vec<String> = upstream.chats().into_iter().map(|seen| seen.query).collect();
    assert_eq!(seen, [queries.map(|(_, rest)| rest), queries.map(|(_, rest)| rest)].concat());
}

#[tokio::test]
async fn a_body_that_comes_compressed_is_refused_by_its_name() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    for gateway in gateways(&upstream).await {
        let request =
            gateway.request(Method::POST, "/v1/chat/completions", "sk-one").header("content-encoding", "gzip");
        let answer = request.body("x").send().await.expect("an answer");
        assert_eq!(answer.status(), 415);
        assert_eq!(answer.json::<Value>().await.expect("JSON")["error"]["code"], "body_encoded");
    }
    assert!(upstream.chats().is_empty());
}

#[tokio::test]
async fn a_small_chat_asks_nobody_about_its_key_and_a_large_one_does() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let gateway = Gateway::start(&upstream, &[("MANAGED_PROMPTS", "true")]).await;
    assert_eq!(gateway.chat("sk-nobody", &ask("hi")).await.status(), 200, "LiteLLM says");
    assert!(upstream.seen("/key/info").is_empty());
    let large = ask(&"x".repeat(100 * 1024));
    assert_eq!(gateway.chat("sk-one", &large).await.status(), 200);
    assert_eq!(gateway.chat("sk-nobody", &large).await.status(), 401);
    assert_eq!((upstream.seen("/key/info").len(), upstream.chats().len()), (2, 2));
}
