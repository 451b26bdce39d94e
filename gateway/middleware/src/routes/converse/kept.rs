//! A turn of a session, from the request to the end of the answer.

use axum::http::HeaderValue;
use futures::future::BoxFuture;

use crate::error::Failure;
use crate::history::Turn;
use crate::history::assembly::Assembly;
use crate::telemetry::metrics::{Metrics, TurnOutcome};

/// A turn that is kept. Dropped before its end, it is written as far as it went: the client is gone.
pub struct Kept {
    turn: Option<(Turn, Vec<String>)>,
    session: String,
    assembly: Assembly,
    metrics: Metrics,
}

impl Kept {
    /// A turn with the messages of the request.
    pub fn new(turn: Turn, messages: Vec<String>, metrics: Metrics) -> Self {
        let session = turn.session_id().to_owned();
        Self { turn: Some((turn, messages)), session, assembly: Assembly::default(), metrics }
    }

    /// Id of the session.
    pub fn session_id(&self) -> &str {
        &self.session
    }

    /// Id of the session, as a header.
    pub fn header(&self) -> Result<HeaderValue, Failure> {
        HeaderValue::from_str(&self.session).map_err(|_| Failure::Internal)
    }

    /// Makes the session, before the client learns its id.
    pub async fn open(&self) -> Result<(), Failure> {
        match &self.turn {
            Some((turn, _)) => turn.open().await,
            None => Ok(()),
        }
    }

    /// Writes the turn with an answer that came at once.
    pub async fn whole(mut self, message: Option<String>) -> Result<(), Failure> {
        let Some((turn, mut messages)) = self.turn.take() else { return Ok(()) };
        messages.extend(message);
        let written = turn.finish(messages).await;
        self.metrics.turn(if written.is_ok() { TurnOutcome::Saved } else { TurnOutcome::Failed });
        written
    }

    /// Takes a chunk of a stream.
    pub fn add(&mut self, chunk: &[u8]) {
        self.assembly.add(chunk);
    }

    /// Writes the turn when the stream is over, whole or cut.
    pub fn finish(mut self, cut: bool) -> BoxFuture<'static, Result<(), Failure>> {
        let Some((turn, mut messages)) = self.turn.take() else { return Box::pin(async { Ok(()) }) };
        let message = if cut { self.assembly.partial() } else { self.assembly.message() };
        // The client is told of the failure and asks again: its messages would be there twice.
        if message.is_none() && cut {
            messages.clear();
        }
        messages.extend(message);
        let metrics = self.metrics.clone();
        Box::pin(async move {
            let written = turn.finish(messages).await;
            metrics.turn(match (&written, cut) {
                (Err(_), _) => TurnOutcome::Failed,
                (Ok(()), true) => TurnOutcome::Partial,
                (Ok(()), false) => TurnOutcome::Saved,
            });
            written
        })
    }

    /// Whether anything has come of the answer.
    fn has_begun(&self) -> bool {
        self.assembly.finish_reason().is_some() || self.assembly.partial().is_some()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // A request that LiteLLM refused is no turn.
        if !self.has_begun() {
            return;
        }
        let Some((turn, mut messages)) = self.turn.take() else { return };
        messages.extend(self.assembly.partial());
        self.metrics.turn(TurnOutcome::Partial);
        turn.leave(messages);
    }
}
