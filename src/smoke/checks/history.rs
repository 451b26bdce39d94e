//! Whether chat sessions are kept.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::super::check::{Check, Stage, Verdict, one};
use super::super::explain;
use super::super::gateway::{CHAT, Gateway};
use super::super::outcome::{Outcome, Status};
use super::converse::segment;

pub(super) struct History;

#[async_trait]
impl Check for History {
    fn name(&self) -> &'static str {
        "history"
    }

    fn proves(&self) -> &'static str {
        "a chat session is kept over two turns, read back and deleted"
    }

    fn stage(&self) -> Stage {
        Stage::Call
    }

    fn limit(&self, gateway: &Gateway) -> std::time::Duration {
        gateway.call() * 5
    }

    async fn run(&self, gateway: &Gateway) -> Verdict {
        if gateway.expected.history == Some(false) {
            return one(Outcome::skip("the spec keeps no chat sessions (`gateway.middleware.chat_history`)"));
        }
        if let Some(skip) = gateway.without_middleware().await {
            return one(skip);
        }
        if let Some(skip) = gateway.without_database("chat sessions").await {
            return one(skip);
        }
        let mut body = gateway.chat().await?;
        body["enable_history"] = json!(true);
        let first = gateway.post("the first turn of a session", CHAT, &body).await?;
        let first = gateway.good("the first turn of a session", first)?;
        let Some(session) = session(&first.json(), first.header("x-session-id")) else {
            if gateway.expected.history.is_none() {
                return one(Outcome::skip("the gateway keeps no chat sessions"));
            }
            let outcome = Outcome::fail("the first turn of a session has no session_id").of(&first);
            return one(outcome.next(gateway.middleware_logs(first.request_id().as_deref())));
        };
        body["session_id"] = json!(session);
        let kept = second_turn(gateway, &body, &session).await;
        // Whatever came of it, nothing is to stay.
        let path = format!("/chat-history?session_id={}", segment(&session));
        let deleted = gateway.client.delete(&path, gateway.key()).await;
        let outcome = kept?;
        one(match deleted {
            _ if outcome.status != Status::Pass => outcome,
            Ok(answer) if answer.is_success() => {
                Outcome { detail: format!("{}, and deleted", outcome.detail), ..outcome }
            }
            // The service that this one stands for cannot delete.
            Ok(answer) if matches!(answer.status, 404 | 405) => {
                Outcome { detail: format!("{}; it stays there", outcome.detail), ..outcome }
            }
            Ok(answer) => explain::wrong(gateway, "the session could not be deleted", &answer),
            Err(failure) => explain::no_answer(gateway, "the session could not be deleted", &failure),
        })
    }
}

async fn second_turn(gateway: &Gateway, body: &Value, session: &str) -> Result<Outcome, Box<Outcome>> {
    let second = gateway.post("the second turn of a session", CHAT, body).await?;
    let second = gateway.good("the second turn of a session", second)?;
    let read = gateway.post("reading the session", "/chat-history", &json!({"session_id": session})).await?;
    let read = gateway.good("reading the session", read)?;
    let outcome = match turns(&read.json()) {
        (2.., 2..) => Outcome::pass("two turns are kept, read back").of(&second),
        (asked, answered) => Outcome::fail(format!("of two turns, {asked} questions and {answered} answers are kept"))
            .of(&read)
            .next(gateway.middleware_logs(read.request_id().as_deref())),
    };
    Ok(gateway.served(outcome).await)
}

fn session(body: &Value, header: Option<&str>) -> Option<String> {
    body.get("session_id").and_then(Value::as_str).or(header).map(ToOwned::to_owned)
}

/// How many messages of a session are the user's, and how many the model's.
fn turns(body: &Value) -> (usize, usize) {
    let messages = body.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let of = |role: &str| {
        messages.iter().filter(|message| message.get("role").and_then(Value::as_str) == Some(role)).count()
    };
    (of("user"), of("assistant"))
}
