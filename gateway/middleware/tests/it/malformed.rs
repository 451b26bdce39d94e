//! Requests that are wrong in ten thousand ways: the client's mistake is said to be the client's.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::gateway::Gateway;
use crate::support::upstream::{Reply, Upstream};
use crate::support::{SOON, says};

const CASES: u64 = 10_000;
/// Some cases wait for a body that never comes.
const WORKERS: u64 = 64;

/// A small generator (SplitMix64): the same cases every time, and each can be made alone.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("small")
    }

    fn pick<'a, T: ?Sized>(&mut self, values: &[&'a T]) -> &'a T {
        values[self.below(values.len())]
    }
}

/// A value of a field: mostly of a wrong type.
fn value(random: &mut Random) -> String {
    random
        .pick(&[
            "null",
            "true",
            "0",
            "-1",
            "1e999",
            "\"\"",
            "\"a\"",
            "[]",
            "{}",
            "[[[[]]]]",
            "{\"a\":{\"b\":null}}",
            "\"\\u0000\"",
            "\"\\ud800\"",
            "[{\"role\":1}]",
            "[{\"role\":\"user\"}]",
            "[{\"role\":\"user\",\"content\":7}]",
            "[null]",
            "nul",
            "\"",
            "01",
            "NaN",
            "[1,]",
        ])
        .to_owned()
}

/// A body: a damaged request, or no JSON at all.
fn body(random: &mut Random) -> Vec<u8> {
    match random.below(8) {
        0 => Vec::new(),
        1 => (0..random.below(200)).map(|_| random.next().to_le_bytes()[0]).collect(),
        2 => "[".repeat(random.below(5000)).into_bytes(),
        3 => "{\"a\":".repeat(random.below(5000)).into_bytes(),
        _ => {
            let names = [
                "model",
                "messages",
                "enable_history",
                "session_id",
                "promptVariables",
                "stream",
                "user_id",
                "limit",
                "after",
                "inferenceConfig",
                "system",
                "toolConfig",
                "additionalModelRequestFields",
                "\\u006dodel",
            ];
            let fields: Vec<String> =
                (0..random.below(7)).map(|_| format!("\"{}\":{}", random.pick(&names), value(random))).collect();
            let mut text = format!("{{{}}}", fields.join(",")).into_bytes();
            if random.below(3) == 0 {
                let at = random.below(text.len());
                text[at] = random.next().to_le_bytes()[0];
            }
            if random.below(4) == 0 {
                text.truncate(random.below(text.len() + 1));
            }
            text
        }
    }
}

fn request(random: &mut Random) -> Vec<u8> {
    let path = random.pick(&[
        "/chat/completions",
        "/v1/chat/completions",
        "/chat-history",
        "/bedrock/chat-history",
        "/session-ids",
        "/key/generate",
        "/bedrock/model/m/converse",
        "/bedrock/model/m/converse-stream",
        "/bedrock/model/%ff%00/converse",
        "/user/new",
        "/v1/chat/completions?a=%zz&session_id=%00",
        "/nothing",
        "//",
        "/chat-history?session_id=%00",
    ]);
    let method = random.pick(&["POST", "POST", "POST", "POST", "DELETE", "GET", "PUT", "OPTIONS", "PATCH", "BREW"]);
    let authorization = random.pick(&[
        "authorization: Bearer sk-one",
        "authorization: Bearer sk-one",
        "authorization: Bearer sk-unknown",
        "authorization: Basic eA==",
        "authorization:",
        "authorization: Bearer \u{e9}\u{e9}",
        "x-api-key: sk-one",
        "x-none: 1",
    ]);
    let odd = random.pick(&[
        "accept: */*",
        "content-type: text/plain",
        "content-type: application/json",
        "x-request-id: a b\"c",
        "x-request-id: ",
        "traceparent: x",
        "content-encoding: gzip",
        "x-session-id: \u{7f}",
        "expect: nothing",
        "origin: null",
    ]);
    let body = body(random);
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\n{authorization}\r\n{odd}\r\n");
    match random.below(20) {
        // No length at all, or lengths that are wrong: what follows the body is then another request, and a bad one.
        0 => {}
        1 => head.push_str("content-length: abc\r\n"),
        2 => head.push_str("content-length: 3\r\ncontent-length: 4\r\n"),
        3 => head.push_str(&format!("content-length: {}\r\n", u64::MAX)),
        4 => head.push_str("transfer-encoding: chunked\r\n"),
        5 => head.push_str("bad header line\r\n"),
        6 => head.push_str(&"x-many: 1\r\n".repeat(200)),
        7 => head.push_str(&format!("x-long: {}\r\n", "y".repeat(100_000))),
        _ => head.push_str(&format!("content-length: {}\r\n", body.len())),
    }
    head.push_str("connection: close\r\n\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&body);
    bytes
}

/// Status of the answer. `None`: the connection was closed without one.
async fn send(address: SocketAddr, request: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // The service may answer and close before it has read all.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let text = String::from_utf8_lossy(&answer);
    let status = text.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some(status)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_malformed_requests_are_the_clients_mistake_and_end_nothing() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let gateway = match Gateway::with_history(&upstream, &[("BODY_TIMEOUT_SECONDS", "1")]).await {
        Some(gateway) => gateway,
        None => Gateway::start(&upstream, &[]).await,
    };
    let address = gateway.address;
    let workers = (0..WORKERS).map(|worker| {
        tokio::spawn(async move {
            for case in (worker..CASES).step_by(WORKERS as usize) {
                let request = request(&mut Random(case));
                let sent = tokio::time::timeout(SOON, send(address, &request)).await;
                let status =
                    sent.unwrap_or_else(|_| panic!("case {case} was never answered: {}", request.escape_ascii()));
                // Also where the head is no HTTP, or a body was not read to its end, the client is told before the connection
                // is closed.
                assert!(
                    status.is_some_and(|status| status < 500),
                    "case {case}: {status:?}: {}",
                    request.escape_ascii()
                );
            }
        })
    });
    for worker in futures::future::join_all(workers).await {
        worker.expect("no case fails");
    }
    let alive = gateway.bare(reqwest::Method::GET, "/bedrock/health/liveliness").timeout(Duration::from_secs(30));
    assert_eq!(alive.send().await.expect("an answer").status(), 200);
    assert_eq!(gateway.app.intake().held(), 0, "no body is held any longer");
    assert_eq!(gateway.chat("sk-one", &json!({"model": "m", "messages": []})).await.status(), 200);
}
