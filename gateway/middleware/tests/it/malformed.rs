//! Requests that are wrong in thirty thousand ways: the client's mistake is said to be the client's.
//!
//! Each case is made of its number alone, which a test that fails shows beside what was sent.

use std::net::SocketAddr;

use fastrand::Rng;
use futures::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::gateway::Gateway;
use crate::support::upstream::{Reply, Upstream};
use crate::support::{DONE, SOON, allow_at_once, chunk, says};

mod bodies;
mod frames;
mod heads;

/// Of bodies, of heads and of frames.
const CASES: u64 = 10_000;
/// Some cases wait for a body that never comes.
const AT_ONCE: usize = 256;

/// What the service answers.
const PATHS: [&str; 8] = [
    "/chat/completions",
    "/v1/chat/completions",
    "/chat-history",
    "/session-ids",
    "/key/generate",
    "/user/new",
    "/bedrock/model/m/converse",
    "/bedrock/model/m/converse-stream",
];

/// One of the service's paths, or of those that are odd.
fn path(random: &mut Rng, odd: &[&'static str]) -> &'static str {
    let at = random.usize(..PATHS.len() + odd.len());
    PATHS.iter().chain(odd).nth(at).expect("it is below both together")
}

fn pick<'a, T: ?Sized>(random: &mut Rng, values: &[&'a T]) -> &'a T {
    values[random.usize(..values.len())]
}

/// Any bytes, fewer than so many.
fn noise(random: &mut Rng, most: usize) -> Vec<u8> {
    let length = random.usize(..most);
    std::iter::repeat_with(|| random.u8(..)).take(length).collect()
}

/// Changes a byte, or leaves the end out.
fn damage(random: &mut Rng, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let at = random.usize(..bytes.len());
    match random.u8(..4) {
        0 => bytes.truncate(at),
        1 => drop(bytes.remove(at)),
        2 => bytes.insert(at, random.u8(..)),
        _ => bytes[at] = random.u8(..),
    }
}

/// With history, if there is PostgreSQL: then bodies of chats are looked at.
async fn gateway() -> Gateway {
    allow_at_once(AT_ONCE as u64);
    let upstream = Upstream::start(|seen| match serde_json::from_slice::<Value>(&seen.body) {
        Ok(body) if body["stream"] == true => Reply::stream(vec![chunk(json!({}), Some("stop")).into(), DONE.into()]),
        _ => Reply::json(200, &says("hi")),
    })
    .await;
    match Gateway::with_history(&upstream, &[("BODY_TIMEOUT_SECONDS", "1")]).await {
        Some(gateway) => gateway,
        None => Gateway::start(&upstream, &[("BODY_TIMEOUT_SECONDS", "1"), ("MANAGED_PROMPTS", "true")]).await,
    }
}

/// Nothing of all this is left, and the next request is served.
async fn goes_on(gateway: &Gateway) {
    let alive = gateway.bare(Method::GET, "/bedrock/health/liveliness").timeout(SOON);
    assert_eq!(alive.send().await.expect("an answer").status(), 200);
    assert_eq!(gateway.chat("sk-one", &json!({"model": "m", "messages": []})).await.status(), 200);
    crate::support::eventually("no body is held any longer", || async { gateway.app.intake().held() == 0 }).await;
}

/// What a connection says to bytes: the status of the answer. `None`: it was closed without one.
async fn status(address: SocketAddr, request: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // The service may answer and close before it has read all.
    let _ = stream.write_all(request).await;
    if !heads::is_whole(request) {
        let _ = stream.shutdown().await;
    }
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&answer);
        // Who asks whether to go on with the body is told so first.
        let text = text.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&text);
        // Who speaks HTTP/1.0 is answered in it.
        if let Some((_, rest)) = text.split_once(' ')
            && let Some(status) = rest.get(..3)
        {
            return status.parse().ok();
        }
        match stream.read(&mut buffer).await {
            Ok(length @ 1..) => answer.extend_from_slice(&buffer[..length]),
            _ => return None,
        }
    }
}

/// Sends what is made of each number, on a connection of its own. Says how many were the client's mistake.
async fn refused(gateway: &Gateway, make: fn(&mut Rng) -> Vec<u8>) -> u64 {
    let address = gateway.address;
    let answers = stream::iter(0..CASES).map(|seed| async move {
        let request = make(&mut Rng::with_seed(seed));
        let said = tokio::time::timeout(SOON, status(address, &request)).await;
        let shown = request[..request.len().min(2_000)].escape_ascii();
        let said = said.unwrap_or_else(|_| panic!("seed {seed} was never answered: {shown}"));
        // Who has not even ended the head has asked for nothing.
        let told = said.is_some_and(|status| status < 500) || (said.is_none() && !heads::is_whole(&request));
        assert!(told, "seed {seed}: {said:?}: {shown}");
        u64::from(said.is_some_and(|status| status >= 400))
    });
    answers.buffer_unordered(AT_ONCE).fold(0, async |all, one| all + one).await
}

#[tokio::test]
async fn ten_thousand_malformed_bodies_are_the_clients_mistake() {
    let gateway = gateway().await;
    let answers = stream::iter(0..CASES).map(|seed| {
        let (method, path, body) = bodies::request(&mut Rng::with_seed(seed));
        let shown = format!("seed {seed}: {method} {path} {}", body[..body.len().min(2_000)].escape_ascii());
        let request = gateway.request(method, path, "sk-one").header("content-type", "application/json").body(body);
        async move {
            let answer = request.timeout(SOON).send().await.unwrap_or_else(|error| panic!("{shown}: {error}"));
            let status = answer.status().as_u16();
            assert!(status < 500, "{shown}: {status}");
            if status < 400 {
                return 0;
            }
            let said: Value = answer.json().await.unwrap_or_else(|error| panic!("{shown}: {status}: {error}"));
            let message = if path.starts_with("/bedrock/") { &said["message"] } else { &said["error"]["message"] };
            assert!(message.is_string(), "{shown}: {status}: {said}");
            1
        }
    });
    let refused: u64 = answers.buffer_unordered(16).fold(0, async |all, one| all + one).await;
    assert!(refused > CASES / 2, "{refused}");
    goes_on(&gateway).await;
}

#[tokio::test]
async fn ten_thousand_malformed_heads_are_the_clients_mistake() {
    let gateway = gateway().await;
    let refused = refused(&gateway, heads::request).await;
    assert!(refused > CASES / 2, "{refused}");
    goes_on(&gateway).await;
}

#[tokio::test]
async fn ten_thousand_malformed_frames_of_bodies_are_the_clients_mistake() {
    let gateway = gateway().await;
    let refused = refused(&gateway, frames::request).await;
    assert!(refused > CASES / 2, "{refused}");
    goes_on(&gateway).await;
}
