//! Whether a model streams.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Value, json};

use super::super::answer::{header, message, request_id};
use super::super::check::{Check, Stage, Verdict, one};
use super::super::explain;
use super::super::gateway::{CHAT, Gateway};
use super::super::outcome::Outcome;
use super::super::sse::Events;
use crate::plan::count;

pub(super) struct Stream;

#[async_trait]
impl Check for Stream {
    fn name(&self) -> &'static str {
        "stream"
    }

    fn proves(&self) -> &'static str {
        "the model streams: a first token, chunks in order, one end, `[DONE]`"
    }

    fn stage(&self) -> Stage {
        Stage::Call
    }

    async fn run(&self, gateway: &Gateway) -> Verdict {
        if let Some(skip) = gateway.without_chat().await {
            return one(skip);
        }
        let mut body = gateway.chat().await?;
        body["stream"] = json!(true);
        body["stream_options"] = json!({"include_usage": true});
        body["disable_fallbacks"] = json!(true);
        let begun = Instant::now();
        let opened = gateway.client.open(CHAT, gateway.key(), &body).await;
        let mut response = opened.map_err(|failure| Box::new(explain::no_answer(gateway, "a stream", &failure)))?;
        if !response.status().is_success() {
            let answer = gateway.client.whole(response, begun).await;
            let answer = gateway.answered("a stream", answer)?;
            return one(explain::wrong(gateway, "a stream", &answer));
        }
        let headers = response.headers().clone();
        let request = request_id(&headers);
        let finish = |outcome: Outcome| Outcome {
            request_id: request.clone(),
            deployment: header(&headers, "x-litellm-model-id").map(ToOwned::to_owned),
            ..outcome
        };
        let failed = |detail: String| Box::new(finish(Outcome::fail(detail).next(gateway.logs(request.as_deref()))));
        if !header(&headers, "content-type").is_some_and(|kind| kind.starts_with("text/event-stream")) {
            let kind = header(&headers, "content-type").unwrap_or("no type");
            return Err(failed(format!("the answer is {kind}, and no stream of events")));
        }
        let mut reading = Reading::new(begun);
        let mut events = Events::default();
        loop {
            match gateway.client.part(&mut response).await {
                Ok(Some(part)) => {
                    for event in events.feed(&part) {
                        reading.take(&event).map_err(&failed)?;
                    }
                }
                Ok(None) => break,
                Err(failure) => {
                    return Err(failed(format!("the stream broke off after {}: {failure}", reading.so_far())));
                }
            }
        }
        let (first, words) = reading.end().map_err(failed)?;
        one(gateway.served(finish(Outcome::pass(words).took(first))).await)
    }
}

/// A stream, as far as it has come.
#[derive(Debug)]
struct Reading {
    begun: Instant,
    first: Option<Duration>,
    id: Option<String>,
    chunks: usize,
    finished: bool,
    /// Whether its tokens were used up.
    cut: bool,
    /// Tokens of the answer.
    spent: u64,
    done: bool,
}

impl Reading {
    fn new(begun: Instant) -> Self {
        Self { begun, first: None, id: None, chunks: 0, finished: false, cut: false, spent: 0, done: false }
    }

    fn so_far(&self) -> String {
        count(self.chunks, "chunk")
    }

    fn take(&mut self, event: &str) -> Result<(), String> {
        if self.done {
            return Err("something follows [DONE]".to_owned());
        }
        if event == "[DONE]" {
            self.done = true;
            return Ok(());
        }
        let chunk: Value = serde_json::from_str(event).map_err(|_| "a chunk is not JSON".to_owned())?;
        if chunk.get("error").is_some() {
            return Err(format!("an error after {}: {}", self.so_far(), message(event.as_bytes())));
        }
        self.chunks += 1;
        let id = chunk.get("id").and_then(Value::as_str).map(ToOwned::to_owned);
        if self.id.is_some() && id != self.id {
            return Err("chunks of two answers are mixed".to_owned());
        }
        self.id = id;
        let text = |name: &str| {
            let text = chunk.pointer(&format!("/choices/0/delta/{name}")).and_then(Value::as_str);
            text.is_some_and(|text| !text.is_empty())
        };
        if text("content") || text("reasoning_content") {
            if self.finished {
                return Err("text comes after the end of the answer".to_owned());
            }
            self.first.get_or_insert_with(|| self.begun.elapsed());
        }
        if let Some(reason) = chunk.pointer("/choices/0/finish_reason").filter(|reason| !reason.is_null()) {
            if self.finished {
                return Err("the answer ends twice".to_owned());
            }
            self.finished = true;
            self.cut = reason.as_str() == Some("length");
        }
        if let Some(spent) = chunk.pointer("/usage/completion_tokens").and_then(Value::as_u64) {
            self.spent = spent;
        }
        Ok(())
    }

    fn end(self) -> Result<(Duration, String), String> {
        if !self.done {
            return Err(format!("the stream ended after {} without [DONE]", self.so_far()));
        }
        let took = self.begun.elapsed();
        let Some(first) = self.first else {
            // A model that thinks first may have used its tokens up by then.
            if self.cut && self.spent > 0 {
                let words = format!("no text, {} tokens used up before it, {}", self.spent, self.so_far());
                return Ok((took, format!("{words} in {} ms", took.as_millis())));
            }
            return Err("the stream has no token".to_owned());
        };
        if !self.finished {
            return Err("no chunk says why the answer ends".to_owned());
        }
        let words = format!("first token after {} ms, {} in {} ms", first.as_millis(), self.so_far(), took.as_millis());
        Ok((first, words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(events: &[&str]) -> Result<(), String> {
        let mut reading = Reading::new(Instant::now());
        for event in events {
            reading.take(event)?;
        }
        reading.end().map(drop)
    }

    const TOKEN: &str = r#"{"id":"a","choices":[{"delta":{"content":"OK"}}]}"#;
    const END: &str = r#"{"id":"a","choices":[{"delta":{},"finish_reason":"stop"}]}"#;
    const USAGE: &str = r#"{"id":"a","choices":[],"usage":{"total_tokens":3}}"#;

    #[test]
    fn a_stream_has_tokens_an_end_and_done() {
        assert_eq!(read(&[TOKEN, END, USAGE, "[DONE]"]), Ok(()));
    }

    #[test]
    fn a_model_that_thinks_first_may_use_its_tokens_up() {
        let role = r#"{"id":"a","choices":[{"delta":{"role":"assistant"}}]}"#;
        let end = r#"{"id":"a","choices":[{"delta":{},"finish_reason":"length"}]}"#;
        let usage = r#"{"id":"a","choices":[],"usage":{"completion_tokens":8}}"#;
        assert_eq!(read(&[role, end, usage, "[DONE]"]), Ok(()));
        assert_eq!(read(&[role, end, "[DONE]"]).unwrap_err(), "the stream has no token");
        assert_eq!(read(&[role, END, usage, "[DONE]"]).unwrap_err(), "the stream has no token");
    }

    #[test]
    fn a_stream_that_is_cut_is_told() {
        assert_eq!(read(&[TOKEN, TOKEN]).unwrap_err(), "the stream ended after 2 chunks without [DONE]");
    }

    #[test]
    fn an_error_in_a_stream_is_told() {
        let error = r#"{"error":{"message":"Too many tokens"}}"#;
        assert_eq!(read(&[TOKEN, error]).unwrap_err(), "an error after 1 chunk: Too many tokens");
    }

    #[test]
    fn what_is_out_of_order_is_told() {
        assert_eq!(read(&[END, TOKEN, "[DONE]"]).unwrap_err(), "text comes after the end of the answer");
        assert_eq!(read(&[TOKEN, END, "[DONE]", TOKEN]).unwrap_err(), "something follows [DONE]");
        let other = TOKEN.replace("\"a\"", "\"b\"");
        assert_eq!(read(&[TOKEN, &other]).unwrap_err(), "chunks of two answers are mixed");
        assert_eq!(read(&[TOKEN, "[DONE]"]).unwrap_err(), "no chunk says why the answer ends");
    }
}
