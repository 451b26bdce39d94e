//! An answer of LiteLLM.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, Response, StatusCode};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};

use super::decoder::Decoder;
use crate::error::Failure;

/// Largest answer that is not streamed and has to be read.
pub const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// Why a body ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// The connection broke.
    #[error("the answer was cut")]
    Cut,
    /// Nothing came for too long.
    #[error("nothing came for {seconds} s")]
    Timeout {
        /// How long was waited.
        seconds: u64,
    },
    /// It is not in the encoding that it says.
    #[error("the answer's encoding is broken")]
    Encoding,
}

impl From<StreamError> for Failure {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Cut => Self::UpstreamUnreachable,
            StreamError::Timeout { seconds } => Self::UpstreamTimeout { seconds },
            StreamError::Encoding => Self::UpstreamInvalid,
        }
    }
}

/// An answer: its head, and its body as a stream.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// All headers. [`crate::headers::for_client`] picks what a client sees.
    pub headers: HeaderMap,
    /// Body, decoded.
    pub body: AnswerBody,
}

impl Answer {
    pub(super) fn new(response: Response<Incoming>, timeout: Duration) -> Result<Self, Failure> {
        let (parts, inner) = response.into_parts();
        let decoder = match parts.headers.get(CONTENT_ENCODING) {
            None => None,
            Some(encoding) => Decoder::new(encoding.as_bytes()).map_err(|()| {
                tracing::warn!(?encoding, "LiteLLM answered in an encoding that nobody asked for");
                Failure::UpstreamInvalid
            })?,
        };
        let body = AnswerBody { inner, timeout, waiting: None, decoder };
        Ok(Self { status: parts.status, headers: parts.headers, body })
    }

    /// Whether it is a stream of events.
    pub fn is_event_stream(&self) -> bool {
        let content_type = self.headers.get(CONTENT_TYPE).map(axum::http::HeaderValue::as_bytes);
        content_type.is_some_and(|value| value.starts_with(b"text/event-stream"))
    }

    /// The whole body.
    ///
    /// # Errors
    /// If it is cut, slow, or longer than `limit` bytes.
    pub async fn collect(self, limit: usize) -> Result<Bytes, Failure> {
        let mut body = self.body;
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            if whole.len() + data.len() > limit {
                return Err(Failure::UpstreamInvalid);
            }
            if whole.is_empty() && body.is_end_stream() {
                return Ok(data);
            }
            whole.extend_from_slice(&data);
        }
        Ok(whole.freeze())
    }
}

/// The body of an answer. It fails if no next part comes in time.
#[derive(Debug)]
pub struct AnswerBody {
    inner: Incoming,
    timeout: Duration,
    /// The deadline of the next part. Kept between waits: a timer that is moved is cheaper than a new one.
    waiting: Option<Waiting>,
    decoder: Option<Decoder>,
}

#[derive(Debug)]
struct Waiting {
    timer: Pin<Box<Sleep>>,
    armed: bool,
}

impl AnswerBody {
    /// Whether the time for the next part is over.
    fn poll_timeout(&mut self, context: &mut Context<'_>) -> Poll<StreamError> {
        let timeout = self.timeout;
        let waiting =
            self.waiting.get_or_insert_with(|| Waiting { timer: Box::pin(tokio::time::sleep(timeout)), armed: true });
        if !waiting.armed {
            waiting.timer.as_mut().reset(Instant::now() + timeout);
            waiting.armed = true;
        }
        ready!(waiting.timer.as_mut().poll(context));
        Poll::Ready(StreamError::Timeout { seconds: timeout.as_secs() })
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = StreamError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        let this = &mut *self;
        loop {
            let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(context) else {
                return this.poll_timeout(context).map(|error| Some(Err(error)));
            };
            if let Some(waiting) = &mut this.waiting {
                waiting.armed = false;
            }
            let Some(frame) = frame else {
                let rest = this.decoder.take().map(Decoder::finish).transpose().map_err(|()| StreamError::Encoding);
                return match rest {
                    Ok(Some(rest)) if !rest.is_empty() => Poll::Ready(Some(Ok(Frame::data(rest)))),
                    Ok(_) => Poll::Ready(None),
                    Err(error) => Poll::Ready(Some(Err(error))),
                };
            };
            let frame = frame.map_err(|_| StreamError::Cut);
            let Some(decoder) = &mut this.decoder else { return Poll::Ready(Some(frame)) };
            match frame.map(Frame::into_data) {
                Err(error) => return Poll::Ready(Some(Err(error))),
                // Trailers tell nothing that is passed on.
                Ok(Err(_)) => {}
                Ok(Ok(data)) => match decoder.decode(&data) {
                    Ok(decoded) if decoded.is_empty() => {}
                    Ok(decoded) => return Poll::Ready(Some(Ok(Frame::data(decoded)))),
                    Err(()) => return Poll::Ready(Some(Err(StreamError::Encoding))),
                },
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.decoder.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.decoder.is_some() { SizeHint::default() } else { self.inner.size_hint() }
    }
}
