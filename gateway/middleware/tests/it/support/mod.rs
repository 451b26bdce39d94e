//! What the tests start: an upstream that says what a test tells it, PostgreSQL, and the service between them.

pub mod gateway;
pub mod postgres;
pub mod relay;
pub mod tls;
pub mod upstream;

use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};

/// Longest wait for something that is sure to come.
pub const SOON: Duration = Duration::from_secs(60);

/// Waits until something is so.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let deadline = tokio::time::Instant::now() + SOON;
    while !condition().await {
        assert!(tokio::time::Instant::now() < deadline, "it never came to be that {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A chat request with one user message.
pub fn ask(text: &str) -> Value {
    json!({"model": "m", "messages": [{"role": "user", "content": text}]})
}

/// `base` with more fields.
pub fn with(mut base: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("an object") };
    base.as_object_mut().expect("an object").extend(more);
    base
}

/// A whole answer with a text.
pub fn says(text: &str) -> Value {
    json!({"id": "c", "object": "chat.completion", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]})
}

/// A chunk of a stream.
pub fn chunk(delta: Value, finish: Option<&str>) -> String {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
    format!("data: {}\n\n", json!({"id": "c", "object": "chat.completion.chunk", "choices": [choice]}))
}

/// The last event of a stream.
pub const DONE: &str = "data: [DONE]\n\n";

/// A header of an answer, as text.
pub fn header<'a>(answer: &'a reqwest::Response, name: &str) -> &'a str {
    answer.headers()[name].to_str().expect("text")
}

/// Lets so many requests be under way at once: each has two ends here, of its own connection and of LiteLLM's. Other tests run in
/// the same process. Systems begin with a limit that is lower than the one that they allow.
pub fn allow_at_once(requests: u64) {
    let files = requests * 8;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= files) {
        return;
    }
    assert!(limit.maximum.is_none_or(|maximum| maximum >= files), "`ulimit -Hn` is less than {files}");
    setrlimit(Resource::Nofile, Rlimit { current: Some(files), ..limit }).expect("a limit that is allowed");
}

/// A port that nobody listens on. It is below the ports that the kernel gives to connections, which would take one that is
/// free for a moment, such as that of a server that restarts.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 8_000).expect("small");
    loop {
        let port = 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
