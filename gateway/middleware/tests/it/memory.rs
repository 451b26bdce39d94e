//! How much memory the program takes for requests that are made to take much.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use futures::future::join_all;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::gateway::{Gateway, session};
use crate::support::postgres::{self, Postgres};
use crate::support::upstream::{Reply, Upstream};
use crate::support::{ask, eventually, free_port, says, with};

const MIB: usize = 1024 * 1024;
/// Memory of the container in the smallest bundle.
const CONTAINER: usize = 256 * MIB;

/// The program, alone in its process.
struct Program {
    child: Child,
    address: SocketAddr,
    client: reqwest::Client,
}

impl Program {
    async fn start(upstream: &Upstream, variables: &[(&str, &str)]) -> Self {
        let port = free_port();
        let child = Command::new(env!("CARGO_BIN_EXE_gwinfra-middleware"))
            .env_clear()
            .env("PORT", port.to_string())
            .env("UPSTREAM_URL", format!("http://{}", upstream.address))
            .envs([("METRICS_ADDRESS", "off"), ("AWS_EC2_METADATA_DISABLED", "true"), ("LOG_LEVEL", "error")])
            // Else an allocator of many threads keeps what each of them had.
            .env("MALLOC_ARENA_MAX", "1")
            .envs(variables.iter().copied())
            .stdout(Stdio::null())
            .spawn()
            .expect("the program runs");
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let program = Self { child, address: SocketAddr::from(([127, 0, 0, 1], port)), client };
        eventually("it lives", || async { program.client.get(program.url("/")).send().await.is_ok() }).await;
        program
    }

    /// One that keeps history.
    async fn with_history(upstream: &Upstream) -> Option<Self> {
        let server = Postgres::shared()?;
        let (url, name) = (server.url(), postgres::database());
        let variables =
            [("CHAT_HISTORY", "true"), ("DATABASE_MIDDLEWARE_URL", url.as_str()), ("DATABASE_NAME", name.as_str())];
        let program = Self::start(upstream, &variables).await;
        eventually("history is ready", || async { program.post("/session-ids", "{}".to_owned()).await.0 == 200 }).await;
        Some(program)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Status and answer of a body of JSON.
    async fn post(&self, path: &str, body: String) -> (u16, Value) {
        let answer = self.client.post(self.url(path)).bearer_auth("sk-one").body(body).send().await;
        let answer = answer.expect("an answer");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    /// Status of a body that is sent with a line of a head more, or without. The service may answer before it has all of it.
    async fn raw(&self, path: &str, line: &str, body: &[u8]) -> u16 {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\n{line}content-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("written");
        let (mut reading, mut writing) = stream.split();
        // As many clients do, it reads when all is sent.
        writing.write_all(body).await.expect("written");
        let mut status = [0; 12];
        reading.read_exact(&mut status).await.expect("an answer");
        String::from_utf8_lossy(&status[9..]).parse().expect("a number")
    }

    /// Most bytes that the process has had in memory.
    #[expect(clippy::disallowed_methods, reason = "a test needs no name of a file")]
    fn peak(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") * 1024
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A text of so many MiB between two others.
fn text(before: &str, repeated: &str, mebibytes: usize, after: &str) -> String {
    format!("{before}{}{after}", repeated.repeat(mebibytes * MIB / repeated.len()))
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn nobody_ends_it_with_one_body() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let Some(program) = Program::with_history(&upstream).await else { return };
    let numbers = text("{\"after\":[0", ",0", 31, "]}");
    for line in ["", "authorization: Bearer sk-nobody\r\n"] {
        for path in ["/session-ids", "/chat-history", "/bedrock/chat-history", "/key/generate"] {
            assert_eq!(program.raw(path, line, numbers.as_bytes()).await, 401, "{path} {line}");
        }
        let roles = text("{\"enable_history\":true,\"messages\":[{\"role\":\"\"}", ",{\"role\":\"\"}", 31, "]}");
        assert_eq!(program.raw("/v1/chat/completions", line, roles.as_bytes()).await, 401);
        let blocks =
            text("{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"\"}", ",{\"text\":\"\"}", 31, "]}]}");
        assert_eq!(program.raw("/bedrock/model/m/converse", line, blocks.as_bytes()).await, 401);
    }
    assert!(program.peak() < 128 * MIB, "{} MiB", program.peak() / MIB);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_known_key_does_not_end_it_with_one_body_either() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let Some(program) = Program::with_history(&upstream).await else { return };
    let converse = "/bedrock/model/m/converse";
    let block = |before: &str, repeated: &str, after: &str| {
        let head = "{\"messages\":[{\"role\":\"user\",\"content\":[";
        text(&format!("{head}{before}"), repeated, 31, &format!("{after}]}}]}}"))
    };
    assert_eq!(program.post("/session-ids", text("{\"after\":[0", ",0", 31, "]}")).await.0, 400);
    // Values that go on as they are take no more than their text.
    let result = block("{\"toolResult\":{\"toolUseId\":\"t\",\"content\":[{\"json\":[0", ",0", "]}]}}");
    assert_eq!(program.post(converse, result).await.0, 200);
    let (status, answer) = program.post(converse, block("{\"text\":\"\"}", ",{\"text\":\"\"}", "")).await;
    assert_eq!(status, 413, "{answer}");
    let fields = (0..3 * MIB).map(|number| format!("\"{number:x}\":0")).collect::<Vec<_>>().join(",");
    let hi = "\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]";
    let additional = format!("{{{hi},\"additionalModelRequestFields\":{{{fields}}}}}");
    assert_eq!(program.post(converse, additional).await.0, 400);
    let sequences = text(&format!("{{{hi},\"inferenceConfig\":{{\"stopSequences\":[\"a\""), ",\"a\"", 31, "]}}");
    assert_eq!(program.post(converse, sequences).await.0, 400);
    let chat = format!("{{\"enable_history\":true,\"messages\":[{{\"role\":\"user\"}}],{fields}}}");
    assert_eq!(program.post("/v1/chat/completions", chat).await.0, 400);
    assert!(program.peak() < CONTAINER, "{} MiB", program.peak() / MIB);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn images_of_several_requests_at_once_are_counted_before_they_are_copied() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let program = Program::start(&upstream, &[]).await;
    let image = json!({"image": {"format": "png", "source": {"bytes": "A".repeat(4 * MIB)}}});
    let mut content = vec![image; 7];
    content.push(json!({"text": "x".repeat(MIB)}));
    let body = json!({"messages": [{"role": "user", "content": content}]}).to_string();
    let (path, key) = ("/bedrock/model/m/converse", "authorization: Bearer sk-one\r\n");
    let all = join_all((0..6).map(|_| program.raw(path, key, body.as_bytes()))).await;
    assert!(all.iter().all(|status| matches!(status, 200 | 429)), "{all:?}");
    // Each may have seen what the others had just taken; one alone has room.
    assert_eq!(program.raw(path, key, body.as_bytes()).await, 200, "after {all:?}");
    assert!(program.peak() < 192 * MIB, "{} MiB", program.peak() / MIB);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn pages_of_history_are_counted_before_they_are_read() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let Some(program) = Program::with_history(&upstream).await else { return };
    let body = with(ask(&"x".repeat(30 * MIB)), json!({"enable_history": true})).to_string();
    let (status, answer) = program.post("/v1/chat/completions", body).await;
    assert_eq!(status, 200);
    let wanted = json!({"session_id": answer["session_id"]}).to_string();
    for path in ["/chat-history", "/bedrock/chat-history"] {
        let all = join_all((0..10).map(|_| program.post(path, wanted.clone()))).await;
        assert!(all.iter().any(|(status, _)| *status == 200), "one has room");
        assert!(all.iter().all(|(status, _)| matches!(status, 200 | 429 | 503)));
    }
    assert!(program.peak() < CONTAINER, "{} MiB", program.peak() / MIB);
}

#[tokio::test]
async fn who_sends_too_much_reads_that_it_is_too_much() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let key = "authorization: Bearer sk-one\r\n";
    for prompts in ["true", "false"] {
        let program = Program::start(&upstream, &[("MAX_BODY_MIB", "8"), ("MANAGED_PROMPTS", prompts)]).await;
        assert_eq!(program.raw("/v1/chat/completions", key, &vec![b' '; 12 * MIB]).await, 413);
    }
    assert!(upstream.chats().is_empty());
}

#[tokio::test]
async fn who_has_no_key_keeps_nobody_from_large_requests() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let gateway = Gateway::start(&upstream, &[("MANAGED_PROMPTS", "true")]).await;
    let length = 32 * MIB;
    let mut sockets = Vec::new();
    for line in [format!("content-length: {length}"), "transfer-encoding: chunked".to_owned()] {
        for _ in 0..2 {
            let mut socket = TcpStream::connect(gateway.address).await.expect("a connection");
            let head = format!(
                "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-nobody\r\n{line}\r\n\r\n"
            );
            socket.write_all(head.as_bytes()).await.expect("written");
            let piece = format!("{:x}\r\n{}", MIB, " ".repeat(MIB));
            // The service may have answered and closed by now.
            for _ in 0..31 {
                if socket.write_all(piece.as_bytes()).await.is_err() {
                    break;
                }
            }
            sockets.push(socket);
        }
    }
    let answer = gateway.chat("sk-one", &ask(&"x".repeat(30 * MIB))).await;
    assert_eq!(answer.status(), 200);
    drop(sockets);
}

#[tokio::test]
async fn small_requests_have_room_beside_large_ones() {
    let upstream = Upstream::start(|_| Reply::json(200, &says(&"y".repeat(40 * 1024)))).await;
    let variables = [("MANAGED_PROMPTS", "true"), ("BODY_MEMORY_MIB", "32")];
    let Some(gateway) = Gateway::with_history(&upstream, &variables).await else { return };
    let mut socket = TcpStream::connect(gateway.address).await.expect("a connection");
    let length = 32 * MIB;
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-one\r\n";
    socket.write_all(format!("{head}content-length: {length}\r\n\r\n").as_bytes()).await.expect("written");
    socket.write_all(&vec![b' '; length - 1024]).await.expect("written");
    eventually("the memory is taken", || async { gateway.app.intake().held() == length - 1024 }).await;
    let text = "x".repeat(60 * 1024);
    assert_eq!(gateway.chat("sk-one", &ask(&text)).await.status(), 200);
    let answer = gateway.chat("sk-one", &with(ask(&text), json!({"enable_history": true}))).await;
    assert_eq!(answer.status(), 200);
    let wanted = json!({"session_id": session(&answer)});
    assert_eq!(gateway.chat("sk-one", &with(ask("on"), wanted.clone())).await.status(), 200);
    for path in ["/chat-history", "/bedrock/chat-history"] {
        let mut page = wanted.clone();
        page["limit"] = json!(1);
        assert_eq!(gateway.post(path, "sk-one", &page).await.status(), 200, "{path}");
    }
    let converse = json!({"messages": [{"role": "user", "content": [{"text": text}]}]});
    assert_eq!(gateway.post("/bedrock/model/m/converse", "sk-one", &converse).await.status(), 200);
    let large = ask(&"x".repeat(70 * 1024));
    assert_eq!(gateway.chat("sk-two", &large).await.status(), 503, "the part is for small bodies");
    assert_eq!(gateway.chat("sk-one", &large).await.status(), 429, "its key has more than its part");
}
