//! A stream that is kept: forwarded event by event, and written to its session before the client is told that it is over.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use hyper::body::{Body, Frame};

use super::announce;
use crate::error::{Dialect, Failure};
use crate::request_id::RequestId;
use crate::routes::kept::Kept;
use crate::sse::{self, Lines};
use crate::upstream::{AnswerBody, StreamError};

/// The body of a streamed answer of a session.
pub struct Recorded {
    inner: AnswerBody,
    lines: Lines,
    /// The session's id, until the first chunk has told it.
    announce: Option<String>,
    /// The turn, until it is written.
    kept: Option<Kept>,
    state: State,
    id: RequestId,
}

enum State {
    Streaming,
    Saving(Saving),
    Ended,
}

/// The turn is being written.
struct Saving {
    writing: BoxFuture<'static, Result<(), Failure>>,
    /// What the client gets when it is written: `[DONE]`.
    last: Bytes,
    /// Why the stream ended, if it was cut.
    cut: Option<StreamError>,
}

impl Recorded {
    /// Forwards and keeps a stream.
    pub fn new(inner: AnswerBody, kept: Kept, id: RequestId) -> Self {
        let announce = Some(kept.session_id().to_owned());
        Self { inner, lines: Lines::default(), announce, kept: Some(kept), state: State::Streaming, id }
    }

    /// Takes bytes of the stream. Returns what the client gets now.
    fn take(&mut self, data: &[u8]) -> Bytes {
        let mut ready = BytesMut::with_capacity(data.len() + 64);
        if self.lines.push(data).is_err() {
            self.save(Bytes::new(), Some(StreamError::Encoding));
            return Bytes::new();
        }
        while let Some(line) = self.lines.next_line() {
            if sse::data(&line) == Some(sse::DONE) {
                // What follows is the empty line that ends the event.
                self.save(Bytes::from_static(b"data: [DONE]\n\n"), None);
                break;
            }
            ready.extend_from_slice(&self.pass(line));
        }
        ready.freeze()
    }

    /// Looks at a line that is forwarded.
    fn pass(&mut self, line: Bytes) -> Bytes {
        let Some(data) = sse::data(&line) else { return line };
        if let Some(kept) = &mut self.kept {
            kept.add(data);
        }
        if !data.starts_with(b"{") {
            return line;
        }
        let Some(session) = self.announce.take() else { return line };
        let at = line.iter().position(|&byte| byte == b'{').unwrap_or_default();
        let mut announced = BytesMut::from(&line[..at]);
        announced.extend_from_slice(&announce(&line[at..], &session));
        announced.freeze()
    }

    /// Begins to write the turn.
    fn save(&mut self, last: Bytes, cut: Option<StreamError>) {
        let Some(kept) = self.kept.take() else { return };
        self.state = State::Saving(Saving { writing: kept.finish(cut.is_some()), last, cut });
    }
}

impl Body for Recorded {
    type Data = Bytes;
    type Error = StreamError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Ended => return Poll::Ready(None),
                State::Saving(saving) => {
                    let written = ready!(saving.writing.as_mut().poll(context));
                    let (last, cut) = (std::mem::take(&mut saving.last), saving.cut);
                    this.state = State::Ended;
                    // The end of LiteLLM's body has mostly come by now: read, its connection is used again.
                    if cut.is_none() {
                        let _ = Pin::new(&mut this.inner).poll_frame(context);
                    }
                    return Poll::Ready(match (written, cut) {
                        (Err(failure), _) => {
                            let error = sse::event(&failure.body(Dialect::OpenAi, &this.id));
                            Some(Ok(Frame::data(error)))
                        }
                        (Ok(()), Some(cut)) => Some(Err(cut)),
                        (Ok(()), None) if last.is_empty() => None,
                        (Ok(()), None) => Some(Ok(Frame::data(last))),
                    });
                }
                State::Streaming => match ready!(Pin::new(&mut this.inner).poll_frame(context)) {
                    Some(Ok(frame)) => {
                        let Ok(data) = frame.into_data() else { continue };
                        let ready = this.take(&data);
                        if !ready.is_empty() {
                            return Poll::Ready(Some(Ok(Frame::data(ready))));
                        }
                    }
                    Some(Err(error)) => this.save(Bytes::new(), Some(error)),
                    None => {
                        let rest = this.lines.rest().map(|rest| this.pass(rest)).unwrap_or_default();
                        // Some servers end without `[DONE]`; whether the model had finished, its last chunk says.
                        let over = this.kept.as_ref().is_none_or(Kept::is_over);
                        this.save(rest, (!over).then_some(StreamError::Cut));
                    }
                },
            }
        }
    }
}
