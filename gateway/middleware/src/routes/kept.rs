//! A turn of a session, from the request to the end of the answer.

use axum::http::HeaderValue;
use futures::future::BoxFuture;

use crate::body::Share;
use crate::error::Failure;
use crate::history::Turn;
use crate::history::assembly::Assembly;
use crate::telemetry::metrics::{Metrics, TurnOutcome};

/// A turn that is kept. Dropped before its end, it is written as far as it went: the client is gone.
///
/// Nothing is kept of a turn without a word of the answer: the client asks again, and its messages would be there twice.
pub struct Kept {
    turn: Option<(Turn, Vec<String>)>,
    session: String,
    assembly: Assembly,
    /// For the messages of the request.
    share: Option<Share>,
    metrics: Metrics,
}

impl Kept {
    /// A turn with the messages of the request, and the share of the memory that they take.
    pub fn new(turn: Turn, messages: Vec<String>, share: Share, metrics: Metrics) -> Self {
        let session = turn.session_id().to_owned();
        Self { turn: Some((turn, messages)), session, assembly: Assembly::default(), share: Some(share), metrics }
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
    pub async fn open(&mut self) -> Result<(), Failure> {
        match &mut self.turn {
            Some((turn, _)) => turn.open().await,
            None => Ok(()),
        }
    }

    /// Writes the turn with an answer that came at once. Says whether there was anything to keep.
    pub async fn whole(mut self, message: Option<String>) -> Result<bool, Failure> {
        let kept = message.is_some();
        if !kept {
            tracing::warn!("an answer without a message is not kept in its session");
        }
        self.write(message, TurnOutcome::Saved).await.map(|()| kept)
    }

    /// Takes a chunk of a stream.
    pub fn add(&mut self, chunk: &[u8]) {
        self.assembly.add(chunk);
    }

    /// Whether the stream has told how it ended: why the model stopped, or of an error.
    pub fn is_over(&self) -> bool {
        self.assembly.finish_reason().is_some() || self.assembly.has_failed()
    }

    /// Writes the turn when the stream is over, whole or cut. It is begun at once: whoever waits for its end may go away.
    pub fn finish(mut self, cut: bool) -> BoxFuture<'static, Result<(), Failure>> {
        match cut || self.assembly.has_failed() {
            true => self.write(self.assembly.partial(), TurnOutcome::Partial),
            false => self.write(self.assembly.message(), TurnOutcome::Saved),
        }
    }

    /// Begins to write the turn with a message of the model, if there is one.
    fn write(&mut self, message: Option<String>, outcome: TurnOutcome) -> BoxFuture<'static, Result<(), Failure>> {
        let Some((turn, mut messages)) = self.turn.take() else { return Box::pin(async { Ok(()) }) };
        let Some(message) = message else {
            self.metrics.turn(TurnOutcome::Empty);
            return Box::pin(async { Ok(()) });
        };
        messages.push(message);
        let (metrics, share) = (self.metrics.clone(), self.share.take());
        Box::pin(turn.finish(messages, move |written| {
            drop(share);
            metrics.turn(if written.is_ok() { outcome } else { TurnOutcome::Failed });
        }))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if self.turn.is_none() {
            return;
        }
        if let Some(message) = self.assembly.partial() {
            // Nobody waits for it.
            drop(self.write(Some(message), TurnOutcome::Partial));
        }
    }
}
