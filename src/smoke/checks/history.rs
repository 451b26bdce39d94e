//! Whether chat sessions are kept.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::super::check::{Check, Stage, Verdict, one};
use super::super::gateway::{CHAT, Gateway};
use super::super::outcome::Outcome;

pub(super) struct History;

#[async_trait]
impl Check for History {
    fn name(&self) -> &'static str {
        "history"
    }

    fn proves(&self) -> &'static str {
        "a chat session is kept over two turns and read back"
    }

    fn stage(&self) -> Stage {
        Stage::Call
    }

    fn limit(&self, call: std::time::Duration) -> std::time::Duration {
        call * 5
    }

    async fn run(&self, gateway: &Gateway) -> Verdict {
        if gateway.expected.history == Some(false) {
            return one(Outcome::skip("the spec keeps no chat sessions (`gateway.middleware.chat_history`)"));
        }
        if let Some(skip) = gateway.without_middleware().await {
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
            return one(outcome.next(gateway.middleware_logs()));
        };
        body["session_id"] = json!(session);
        let second = gateway.post("the second turn of a session", CHAT, &body).await?;
        let second = gateway.good("the second turn of a session", second)?;
        let read = gateway.post("reading the session", "/chat-history", &json!({"session_id": session})).await?;
        let read = gateway.good("reading the session", read)?;
        let outcome = match turns(&read.json()) {
            (2.., 2..) => Outcome::pass("two turns are kept and read back").of(&second),
            (asked, answered) => {
                Outcome::fail(format!("of two turns, {asked} questions and {answered} answers are kept"))
                    .of(&read)
                    .next(gateway.middleware_logs())
            }
        };
        one(gateway.served(outcome).await)
    }
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
