//! The mocked model, called by the SDKs that gateways use.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::litellm::python;
use crate::rehearsal::Rehearsal;
use crate::smoke_gateway::{answers, free_port, middleware};
use crate::support::repository;

/// A mocked model that runs until it is dropped.
struct Mock {
    url: String,
    process: Child,
    rehearsal: Rehearsal,
}

impl Mock {
    fn start(arguments: &[&str]) -> Self {
        let rehearsal = Rehearsal::of("");
        let mut all = vec!["mock-llm", "--listen", "127.0.0.1:0"];
        all.extend(arguments);
        let mut process = rehearsal.command(&all).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { url: url.trim().to_owned(), process, rehearsal }
    }

    /// Makes a call, and gives its status line with headers, and its body.
    fn call(&self, method: &str, path: &str, headers: &str, body: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.url.strip_prefix("http://").unwrap()).unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: mock\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    fn chat(&self, headers: &str) -> (String, String) {
        let body = r#"{"model": "m", "messages": [{"role": "user", "content": "Are you there?"}]}"#;
        self.call("POST", "/v1/chat/completions", headers, body)
    }

    fn converse(&self, account: &str) -> (String, String) {
        let credential = format!("{account}/20261129/us-east-1/bedrock/aws4_request");
        let header =
            format!("authorization: AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0\r\n");
        let body = r#"{"messages": [{"role": "user", "content": [{"text": "Are you there?"}]}]}"#;
        self.call("POST", "/model/anthropic.claude-v2%3A1/converse", &header, body)
    }

    fn stats(&self) -> Value {
        serde_json::from_str(&self.call("GET", "/mock/stats", "", "").1).unwrap()
    }

    /// Waits until so many calls have ended in this way.
    fn has_counted(&self, outcome: &str, calls: u64) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.stats()["total"][outcome] != calls {
            assert!(Instant::now() < deadline, "{}", self.stats());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The middleware in front of a mocked model, which takes every key, until it is dropped.
struct Middleware {
    url: String,
    process: Child,
}

impl Middleware {
    fn start(mock: &Mock) -> Option<Self> {
        let port = free_port();
        let mut command = Command::new(middleware()?);
        command.env_clear().env("PORT", port.to_string()).env("UPSTREAM_URL", &mock.url).env("METRICS_ADDRESS", "off");
        let process = command.stdout(Stdio::null()).spawn().unwrap();
        let middleware = Self { url: format!("http://127.0.0.1:{port}"), process };
        let begun = Instant::now();
        while !answers(&middleware.url) {
            assert!(begun.elapsed() < Duration::from_secs(60), "the middleware does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(middleware)
    }
}

impl Drop for Middleware {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a script of `tests/mock_llm` prints.
fn run(script: &str, url: &str) -> Option<Value> {
    run_with(script, &[url])
}

fn run_with(script: &str, arguments: &[&str]) -> Option<Value> {
    let output = Command::new(python()?)
        .arg(repository(&format!("tests/mock_llm/{script}")))
        .args(arguments)
        .env("NO_PROXY", "127.0.0.1")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn boto3_takes_every_answer_of_bedrock() {
    let mock = Mock::start(&["--answer-tokens", "9"]);
    let Some(seen) = run("bedrock.py", &mock.url) else { return };
    let text = "This is an answer of mock-llm, a model that";
    assert_eq!(seen["converse"], json!({"text": text, "stop": "end_turn", "tokens": [4, 9, 13]}));
    assert_eq!(seen["cut off"], json!({"text": "This is", "stop": "max_tokens", "tokens": [4, 2, 6]}));
    assert_eq!(seen["stream"]["text"], text);
    assert_eq!(
        seen["stream"]["events"],
        json!(["messageStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"])
    );
    assert_eq!(seen["tool"], json!({"name": "weather", "input": {"city": "mock"}, "stop": "tool_use"}));
    assert_eq!(seen["streamed tool"], seen["tool"]);
    assert_eq!(seen["after the tool"], text);
    assert_eq!(seen["invoke"], json!({"text": text, "stop": "end_turn"}));
    assert_eq!(seen["invoke stream"], seen["invoke"]);
    assert_eq!(seen["count"], json!([4, 4]));
    assert_eq!(seen["empty"], "ValidationException");
}

#[test]
fn openais_sdk_takes_every_answer() {
    let mock = Mock::start(&["--answer-tokens", "9"]);
    let Some(seen) = run("openai_sdk.py", &mock.url) else { return };
    let text = "This is an answer of mock-llm, a model that";
    assert_eq!(seen["chat"], json!({"text": text, "finish": "stop", "tokens": [4, 9, 13]}));
    assert_eq!(seen["cut off"], json!({"text": "This is", "finish": "length", "tokens": [4, 2, 6]}));
    assert_eq!(seen["stream"], seen["chat"]);
    assert_eq!(seen["tool"], json!({"name": "weather", "arguments": {"city": "mock"}, "finish": "tool_calls"}));
    assert_eq!(seen["streamed tool"], seen["tool"]);
    assert_eq!(seen["after the tool"], text);
    assert_eq!(seen["wrong"], json!({"status": 400, "param": "messages"}));
    assert!(seen["models"].as_array().unwrap().contains(&json!("m")), "{seen}");
}

#[test]
fn boto3_takes_every_answer_of_the_middleware() {
    let mock = Mock::start(&["--answer-tokens", "9"]);
    let Some(middleware) = Middleware::start(&mock) else { return };
    let Some(seen) = run_with("converse.py", &[&middleware.url, "sk-any", "m"]) else { return };
    let text = "This is an answer of mock-llm, a model that";
    assert_eq!(seen["converse"], json!({"text": text, "stop": "end_turn", "tokens": [4, 9, 13]}));
    assert_eq!(seen["cut off"], json!({"text": "This is", "stop": "max_tokens", "tokens": [4, 2, 6]}));
    let events = ["messageStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"];
    let stream = json!({"text": text, "stop": "end_turn", "tokens": [4, 9, 13], "events": events});
    assert_eq!(seen["stream"], stream);
    assert_eq!(seen["tool"], json!({"name": "weather", "input": {"city": "mock"}, "stop": "tool_use"}));
    assert_eq!(seen["streamed tool"], seen["tool"]);
    assert_eq!(seen["after the tool"], text);
    assert_eq!(seen["empty"], json!(["ValidationException", 400]));
    assert_eq!(seen["not carried"], json!(["ValidationException", 400]));
}

#[test]
fn openais_sdk_takes_every_answer_of_the_middleware() {
    let mock = Mock::start(&["--answer-tokens", "9"]);
    let Some(middleware) = Middleware::start(&mock) else { return };
    let (Some(mut direct), Some(mut through)) =
        (run("openai_sdk.py", &mock.url), run("openai_sdk.py", &middleware.url))
    else {
        return;
    };
    for seen in [&mut direct, &mut through] {
        seen.as_object_mut().unwrap().remove("models");
    }
    assert_eq!(through, direct);
}

#[test]
fn a_role_that_is_assumed_calls_from_its_account() {
    let mock = Mock::start(&[]);
    let Some(seen) = run("roles.py", &mock.url) else { return };
    assert_eq!(seen["identity"], "333333333333");
    let rows = mock.stats()["rows"].clone();
    let calls: Vec<Value> =
        rows.as_array().unwrap().iter().map(|row| json!([row["account"], row["region"], row["requests"]])).collect();
    assert_eq!(json!(calls), json!([["222222222222", "us-west-2", 1], ["333333333333", "eu-west-1", 2]]));
}

#[test]
fn above_its_quota_an_account_is_throttled_and_no_other() {
    let mock = Mock::start(&["--requests-per-minute", "2"]);
    let statuses = |account: &str| -> Vec<String> {
        (0..3).map(|_| mock.converse(account).0.split(' ').nth(1).unwrap().to_owned()).collect()
    };
    assert_eq!(statuses("222222222222"), ["200", "200", "429"]);
    assert_eq!(statuses("333333333333"), ["200", "200", "429"]);
    let (head, body) = mock.converse("222222222222");
    assert!(head.contains("x-amzn-errortype: ThrottlingException"), "{head}");
    assert_eq!(body, r#"{"message":"Too many requests, please wait before trying again."}"#);
    assert_eq!(mock.stats()["total"]["throttled"], 3);
}

#[test]
fn openais_error_says_when_the_minute_is_over() {
    let mock = Mock::start(&["--tokens-per-minute", "30"]);
    let (head, body) = mock.chat("authorization: Bearer sk-secret\r\n");
    assert!(head.starts_with("HTTP/1.1 429") && head.contains("retry-after: "), "{head}");
    let error: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(error["error"]["code"], "rate_limit_exceeded");
    assert_eq!(error["error"]["type"], "tokens");
    let stats = mock.stats().to_string();
    assert!(!stats.contains("sk-secret") && stats.contains("\"key-"), "{stats}");
}

#[test]
fn the_same_seed_fails_the_same_calls() {
    let failed = |seed: &str| -> Vec<bool> {
        let mock = Mock::start(&["--error-share", "30%", "--error-status", "503", "--seed", seed]);
        (0..40).map(|_| mock.chat("").0.starts_with("HTTP/1.1 503")).collect()
    };
    let first = failed("7");
    assert_eq!(first, failed("7"));
    assert_ne!(first, failed("8"));
    assert!((4..=20).contains(&first.iter().filter(|failed| **failed).count()), "{first:?}");
}

#[test]
fn an_answer_takes_its_latency_and_the_time_of_its_tokens() {
    let mock = Mock::start(&["--latency", "100ms", "--tokens-per-second", "50", "--answer-tokens", "11"]);
    let began = Instant::now();
    assert!(mock.chat("").0.starts_with("HTTP/1.1 200"));
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
    // 100 ms, and ten gaps of 20 ms.
    let (_, body) = mock.converse("222222222222");
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["metrics"]["latencyMs"], 300);
}

#[test]
fn the_tokens_of_a_stream_come_one_by_one() {
    let mock = Mock::start(&["--tokens-per-second", "20", "--answer-tokens", "4"]);
    let mut stream = TcpStream::connect(mock.url.strip_prefix("http://").unwrap()).unwrap();
    let body = r#"{"model": "m", "stream": true, "messages": [{"role": "user", "content": "Are you there?"}]}"#;
    let length = body.len();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: mock\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let began = Instant::now();
    let mut times = Vec::new();
    for line in BufReader::new(stream).lines().map(Result::unwrap) {
        if line.contains("\"delta\":{\"content\":") {
            times.push(began.elapsed());
        }
    }
    assert_eq!(times.len(), 4);
    // The last is due 150 ms after the first; the first was read at once.
    assert!(times[3] >= Duration::from_millis(145), "{times:?}");
}

#[test]
fn a_request_id_is_given_back() {
    let mock = Mock::start(&[]);
    assert!(mock.chat("x-request-id: abc-1\r\n").0.contains("x-request-id: abc-1"));
    let generated = mock.chat("").0;
    assert!(generated.lines().any(|line| line.starts_with("x-request-id: ") && line.len() == 50), "{generated}");
}

#[test]
fn models_that_are_listed_are_the_only_ones() {
    let mock = Mock::start(&["--models", "a,b"]);
    let (head, body) = mock.chat("");
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["error"]["code"], "model_not_found");
    // Bedrock says that such a request is not valid.
    let (head, _) = mock.converse("222222222222");
    assert!(head.starts_with("HTTP/1.1 400") && head.contains("x-amzn-errortype: ValidationException"), "{head}");
    let models: Value = serde_json::from_str(&mock.call("GET", "/v1/models", "", "").1).unwrap();
    let names: Vec<&Value> = models["data"].as_array().unwrap().iter().map(|model| &model["id"]).collect();
    assert_eq!(json!(names), json!(["a", "b"]));
}

#[test]
fn each_call_is_a_line_of_the_log() {
    let mut mock = Mock::start(&["--log", "calls.ndjson"]);
    mock.chat("x-request-id: abc-1\r\nauthorization: Bearer sk-secret\r\n");
    mock.converse("222222222222");
    // A call ends after its caller has the answer. The end hands over what is still in memory.
    mock.has_counted("answered", 2);
    let status = Command::new("kill").args(["-TERM", &mock.process.id().to_string()]).status().unwrap();
    assert!(status.success());
    assert_eq!(mock.process.wait().unwrap().code(), Some(0));
    let log = fs_err::read_to_string(mock.rehearsal.path("calls.ndjson")).unwrap();
    assert!(!log.contains("sk-secret"));
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["id"], &lines[0]["operation"]), (&json!("abc-1"), &json!("chat")));
    assert_eq!((&lines[1]["account"], &lines[1]["model"]), (&json!("222222222222"), &json!("anthropic.claude-v2:1")));
    assert!(lines.iter().all(|line| line["outcome"] == "answered" && line["status"] == 200));
}

#[test]
fn a_caller_that_goes_away_is_counted() {
    let mock = Mock::start(&["--tokens-per-second", "1", "--answer-tokens", "1000"]);
    let mut stream = TcpStream::connect(mock.url.strip_prefix("http://").unwrap()).unwrap();
    let body = r#"{"model": "m", "stream": true, "messages": [{"role": "user", "content": "Are you there?"}]}"#;
    let request =
        format!("POST /v1/chat/completions HTTP/1.1\r\nhost: mock\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).unwrap();
    let mut first = [0; 16];
    stream.read_exact(&mut first).unwrap();
    drop(stream);
    mock.has_counted("aborted", 1);
}

#[test]
fn counts_begin_anew_when_they_are_reset() {
    let mock = Mock::start(&[]);
    mock.chat("");
    assert_eq!(mock.stats()["total"]["requests"], 1);
    mock.call("POST", "/mock/reset", "", "");
    assert_eq!(mock.stats()["total"]["requests"], 0);
    assert_eq!(mock.stats()["rows"], json!([]));
}

#[test]
fn a_port_that_is_taken_is_said_with_a_way_out() {
    let mock = Mock::start(&[]);
    let address = mock.url.strip_prefix("http://").unwrap();
    let run = mock.rehearsal.bare(&["mock-llm", "--listen", address]).says(1, "cannot listen on");
    assert!(run.stderr.contains("--listen 127.0.0.1:0"), "{}", run.stderr);
}
