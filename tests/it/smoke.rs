//! `gwinfra smoke` where no gateway answers, and at the end of an apply.

use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::rehearsal::{Rehearsal, Run};
use crate::smoke_gateway::{named, result};

fn empty() -> Rehearsal {
    Rehearsal::of("")
}

fn smoke(rehearsal: &Rehearsal, arguments: &[&str]) -> Run {
    Run::from(command(rehearsal, arguments).output().unwrap())
}

fn command(rehearsal: &Rehearsal, arguments: &[&str]) -> Command {
    let mut command = rehearsal.command(&["smoke", "--key-env", "GATEWAY_KEY"]);
    command.args(arguments).env("GATEWAY_KEY", "sk-canary-0123456789");
    command
}

/// A port on which nobody listens.
fn closed() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn an_endpoint_that_is_dead_is_one_failure_with_its_cause() {
    let run = smoke(&empty(), &["--url", &closed(), "-o", "json"]).expect(13);
    let report = run.json();
    assert_eq!(named(&report, "fail"), ["health"]);
    assert_eq!(report["summary"], serde_json::json!({"pass": 0, "fail": 1, "skip": 15}));
    let detail = result(&report, "health")["detail"].as_str().unwrap();
    assert!(detail.contains("refuses the connection"), "{detail}");
    let detail = result(&report, "chat")["detail"].as_str().unwrap();
    assert!(detail.starts_with("health: ") && detail.contains("refuses the connection"), "{detail}");
    assert!(run.stderr.contains("--only health   tries what failed again"), "{}", run.stderr);
    let (url, via) = (closed(), closed());
    let run = smoke(&empty(), &["--url", &url, "--model", "claude", "--via", &via, "-o", "json"]).expect(13);
    let again = format!("gwinfra smoke --url {url} --key-env GATEWAY_KEY --model claude --via {via} --only health");
    assert!(run.stderr.contains(&again), "{}", run.stderr);
}

#[test]
fn a_password_in_the_url_is_never_shown() {
    let url = closed().replace("http://", "http://ci:s3cret@");
    for output in ["text", "json"] {
        let run = smoke(&empty(), &["--url", &url, "-o", output]).expect(13);
        assert!(run.stderr.contains("tries what failed again"), "{}", run.stderr);
        for stream in [&run.stdout, &run.stderr] {
            assert!(!stream.contains("s3cret"), "{stream}");
        }
    }
}

#[test]
fn a_name_that_nobody_has_is_told() {
    let url = "https://gateway.invalid";
    let run = smoke(&empty(), &["--url", url, "-o", "json"]).expect(13);
    let detail = result(&run.json(), "health")["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("the name gateway.invalid cannot be resolved"), "{detail}");
}

/// A proxy that refuses everything, and how many calls came to it.
fn refusing_proxy() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            use std::io::{Read, Write};
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1024]);
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    (url, calls)
}

#[test]
fn a_proxy_that_does_not_connect_is_told_from_a_gateway_with_bad_tls_and_tried_again() {
    let (proxy, calls) = refusing_proxy();
    let empty = empty();
    let arguments = ["--url", "https://gateway.invalid", "--only", "health", "--wait", "4", "-o", "json"];
    let run = Run::from(command(&empty, &arguments).env("HTTPS_PROXY", proxy).output().unwrap()).expect(13);
    let report = run.json();
    let health = result(&report, "health");
    let detail = health["detail"].as_str().unwrap();
    assert!(detail.contains("the proxy does not connect to gateway.invalid:443: "), "{detail}");
    let next = health["next"].as_str().unwrap();
    assert!(next.starts_with("NO_PROXY=gateway.invalid goes there without the proxy"), "{next}");
    assert!(calls.load(Ordering::SeqCst) > 1, "it was tried once");
}

#[test]
fn a_proxy_is_not_asked_what_port_80_of_the_gateway_says() {
    let (proxy, calls) = refusing_proxy();
    let empty = empty();
    let arguments = ["--url", "https://127.0.0.1:1", "--only", "plaintext", "--skip", "health,auth", "-o", "json"];
    let mut command = command(&empty, &arguments);
    let run = Run::from(command.env("HTTP_PROXY", &proxy).env("http_proxy", &proxy).output().unwrap()).expect(0);
    let report = run.json();
    assert_eq!(result(&report, "plaintext")["status"], "pass", "{report:#}");
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[test]
fn something_that_speaks_no_tls_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 512]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    });
    let run = smoke(&empty(), &["--url", &url, "--only", "health", "-o", "json"]).expect(13);
    server.join().unwrap();
    let detail = result(&run.json(), "health")["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("TLS with 127.0.0.1"), "{detail}");
}

#[test]
fn a_server_that_says_nothing_ends_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let run = smoke(&empty(), &["--url", &url, "--timeout", "1", "-o", "json"]).expect(13);
    let report = run.json();
    let detail = result(&report, "health")["detail"].as_str().unwrap();
    assert!(detail.contains("no answer within 1 s"), "{detail}");
    assert!(report["duration_ms"].as_u64().unwrap() < 10_000, "{report}");
}

#[test]
fn a_check_that_is_not_wanted_is_shown_when_it_is_the_reason() {
    let run = smoke(&empty(), &["--url", &closed(), "--only", "chat", "-o", "json"]).expect(13);
    assert_eq!(named(&run.json(), "fail"), ["health"]);
    assert_eq!(named(&run.json(), "skip"), ["chat"]);
}

#[test]
fn a_misspelt_check_gets_the_one_that_was_meant() {
    smoke(&empty(), &["--url", "http://localhost", "--only", "chatt"]).says(64, "next: did you mean `chat`?");
    smoke(&empty(), &["--url", "http://localhost", "--skip", "xyzzy"]).says(64, "next: the checks are health, ");
    smoke(&empty(), &["--url", "http://localhost", "--only", "chat", "--skip", "chat"]).says(64, "leave no check");
}

#[test]
fn what_is_no_url_or_tunnel_is_refused() {
    smoke(&empty(), &["--url", "llm.example.com"]).says(64, "`llm.example.com` is no URL of a gateway");
    smoke(&empty(), &["--url", "http://localhost", "--via", "::"]).says(64, "is no place to connect to");
    smoke(&empty(), &["--url", "https://10.0.0.1", "--via", "127.0.0.1:1"]).says(64, "needs the name of the gateway");
}

#[test]
fn a_key_in_the_place_of_a_name_is_refused_and_not_repeated() {
    let rehearsal = empty();
    let run = rehearsal.bare(&["smoke", "--url", "http://localhost", "--key-env", "sk-canary-0123456789"]);
    let run = run.says(64, "takes the name of an environment variable, and not a key");
    assert!(!run.stderr.contains("canary"), "{}", run.stderr);
}

#[test]
fn a_variable_without_a_key_is_named() {
    empty().bare(&["smoke", "--url", "http://localhost", "--key-env", "NOT_SET"]).says(64, "NOT_SET holds no key");
}

#[test]
fn a_key_is_asked_for_only_by_checks_that_need_one() {
    empty().bare(&["smoke", "--url", "http://localhost"]).says(64, "--key-env NAME");
    empty().bare(&["smoke", "--url", &closed(), "--only", "health"]).says(13, "refuses the connection");
}

#[test]
fn nothing_is_called_before_something_is_deployed() {
    Rehearsal::new().run(&["smoke"]).says(5, "next: gwinfra apply");
}

#[test]
fn in_simulated_accounts_all_is_skipped_for_one_reason() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let report = rehearsal.run(&["smoke", "-o", "json"]).expect(0).json();
    assert_eq!(report["summary"], serde_json::json!({"pass": 0, "fail": 0, "skip": 16}));
    insta::assert_snapshot!(rehearsal.run(&["smoke", "--only", "health,chat"]).expect(0).stdout);
}

#[test]
fn an_apply_says_that_no_gateway_answers_in_simulated_accounts() {
    Rehearsal::new().run(&["apply", "--yes"]).says(0, "Smoke calls were left out: no gateway answers");
}

#[test]
fn an_apply_says_that_it_was_told_to_call_nobody() {
    Rehearsal::new().run(&["apply", "--yes", "--skip-smoke"]).says(0, "left out (--skip-smoke)");
}

#[test]
fn an_apply_that_changes_nothing_calls_nobody() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let run = rehearsal.run(&["apply", "--yes"]).says(0, "No changes");
    assert!(!run.stderr.contains("moke"), "{}", run.stderr);
}
