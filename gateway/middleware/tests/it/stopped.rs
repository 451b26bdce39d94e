//! PostgreSQL that has stopped and tells nobody: connections are open, and nothing comes.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::PgPool;

use crate::support::gateway::{Gateway, session};
use crate::support::upstream::{Reply, Upstream};
use crate::support::{ask, says, with};

/// Longest wait for an answer: that of one statement, and some time to connect again.
const PATIENT: Duration = Duration::from_secs(30);

/// A process of PostgreSQL that has stopped. It goes on at the end of the test.
struct Stopped(String);

impl Stopped {
    /// Stops the one that waits for a lock in the middle of a statement of the gateway.
    async fn waiting(database: &PgPool) -> Self {
        const WAITING: &str = "select pid from pg_stat_activity where datname = current_database() \
                               and wait_event_type = 'Lock' and query not like '%pg_stat_activity%'";
        let begun = Instant::now();
        loop {
            if let Some(pid) = sqlx::query_scalar::<_, i32>(WAITING).fetch_optional(database).await.expect("a row") {
                let stopped = Self(pid.to_string());
                stopped.signal("-STOP");
                return stopped;
            }
            assert!(begun.elapsed() < PATIENT, "nothing waits");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.0]).status().expect("kill").success());
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

/// What comes of a request whose statement stops in the middle, and whatever has stopped.
async fn stopped<T>(database: &PgPool, request: impl Future<Output = T>) -> (T, Stopped) {
    let mut lock = database.begin().await.expect("a transaction");
    sqlx::query("lock table messages in access exclusive mode").execute(&mut *lock).await.expect("a lock");
    let stopping = async {
        let stopped = Stopped::waiting(database).await;
        lock.rollback().await.expect("the lock is gone");
        stopped
    };
    tokio::time::timeout(PATIENT, futures::future::join(request, stopping)).await.expect("an answer in time")
}

#[tokio::test]
async fn a_statement_that_is_never_answered_ends_and_the_turn_is_written_once() {
    let upstream = Upstream::start(|seen| Reply::json(200, &says(&format!("re: {}", seen.asked())))).await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let id = session(&gateway.chat("sk-one", &with(ask("a"), json!({"enable_history": true}))).await);
    let database = gateway.database().await;
    let wanted = json!({"session_id": id});
    let (answer, process) = stopped(&database, gateway.post("/chat-history", "sk-one", &wanted)).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(gateway.contents("sk-one", &id).await, ["a", "re: a"], "on another connection");
    drop(process);
    let question = with(ask("b"), json!({"enable_history": true}));
    let (answer, process) = stopped(&database, gateway.chat("sk-one", &question)).await;
    assert_eq!(answer.status(), 200);
    let id = session(&answer);
    assert_eq!(gateway.contents("sk-one", &id).await, ["b", "re: b"]);
    drop(process);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(gateway.contents("sk-one", &id).await, ["b", "re: b"], "the first attempt goes on, and ends");
}

#[tokio::test]
async fn a_client_that_leaves_a_statement_without_an_answer_takes_no_connection_with_it() {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let Some(gateway) = Gateway::with_history(&upstream, &[("DATABASE_CONNECTIONS", "1")]).await else { return };
    let id = session(&gateway.chat("sk-one", &with(ask("a"), json!({"enable_history": true}))).await);
    let database = gateway.database().await;
    let mut lock = database.begin().await.expect("a transaction");
    sqlx::query("lock table messages in access exclusive mode").execute(&mut *lock).await.expect("a lock");
    let wanted = json!({"session_id": id});
    let process = tokio::select! {
        process = Stopped::waiting(&database) => process,
        answer = gateway.post("/chat-history", "sk-one", &wanted) => panic!("{}", answer.status()),
    };
    lock.rollback().await.expect("the lock is gone");
    let answer = tokio::time::timeout(PATIENT, gateway.post("/chat-history", "sk-one", &wanted)).await;
    assert_eq!(answer.expect("an answer in time").status(), 200);
    drop(process);
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
