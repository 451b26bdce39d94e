//! Variables that libraries read by themselves, each tried on the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::process::Served;
use crate::support::tls::Tls;
use crate::support::upstream::{Reply, Upstream};
use crate::support::{ask, eventually, free_port, says};

async fn upstream() -> Upstream {
    Upstream::start(|seen| match seen.path.as_str() {
        "/v1/traces" => Reply::json(200, &json!({})),
        "/oauth2/default/v1/keys" => Reply::json(200, &json!({"keys": []})),
        _ => Reply::json(200, &says("hi")),
    })
    .await
}

/// Sends spans every tenth of a second.
const SOON: (&str, &str) = ("OTEL_BSP_SCHEDULE_DELAY", "100");

async fn chat(served: &Served) {
    let post = served.post("/v1/chat/completions").bearer_auth("sk-one").body(ask("hi").to_string());
    assert_eq!(post.send().await.expect("an answer").status(), 200);
}

/// The warnings of traces that could not be sent, of a program that has made two requests.
async fn warnings(upstream: &Upstream, endpoint: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let mut all = vec![("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), SOON];
    all.extend_from_slice(variables);
    let served = Served::start(upstream, &all).await;
    chat(&served).await;
    served.has_logged("traces cannot be sent").await;
    chat(&served).await;
    served.terminate();
    let (_, lines) = served.ended().await;
    assert!(!lines.iter().any(|line| line.contains("hidden")), "{lines:?}");
    lines.into_iter().filter(|line| line.contains("traces cannot be sent")).collect()
}

#[tokio::test]
async fn a_collector_that_is_not_there_is_told_once_and_without_its_password() {
    let endpoint = format!("http://user:hidden@127.0.0.1:{}", free_port());
    let told = warnings(&upstream().await, &endpoint, &[]).await;
    assert!(
        matches!(told.as_slice(), [line] if line.contains("Connection refused") && line.contains("WARN")),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_collector_that_refuses_traces_is_told() {
    let collector = Upstream::start(|_| Reply::json(401, &json!({}))).await;
    let told = warnings(&upstream().await, &format!("http://{}", collector.address), &[]).await;
    assert!(matches!(told.as_slice(), [line] if line.contains("401 Unauthorized")), "{told:?}");
}

#[tokio::test]
async fn a_collector_whose_authority_is_not_trusted_is_told() {
    let upstream = upstream().await;
    let tls = Tls::to(upstream.address).await;
    let told = warnings(&upstream, &format!("https://localhost:{}", tls.port), &[]).await;
    assert!(matches!(told.as_slice(), [line] if line.contains("certificate")), "{told:?}");
    assert!(upstream.seen("/v1/traces").is_empty());
}

#[tokio::test]
async fn ssl_cert_file_is_trusted_by_traces_and_by_the_keys_of_the_issuer() {
    let upstream = upstream().await;
    let tls = Tls::to(upstream.address).await;
    let address = format!("https://localhost:{}", tls.port);
    let (issuer, file) = (format!("{address}/oauth2/default"), tls.authority());
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", address.as_str()),
        SOON,
        ("OKTA_ISSUER", issuer.as_str()),
        ("MASTER_KEY", "sk-master"),
    ];
    // {"alg":"RS256","kid":"a"}.{}.
    let token = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.e30.AAAA";
    let trusted = [("SSL_CERT_FILE", file.to_str().expect("UTF-8"))];
    for (more, trusts) in [(&[][..], false), (&trusted[..], true)] {
        let served = Served::start(&upstream, &[&variables[..], more].concat()).await;
        served.post("/user/new").bearer_auth(token).body("{}").send().await.expect("an answer");
        assert_eq!(!upstream.seen("/oauth2/default/v1/keys").is_empty(), trusts);
        served.terminate();
        served.ended().await;
        assert_eq!(!upstream.seen("/v1/traces").is_empty(), trusts);
    }
}

#[tokio::test]
async fn headers_and_the_sampler_of_traces_are_those_of_opentelemetrys_variables() {
    let upstream = upstream().await;
    let address = format!("http://{}", upstream.address);
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", address.as_str()), SOON];
    let headers = [("OTEL_EXPORTER_OTLP_HEADERS", "x-collector-key=abc")];
    let none = [("OTEL_TRACES_SAMPLER", "always_off")];
    let half = [("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0")];
    for more in [&none[..], &half[..], &headers[..]] {
        let served = Served::start(&upstream, &[&variables[..], more].concat()).await;
        assert!(upstream.seen("/v1/traces").is_empty());
        chat(&served).await;
        served.terminate();
        served.ended().await;
    }
    assert_eq!(upstream.seen("/v1/traces")[0].headers["x-collector-key"], "abc");
}

#[tokio::test]
async fn proxies_are_those_of_the_environment_for_traces_and_never_for_litellm() {
    let (upstream, proxy) = (upstream().await, upstream().await);
    let address = format!("http://{}", proxy.address);
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.invalid"),
        SOON,
        ("HTTP_PROXY", address.as_str()),
        ("http_proxy", address.as_str()),
    ];
    let served = Served::start(&upstream, &variables).await;
    chat(&served).await;
    eventually("the proxy gets the traces", || async { !proxy.seen("/v1/traces").is_empty() }).await;
    assert!(proxy.chats().is_empty());
    served.terminate();
    served.ended().await;
    let count = proxy.seen("/v1/traces").len();
    let served = Served::start(&upstream, &[&variables[..], &[("NO_PROXY", "collector.invalid")]].concat()).await;
    chat(&served).await;
    served.has_logged("traces cannot be sent").await;
    assert_eq!(proxy.seen("/v1/traces").len(), count);
    served.terminate();
    served.ended().await;
}

#[tokio::test]
async fn managed_prompts_are_asked_for_at_the_address_of_awss_variables_and_under_its_authority() {
    let upstream = upstream().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let bedrock = Upstream::start(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        Reply::json(404, &json!({"message": "no such prompt"})).header("x-amzn-errortype", "ResourceNotFoundException")
    })
    .await;
    let tls = Tls::to(bedrock.address).await;
    let (plain, encrypted) = (format!("http://{}", bedrock.address), format!("https://localhost:{}", tls.port));
    let authority = tls.authority();
    let variables = [
        ("MANAGED_PROMPTS", "true"),
        ("AWS_REGION", "eu-west-3"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("SSL_CERT_FILE", authority.to_str().expect("UTF-8")),
    ];
    let addresses =
        [("AWS_ENDPOINT_URL", &plain), ("AWS_ENDPOINT_URL_BEDROCK_AGENT", &plain), ("AWS_ENDPOINT_URL", &encrypted)];
    for (number, (name, address)) in addresses.into_iter().enumerate() {
        let served = Served::start(&upstream, &[&variables[..], &[(name, address.as_str())]].concat()).await;
        let body = json!({"model": "arn:aws:bedrock:eu-west-3:123456789012:prompt/ABCDEFGHIJ", "messages": []});
        let post = served.post("/v1/chat/completions").bearer_auth("sk-one").body(body.to_string());
        assert_eq!(post.send().await.expect("an answer").status(), 404, "{name}");
        assert_eq!(asked.load(Ordering::SeqCst), number + 1, "{name}");
        served.terminate();
        served.ended().await;
    }
}
