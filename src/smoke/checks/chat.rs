//! Whether a model answers.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::check::{Check, Stage, Verdict, one};
use super::super::gateway::{CHAT, Gateway};
use super::super::outcome::Outcome;

pub(super) struct Chat;

#[async_trait]
impl Check for Chat {
    fn name(&self) -> &'static str {
        "chat"
    }

    fn proves(&self) -> &'static str {
        "the model answers a chat call itself, without a fallback"
    }

    fn stage(&self) -> Stage {
        Stage::Call
    }

    async fn run(&self, gateway: &Gateway) -> Verdict {
        if let Some(skip) = gateway.without_chat().await {
            return one(skip);
        }
        let mut body = gateway.chat().await?;
        body["disable_fallbacks"] = json!(true);
        let answer = gateway.post("a chat call", CHAT, &body).await?;
        let answer = gateway.good("a chat call", answer)?;
        let words = read(&answer).map_err(|wrong| {
            Box::new(Outcome::fail(wrong).of(&answer).next(gateway.logs(answer.request_id().as_deref())))
        })?;
        one(gateway.served(Outcome::pass(words).of(&answer)).await)
    }
}

/// What an answer says, in words; or what it lacks.
pub(super) fn read(answer: &Answer) -> Result<String, String> {
    let body = answer.json();
    let message = body.pointer("/choices/0/message").ok_or("the answer has no choice")?;
    let text = message.get("content").and_then(Value::as_str).unwrap_or_default();
    let finish = body.pointer("/choices/0/finish_reason").and_then(Value::as_str).unwrap_or_default();
    // A model that thinks first may have used its tokens up by then.
    if text.is_empty() && finish != "length" {
        return Err("the answer has no text".to_owned());
    }
    let tokens = |name: &str| body.pointer(&format!("/usage/{name}")).and_then(Value::as_u64);
    match (tokens("prompt_tokens"), tokens("completion_tokens")) {
        (Some(input), Some(output)) => Ok(format!("{input} tokens in, {output} out")),
        _ => Err("the answer does not say how many tokens it took".to_owned()),
    }
}
