//! The program itself: its start, its health check and its end.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::gateway::Gateway;
use crate::support::upstream::{Part, Reply, Upstream};
use crate::support::{DONE, ask, chunk, eventually, free_port, with};

const PROGRAM: &str = env!("CARGO_BIN_EXE_gwinfra-middleware");

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let variables = variables.iter().copied();
    Command::new(PROGRAM).args(arguments).env_clear().envs(variables).output().expect("the program runs")
}

/// The program, serving, and the lines that it has logged.
pub struct Served {
    child: Running,
    url: String,
    port: String,
    client: reqwest::Client,
    lines: Arc<Mutex<Vec<String>>>,
    reading: JoinHandle<()>,
}

/// The program, which does not outlive a test that fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Served {
    /// Starts it with variables, beside the defaults of tests, and waits until it serves.
    pub async fn start(upstream: &Upstream, variables: &[(&str, &str)]) -> Self {
        let port = free_port().to_string();
        let mut child = Command::new(PROGRAM)
            .env_clear()
            .envs([("PORT", port.as_str()), ("METRICS_ADDRESS", "off")])
            .env("UPSTREAM_URL", format!("http://{}", upstream.address))
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&lines);
        let reading = std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                kept.lock().expect("no panic").push(line);
            }
        });
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let child = Running(child);
        let served = Self { child, url: format!("http://127.0.0.1:{port}"), port, client, lines, reading };
        served.has_logged("\"serving\"").await;
        served
    }

    /// Waits for a line with these words.
    pub async fn has_logged(&self, words: &str) {
        let is_there = || async { self.lines.lock().expect("no panic").iter().any(|line| line.contains(words)) };
        eventually(&format!("it logs {words}"), is_there).await;
    }

    pub fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.post(format!("{}{path}", self.url))
    }

    /// Tells it to end.
    pub fn terminate(&self) {
        terminate(&self.child.0);
    }

    /// Its exit code, and all that it has logged.
    pub async fn ended(self) -> (Option<i32>, Vec<String>) {
        let Self { mut child, lines, reading, .. } = self;
        let wait = move || {
            let status = child.0.wait().expect("its end");
            reading.join().expect("its output");
            status.code()
        };
        let code = tokio::task::spawn_blocking(wait).await.expect("a thread");
        let lines = std::mem::take(&mut *lines.lock().expect("no panic"));
        (code, lines)
    }
}

fn terminate(child: &Child) {
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill").success());
}

#[test]
fn a_wrong_configuration_is_told_whole_and_ends_it() {
    let traces = ("OTEL_EXPORTER_OTLP_ENDPOINT", "nonsense hidden");
    let output = run(&[], &[("PORT", "x"), ("CHAT_HISTORY", "true"), ("MASTER_KEY", "hidden"), traces]);
    assert_eq!(output.status.code(), Some(78));
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    let names: Vec<_> = text.lines().map(|line| line.split(": ").nth(1).unwrap_or_default()).collect();
    assert_eq!(names, ["PORT", "DATABASE_HOST", "OTEL_EXPORTER_OTLP_ENDPOINT"]);
    assert!(!text.contains("hidden"), "{text}");
}

#[test]
fn other_arguments_are_refused_with_the_usage() {
    let output = run(&["serve"], &[]);
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8(output.stderr).expect("UTF-8").contains("usage: middleware"));
}

#[test]
fn a_health_check_of_nothing_fails() {
    assert_eq!(run(&["healthcheck"], &[("PORT", &free_port().to_string())]).status.code(), Some(1));
}

#[tokio::test]
async fn it_logs_json_without_keys_and_bodies_and_ends_after_its_streams() {
    let permit = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&permit);
    let upstream = Upstream::start(move |_| {
        let said = chunk(json!({"content": "private answer"}), None);
        Reply::stream(vec![said.into(), Part::Wait(Arc::clone(&held)), DONE.into()])
    })
    .await;
    let metrics = format!("127.0.0.1:{}", free_port());
    let served = Served::start(&upstream, &[("METRICS_ADDRESS", &metrics), ("LOG_LEVEL", "debug")]).await;
    let port = served.port.clone();
    let check = tokio::task::spawn_blocking(move || run(&["healthcheck"], &[("PORT", &port)]));
    assert!(check.await.expect("a check").status.success());
    let body = with(ask("private question"), json!({"stream": true}));
    let post = served.post("/v1/chat/completions").bearer_auth("sk-very-private").body(body.to_string());
    let answer = post.send().await.expect("an answer");
    let text = served.client.get(format!("http://{metrics}/metrics")).send().await.expect("metrics");
    let text = text.text().await.expect("a text");
    assert!(text.contains("gwinfra_middleware_in_flight 1"), "{text}");
    let mut stream = answer.bytes_stream();
    assert!(stream.next().await.is_some());
    served.terminate();
    eventually("no new connection is taken", || async {
        served.client.get(format!("{}/bedrock/health/liveliness", served.url)).send().await.is_err()
    })
    .await;
    permit.add_permits(1);
    assert_eq!(stream.next().await.expect("the end").expect("no error"), DONE);
    drop(stream);
    let (code, lines) = served.ended().await;
    assert_eq!(code, Some(0));
    assert!(!lines.iter().any(|line| line.contains("private")), "{lines:?}");
    let lines: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let request = lines.iter().find(|line| line["route"] == "/v1/chat/completions").expect("a line of the request");
    assert_eq!((&request["status"], &request["complete"]), (&json!(200), &json!(true)));
    assert!(request["request_id"].is_string());
}

#[tokio::test]
async fn a_stream_that_breaks_is_a_warning_that_says_why() {
    let permit = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&permit);
    let upstream = Upstream::start(move |_| {
        let said = chunk(json!({"content": "half"}), None);
        Reply::stream(vec![said.into(), Part::Wait(Arc::clone(&held)), Part::Cut])
    })
    .await;
    let served = Served::start(&upstream, &[]).await;
    let post = served.post("/v1/chat/completions").bearer_auth("sk-one");
    let answer = post.body(with(ask("hi"), json!({"stream": true})).to_string()).send().await.expect("an answer");
    let mut stream = answer.bytes_stream();
    assert!(stream.next().await.is_some());
    permit.add_permits(1);
    assert!(stream.next().await.expect("an error").is_err());
    served.terminate();
    let (_, lines) = served.ended().await;
    let lines: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let request = lines.iter().find(|line| line["route"] == "/v1/chat/completions").expect("a line of the request");
    let told = (&request["level"], &request["status"], &request["complete"], &request["error"]);
    assert_eq!(told, (&json!("WARN"), &json!(200), &json!(false), &json!("the answer was cut")));
}

#[tokio::test]
async fn ending_waits_for_a_turn_whose_client_is_gone() {
    let never = Arc::new(Semaphore::new(0));
    let upstream = Upstream::start(move |_| {
        Reply::stream(vec![chunk(json!({"content": "half"}), None).into(), Part::Wait(Arc::clone(&never))])
    })
    .await;
    let Some(mut gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let sibling = gateway.sibling().await;
    sibling.ready().await;
    let answer = gateway.chat("sk-one", &with(ask("a"), json!({"stream": true, "enable_history": true}))).await;
    let id = crate::support::gateway::session(&answer);
    let mut stream = answer.bytes_stream();
    assert!(stream.next().await.is_some());
    let ended = gateway.stop();
    drop(stream);
    ended.await.expect("it ends");
    assert_eq!(sibling.contents("sk-one", &id).await, ["a", "half"]);
}

#[tokio::test]
async fn a_stream_that_does_not_end_is_cut_when_the_time_is_over_and_kept_as_far_as_it_went() {
    let never = Arc::new(Semaphore::new(0));
    let upstream = Upstream::start(move |_| {
        Reply::stream(vec![chunk(json!({"content": "half"}), None).into(), Part::Wait(Arc::clone(&never))])
    })
    .await;
    let Some(mut gateway) = Gateway::with_history(&upstream, &[("DRAIN_SECONDS", "1")]).await else { return };
    let sibling = gateway.sibling().await;
    sibling.ready().await;
    let answer = gateway.chat("sk-one", &with(ask("a"), json!({"stream": true, "enable_history": true}))).await;
    let id = crate::support::gateway::session(&answer);
    let mut stream = answer.bytes_stream();
    assert!(stream.next().await.is_some());
    gateway.stop().await.expect("it ends");
    assert!(stream.next().await.is_none_or(|part| part.is_err()));
    assert_eq!(sibling.contents("sk-one", &id).await, ["a", "half"]);
}

#[tokio::test]
async fn a_request_is_a_span_between_the_callers_and_litellms() {
    let upstream = Upstream::start(|_| Reply::json(200, &crate::support::says("hi"))).await;
    let address = format!("http://{}", upstream.address);
    let served = Served::start(&upstream, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &address)]).await;
    let (trace, parent) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let post = served.post("/chat/completions").bearer_auth("sk-one").body(ask("hi").to_string());
    let answer = post.header("traceparent", format!("00-{trace}-{parent}-01")).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let sent = upstream.chats()[0].headers["traceparent"].to_str().expect("text").to_owned();
    let parts: Vec<&str> = sent.split('-').collect();
    assert_eq!((parts[1], parts[3]), (trace, "01"));
    assert_ne!(parts[2], parent, "the gateway's own span is LiteLLM's parent");
    served.terminate();
    assert_eq!(served.ended().await.0, Some(0));
    let exported = upstream.seen("/v1/traces");
    let bytes: Vec<u8> = exported.iter().flat_map(|seen| seen.body.to_vec()).collect();
    let bytes_of = |hexadecimal: &str| -> Vec<u8> {
        (0..hexadecimal.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).expect("hex"))
            .collect()
    };
    let names = [&b"/chat/completions"[..], b"http.route", b"http.request.method", b"POST"].map(<[u8]>::to_vec);
    for part in [bytes_of(trace), bytes_of(parent), bytes_of(parts[2])].into_iter().chain(names) {
        assert!(bytes.windows(part.len()).any(|window| window == part), "{part:x?} in {} exports", exported.len());
    }
}

#[tokio::test]
async fn as_a_mocked_model_it_answers_for_bedrock_until_it_is_told_to_end() {
    let listen = format!("127.0.0.1:{}", free_port());
    let variables = [("MOCK_LISTEN", listen.as_str()), ("MOCK_ANSWER_TOKENS", "3"), ("MOCK_REQUESTS_PER_MINUTE", "1")];
    assert_eq!(run(&["mock-llm", "healthcheck"], &variables).status.code(), Some(1));
    let child = Command::new(PROGRAM).arg("mock-llm").env_clear().envs(variables).stderr(Stdio::null()).spawn();
    let mut child = child.expect("the program runs");
    eventually("it lives", || async {
        let variables = [("MOCK_LISTEN", listen.clone())];
        let check = tokio::task::spawn_blocking(move || {
            let [(name, value)] = &variables;
            run(&["mock-llm", "healthcheck"], &[(name, value)])
        });
        check.await.expect("a check").status.success()
    })
    .await;
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let ask = || {
        let body = json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}]});
        client.post(format!("http://{listen}/model/any/converse")).body(body.to_string()).send()
    };
    let answer = ask().await.expect("an answer").text().await.expect("a text");
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(answer["usage"]["outputTokens"], 3);
    assert_eq!(ask().await.expect("an answer").status(), 429);
    terminate(&child);
    let status = tokio::task::spawn_blocking(move || child.wait()).await.expect("a thread").expect("its end");
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn the_span_of_a_stream_is_as_long_as_the_stream() {
    let permit = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&permit);
    let upstream = Upstream::start(move |seen| match seen.path.as_str() {
        "/v1/traces" => Reply::json(200, &json!({})),
        _ => Reply::stream(vec![chunk(json!({"content": "a"}), None).into(), Part::Wait(Arc::clone(&held)), Part::Cut]),
    })
    .await;
    let address = format!("http://{}", upstream.address);
    let served = Served::start(&upstream, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &address)]).await;
    let post = served.post("/chat/completions").bearer_auth("sk-one").body(ask("hi").to_string());
    let answer = post.send().await.expect("an answer");
    tokio::time::sleep(Duration::from_millis(300)).await;
    permit.add_permits(1);
    assert!(answer.text().await.is_err());
    served.terminate();
    assert_eq!(served.ended().await.0, Some(0));
    let bytes: Vec<u8> = upstream.seen("/v1/traces").iter().flat_map(|seen| seen.body.to_vec()).collect();
    // Protocol Buffers: `start_time_unix_nano` (7) and `end_time_unix_nano` (8), each of 64 bits, one behind the other.
    let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    let times = bytes.windows(18).filter(|window| (window[0], window[9]) == (0x39, 0x41));
    let longest = times.map(|window| number(&window[10..18]).saturating_sub(number(&window[1..9]))).max();
    let longest = longest.expect("a span");
    assert!((280_000_000..60_000_000_000).contains(&longest), "{longest} ns");
}

#[tokio::test]
async fn the_credentials_of_the_role_are_in_no_log_at_any_level() {
    let upstream = Upstream::start(|_| Reply::json(200, &crate::support::says("hi"))).await;
    let variables = [
        ("LOG_LEVEL", "trace,aws_sigv4::http_request=trace"),
        ("CHAT_HISTORY", "true"),
        ("DATABASE_HOST", "127.0.0.1"),
        ("DATABASE_PORT", "1"),
        ("DATABASE_USER", "u"),
        ("DATABASE_AUTH", "iam"),
        ("AWS_REGION", "eu-west-3"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "hidden-key"),
        ("AWS_SESSION_TOKEN", "hidden-token"),
    ];
    let served = Served::start(&upstream, &variables).await;
    served.has_logged("signed a token for the database").await;
    // The token is used.
    served.has_logged("chat history is not available yet").await;
    served.terminate();
    let (_, lines) = served.ended().await;
    assert!(lines.iter().any(|line| line.contains("TRACE")), "it logs at that level");
    for line in lines {
        assert!(!line.contains("hidden"), "{line}");
    }
}
