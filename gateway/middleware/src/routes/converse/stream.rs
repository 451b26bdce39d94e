//! The body of ConverseStream: chunks of LiteLLM in, frames out.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use hyper::body::{Body, Frame};

use crate::broken::Broken;
use crate::converse::stream::event::ExceptionKind;
use crate::converse::stream::frame::frame;
use crate::converse::stream::{Event, Translator};
use crate::error::Failure;
use crate::routes::kept::Kept;
use crate::sse::{self, Lines};
use crate::upstream::{AnswerBody, StreamError};

/// The frames of an answer.
pub struct Events {
    inner: AnswerBody,
    lines: Lines,
    translator: Translator,
    kept: Option<Kept>,
    began: Instant,
    broken: Broken,
    state: State,
}

enum State {
    Streaming,
    /// The turn is being written; the client gets the end when it is.
    Saving {
        writing: BoxFuture<'static, Result<(), Failure>>,
        last: Vec<Event>,
    },
    Ended,
}

impl Events {
    /// The frames of an answer whose chunks come from there.
    pub fn new(inner: AnswerBody, kept: Option<Kept>, guarded: bool, began: Instant) -> Self {
        let (lines, translator, broken) = (Lines::default(), Translator::new(guarded), Broken::default());
        Self { inner, lines, translator, kept, began, broken, state: State::Streaming }
    }

    /// What is set if they end with an exception.
    pub fn broken(&self) -> Broken {
        self.broken.clone()
    }

    /// Takes bytes of the stream.
    fn take(&mut self, data: &[u8], events: &mut Vec<Event>) {
        if self.lines.push(data).is_err() {
            let last = self.failed(ExceptionKind::InternalServer, "an event of the model's server is too long");
            return self.end(last, events);
        }
        while let Some(line) = self.lines.next_line() {
            if self.line(&line, events) {
                return;
            }
        }
    }

    /// Takes a line, and says whether it was the last.
    fn line(&mut self, line: &[u8], events: &mut Vec<Event>) -> bool {
        let Some(data) = sse::data(line) else { return false };
        if data == sse::DONE {
            let mut last = Vec::new();
            self.translator.done(self.began.elapsed(), &mut last);
            self.end(last, events);
            return true;
        }
        if let Some(kept) = &mut self.kept {
            kept.add(data);
        }
        let mut last = Vec::new();
        self.translator.data(data, &mut last);
        if self.translator.ended() {
            self.end(last, events);
            return true;
        }
        events.extend(last);
        false
    }

    /// The end of LiteLLM's body.
    fn over(&mut self, error: Option<StreamError>, events: &mut Vec<Event>) {
        if error.is_none()
            && let Some(rest) = self.lines.rest()
            && self.line(&rest, events)
        {
            return;
        }
        let mut last = Vec::new();
        match error {
            Some(StreamError::Timeout { seconds }) => {
                let message = format!("the model did not go on within {seconds} s");
                self.translator.fail(ExceptionKind::ModelStreamError, message, &mut last);
            }
            _ => self.translator.broken(self.began.elapsed(), &mut last),
        }
        self.end(last, events);
    }

    fn failed(&mut self, kind: ExceptionKind, message: &str) -> Vec<Event> {
        let mut last = Vec::new();
        self.translator.fail(kind, message, &mut last);
        last
    }

    /// Ends the stream. Whoever reads its end finds the turn in the session.
    fn end(&mut self, last: Vec<Event>, events: &mut Vec<Event>) {
        let cut = last.iter().any(|event| matches!(event, Event::Exception(_)));
        if cut {
            self.broken.set();
        }
        self.state = match self.kept.take() {
            Some(kept) => State::Saving { writing: kept.finish(cut), last },
            None => {
                events.extend(last);
                State::Ended
            }
        };
    }
}

/// The frames of events, in one piece.
fn frames(events: &[Event]) -> Bytes {
    let mut bytes = BytesMut::new();
    for event in events {
        match frame(event) {
            Ok(frame) => bytes.extend_from_slice(&frame),
            Err(error) => tracing::error!(%error, event = event.name(), "an event was lost"),
        }
    }
    bytes.freeze()
}

impl Body for Events {
    type Data = Bytes;
    // Every error is an event.
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        loop {
            let mut events = Vec::new();
            match &mut this.state {
                State::Ended => return Poll::Ready(None),
                State::Saving { writing, last } => {
                    let written = ready!(writing.as_mut().poll(context));
                    events = match written {
                        Ok(()) => std::mem::take(last),
                        Err(failure) => {
                            this.broken.set();
                            vec![Event::exception(ExceptionKind::ServiceUnavailable, failure.to_string())]
                        }
                    };
                    this.state = State::Ended;
                }
                State::Streaming => match ready!(Pin::new(&mut this.inner).poll_frame(context)) {
                    Some(Ok(frame)) => {
                        let Ok(data) = frame.into_data() else { continue };
                        this.take(&data, &mut events);
                    }
                    Some(Err(error)) => this.over(Some(error), &mut events),
                    None => this.over(None, &mut events),
                },
            }
            if !events.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(frames(&events)))));
            }
        }
    }
}
