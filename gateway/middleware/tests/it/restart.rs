//! PostgreSQL that goes away while turns are written.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::support::gateway::{Gateway, session};
use crate::support::postgres::Postgres;
use crate::support::relay::Relay;
use crate::support::upstream::{Reply, Upstream};
use crate::support::{DONE, ask, chunk, says, with};

/// Turns of all workers, with the status that each had.
type Turns = HashMap<String, u16>;

/// Ways to have a turn of a session: the path, whether the answer is streamed, and what a whole answer ends with.
const WAYS: [(&str, bool, &str); 4] = [
    ("/v1/chat/completions", false, "}"),
    ("/v1/chat/completions", true, DONE),
    ("/bedrock/model/m/converse", false, "}"),
    ("/bedrock/model/m/converse-stream", true, "latencyMs"),
];

/// A LiteLLM that answers each question with itself, whole or in pieces.
async fn echo() -> Upstream {
    Upstream::start(|seen| {
        let answer = format!("re: {}", seen.asked());
        match seen.json()["stream"].as_bool() {
            Some(true) => {
                let (left, right) = answer.split_at(4);
                let pieces = [chunk(json!({"content": left}), None), chunk(json!({"content": right}), Some("stop"))];
                Reply::stream(vec![pieces.concat().into(), DONE.into()])
            }
            _ => Reply::json(200, &says(&answer)),
        }
    })
    .await
}

/// The status of a turn; that of a stream which ends with an error is 503, too.
async fn turn(gateway: &Gateway, way: usize, question: &str, session: &str) -> u16 {
    let (path, streamed, end) = WAYS[way];
    let body = match path.starts_with("/bedrock/") {
        true => json!({
            "messages": [{"role": "user", "content": [{"text": question}]}],
            "additionalModelRequestFields": {"session_id": session},
        }),
        false => with(ask(question), json!({"session_id": session, "stream": streamed})),
    };
    let answer = gateway.post(path, "sk-one", &body).await;
    let status = answer.status().as_u16();
    if status == 503 {
        assert_eq!(answer.headers()["retry-after"], "5");
        return status;
    }
    let text = String::from_utf8_lossy(&answer.bytes().await.expect("a whole answer")).into_owned();
    match text.contains(end) {
        true => status,
        false => 503,
    }
}

async fn restarted(command: &'static str) {
    let upstream = echo().await;
    let Some(server) = Postgres::start() else { return };
    let server = Arc::new(server);
    let gateway = Arc::new(Gateway::with_history_in(&server, &upstream, &[]).await);
    let id = session(&gateway.chat("sk-one", &with(ask("start"), json!({"enable_history": true}))).await);
    let over = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..16)
        .map(|worker| {
            let (gateway, id, over) = (Arc::clone(&gateway), id.clone(), Arc::clone(&over));
            tokio::spawn(async move {
                let mut turns = Turns::new();
                for number in 0.. {
                    if over.load(Ordering::SeqCst) {
                        break;
                    }
                    let question = format!("w{worker}t{number}");
                    let status = turn(&gateway, worker % WAYS.len(), &question, &id).await;
                    turns.insert(question, status);
                }
                turns
            })
        })
        .collect();
    for _ in 0..2 {
        wait_for_turns(&gateway, &id).await;
        let server = Arc::clone(&server);
        let cycle = move || {
            server.command(command);
            server.command("start");
        };
        tokio::task::spawn_blocking(cycle).await.expect("PostgreSQL starts again");
    }
    wait_for_turns(&gateway, &id).await;
    over.store(true, Ordering::SeqCst);
    let mut turns = Turns::new();
    for worker in workers {
        turns.extend(worker.await.expect("a worker"));
    }
    let mut kept: HashMap<String, u32> = HashMap::new();
    let contents = gateway.contents("sk-one", &id).await;
    for pair in contents.chunks(2) {
        let question = pair[0].as_str().expect("text");
        assert_eq!(pair[1], format!("re: {question}"));
        *kept.entry(question.to_owned()).or_default() += 1;
    }
    kept.remove("start");
    for (question, &status) in &turns {
        let times = kept.remove(question).unwrap_or_default();
        match status {
            200 => assert_eq!(times, 1, "{question} was answered, and is there {times} times"),
            503 => assert_eq!(times, 0, "{question} was refused, and is there {times} times"),
            status => panic!("{question}: {status}"),
        }
    }
    assert!(kept.is_empty(), "{kept:?}");
    for (way, (path, streamed, _)) in WAYS.iter().enumerate() {
        let answered = |(question, &status): (&String, &u16)| status == 200 && way_of(question) == way;
        assert!(turns.iter().any(answered), "{path} was answered, streamed: {streamed}");
    }
}

/// The way that the worker goes whose question it is.
fn way_of(question: &str) -> usize {
    let (worker, _) = question[1..].split_once('t').expect("a question of a worker");
    worker.parse::<usize>().expect("a number") % WAYS.len()
}

/// Waits until turns are written again, twice as many as there are workers.
async fn wait_for_turns(gateway: &Gateway, session: &str) {
    let before = Cell::new(None);
    crate::support::eventually("turns are written", || async {
        let answer = gateway.post("/chat-history", "sk-one", &json!({"session_id": session})).await;
        if answer.status() != 200 {
            return false;
        }
        let count =
            answer.json::<serde_json::Value>().await.ok().and_then(|body| Some(body["messages"].as_array()?.len()));
        let Some(count) = count else { return false };
        before.set(before.get().or(Some(count)));
        before.get().is_some_and(|before| count >= before + 64)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_under_load_loses_and_doubles_no_turn() {
    restarted("stop").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_under_load_loses_and_doubles_no_turn() {
    restarted("crash").await;
}

#[tokio::test]
async fn a_turn_that_reaches_postgresql_after_it_was_sent_once_more_is_written_once() {
    let upstream = Upstream::start(|seen| Reply::json(200, &says(&format!("re: {}", seen.asked())))).await;
    let Some(server) = Postgres::shared() else { return };
    let relay = Relay::to(server.port).await;
    let url = server.url().replace(&server.port.to_string(), &relay.port.to_string());
    let gateway = Gateway::with_history_in(server, &upstream, &[("DATABASE_MIDDLEWARE_URL", url.as_str())]).await;
    let id = session(&gateway.chat("sk-one", &with(ask("start"), json!({"enable_history": true}))).await);
    for (question, more) in [("goes on", json!({"session_id": id})), ("begins", json!({"enable_history": true}))] {
        relay.hold(question);
        let answer = gateway.chat("sk-one", &with(ask(question), more)).await;
        assert_eq!(answer.status(), 200);
        relay.release().await;
        let contents = gateway.contents("sk-one", &session(&answer)).await;
        let times = contents.iter().filter(|content| **content == question).count();
        assert_eq!(times, 1, "{contents:?}");
        assert_eq!(contents.last().expect("an answer"), &json!(format!("re: {question}")));
    }
}
