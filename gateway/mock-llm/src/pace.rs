//! Bodies that come token by token.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use futures::Stream;
use tokio::time::Sleep;

use super::answer::Words;
use super::call::Call;

/// Most tokens of one piece of a body: no client is sent more at once than fits into a few segments.
const MOST_AT_ONCE: u32 = 256;

/// What a stream consists of.
#[derive(Debug)]
pub(super) struct Script {
    /// What comes before the first token, together with it.
    pub head: Bytes,
    /// What stands before each token.
    pub before: Bytes,
    /// The tokens.
    pub words: Arc<Words>,
    /// What stands behind each token.
    pub after: Bytes,
    /// What comes after the last token, together with it.
    pub tail: Bytes,
}

/// A body that sends each token when it is due.
pub(super) fn body(script: Script, call: Call) -> Body {
    let gap = call.model().settings.tokens_per_second.map(|rate| 1.0 / rate);
    Body::from_stream(Paced { script, call: Some(call), sent: None, began: Instant::now(), gap, sleep: None })
}

struct Paced {
    script: Script,
    call: Option<Call>,
    /// Tokens that were sent; `None` before the head.
    sent: Option<u32>,
    began: Instant,
    /// Seconds from token to token.
    gap: Option<f64>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    /// How many tokens should have been sent by now. The first is due at once.
    fn due(&self, tokens: u32) -> u32 {
        let Some(gap) = self.gap else { return tokens };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive; as large as it gets")]
        let passed = (self.began.elapsed().as_secs_f64() / gap) as u32;
        passed.saturating_add(1).min(tokens)
    }

    /// The tokens up to a number, with what comes before and after all.
    fn piece(&mut self, due: u32, last: bool) -> Bytes {
        let Script { head, before, words, after, tail } = &self.script;
        let sent = self.sent.unwrap_or_default();
        let room = (due - sent) as usize * (before.len() + words.get(1).len() + after.len() + 16);
        let mut piece = Vec::with_capacity(head.len() + room + tail.len());
        if self.sent.is_none() {
            piece.extend_from_slice(head);
        }
        for number in sent..due {
            piece.extend_from_slice(before);
            piece.extend_from_slice(words.get(number));
            piece.extend_from_slice(after);
        }
        if last {
            piece.extend_from_slice(tail);
        }
        self.sent = Some(due);
        Bytes::from(piece)
    }
}

impl Stream for Paced {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Some(call) = &self.call else { return Poll::Ready(None) };
            let tokens = call.output_tokens;
            let sent = self.sent.unwrap_or_default();
            let due = self.due(tokens).min(sent + MOST_AT_ONCE);
            if self.sent.is_none() || due > sent || due == tokens {
                let last = due == tokens;
                let piece = self.piece(due, last);
                if last {
                    if let Some(call) = self.call.take() {
                        call.answered();
                    }
                } else if let Some(call) = &mut self.call {
                    call.sent(due);
                }
                return Poll::Ready(Some(Ok(piece)));
            }
            let next = self.began + Duration::from_secs_f64(f64::from(sent) * self.gap.unwrap_or_default());
            match &mut self.sleep {
                Some(sleep) if sleep.deadline().into_std() < next => sleep.as_mut().reset(next.into()),
                Some(_) => {}
                empty @ None => *empty = Some(Box::pin(tokio::time::sleep_until(next.into()))),
            }
            let Some(sleep) = &mut self.sleep else { return Poll::Ready(None) };
            if sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    }
}
