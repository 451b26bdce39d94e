//! PostgreSQL that has stopped and tells nobody: connections are open, and nothing comes.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::gateway::{Gateway, session};
use crate::support::postgres::Postgres;
use crate::support::upstream::{Reply, Upstream};
use crate::support::{ask, says, with};

/// Longest wait for an answer: that of one statement, and some time to connect again.
const PATIENT: Duration = Duration::from_secs(30);

/// Processes of PostgreSQL that have stopped. They go on at the end of the test.
struct Stopped(Vec<String>);

impl Stopped {
    /// Stops whatever serves the gateway.
    async fn all_of(gateway: &Gateway) -> Self {
        let database = gateway.database().await;
        let pids: Vec<i32> = sqlx::query_scalar(
            "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() \
             and application_name = 'gwinfra-middleware'",
        )
        .fetch_all(&database)
        .await
        .expect("rows");
        database.close().await;
        let stopped = Self(pids.into_iter().map(|pid| pid.to_string()).collect());
        assert!(!stopped.0.is_empty());
        stopped.signal("-STOP");
        stopped
    }

    fn signal(&self, signal: &str) {
        let _ = Command::new("kill").arg(signal).args(&self.0).status();
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

#[tokio::test]
async fn a_statement_that_is_never_answered_ends_and_the_turn_is_written_once() {
    let upstream = Upstream::start(|seen| Reply::json(200, &says(&format!("re: {}", seen.asked())))).await;
    let Some(server) = Postgres::start() else { return };
    let gateway = Gateway::with_history_in(&server, &upstream, &[("DATABASE_CONNECTIONS", "1")]).await;
    let id = session(&gateway.chat("sk-one", &with(ask("a"), json!({"enable_history": true}))).await);
    let read = |limit: Duration| {
        let wanted = json!({"session_id": id});
        let gateway = &gateway;
        async move {
            let begun = Instant::now();
            let status = gateway.post("/chat-history", "sk-one", &wanted).await.status().as_u16();
            assert!(begun.elapsed() < limit, "{:?}", begun.elapsed());
            status
        }
    };
    let stopped = Stopped::all_of(&gateway).await;
    assert_eq!(read(PATIENT).await, 503);
    // The connection that stood still is not used again.
    assert_eq!(read(PATIENT).await, 200);
    drop(stopped);
    let stopped = Stopped::all_of(&gateway).await;
    let begun = Instant::now();
    let answer = gateway.chat("sk-one", &with(ask("b"), json!({"enable_history": true}))).await;
    assert_eq!(answer.status(), 200);
    assert!(begun.elapsed() < PATIENT, "{:?}", begun.elapsed());
    let id = session(&answer);
    assert_eq!(gateway.contents("sk-one", &id).await, ["b", "re: b"]);
    drop(stopped);
    assert_eq!(gateway.contents("sk-one", &id).await, ["b", "re: b"], "also when the first attempt goes on");
}

#[tokio::test]
async fn a_connection_that_has_forgotten_what_was_prepared_on_it_is_replaced() {
    let upstream = Upstream::start(|seen| Reply::json(200, &says(&format!("re: {}", seen.asked())))).await;
    let Some(gateway) = Gateway::with_history(&upstream, &[("DATABASE_CONNECTIONS", "1")]).await else { return };
    let id = session(&gateway.chat("sk-one", &with(ask("a"), json!({"enable_history": true}))).await);
    let database = gateway.database().await;
    // As a pooler does between two transactions. The first statement of a turn has been prepared by then.
    for statement in [
        "create function forget() returns trigger language plpgsql as \
         $$ begin execute 'deallocate all'; return null; end $$",
        "create trigger forget after insert on messages for each statement execute function forget()",
    ] {
        sqlx::query(statement).execute(&database).await.expect("a trigger");
    }
    for question in ["b", "c"] {
        let answer = gateway.chat("sk-one", &with(ask(question), json!({"enable_history": true}))).await;
        assert_eq!(answer.status(), 200, "{question}");
        let written = gateway.contents("sk-one", &session(&answer)).await;
        assert_eq!(written, [question.to_owned(), format!("re: {question}")]);
    }
    let wanted = json!({"session_id": id});
    gateway.chat("sk-one", &with(ask("d"), json!({"enable_history": true}))).await;
    let statuses = [
        gateway.post("/chat-history", "sk-one", &wanted).await.status().as_u16(),
        gateway.post("/chat-history", "sk-one", &wanted).await.status().as_u16(),
    ];
    assert!(statuses[0] == 200 || statuses[0] == 503, "it is said to try again: {statuses:?}");
    assert_eq!(statuses[1], 200, "on a new connection");
}
