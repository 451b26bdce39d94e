//! A body that passes as it comes, but has to be there in time.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};

/// The body did not arrive in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body did not arrive within {seconds} s")]
pub struct TooSlow {
    /// How long was waited.
    pub seconds: u64,
}

/// A body with an end to the wait for it.
pub struct Deadline {
    body: Body,
    time: Duration,
    until: Instant,
    /// Most bodies are there when they are asked for: a timer is made for those that are waited for.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    /// A body that fails with [`TooSlow`] if it is not there after that time.
    pub fn new(body: Body, time: Duration) -> Self {
        Self { body, time, until: Instant::now() + time, timer: None }
    }
}

impl hyper::body::Body for Deadline {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            return Poll::Ready(frame);
        }
        let until = this.until;
        let timer = this.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        ready!(timer.as_mut().poll(context));
        Poll::Ready(Some(Err(axum::Error::new(TooSlow { seconds: this.time.as_secs() }))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use http_body_util::BodyExt as _;
    use hyper::body::Body as _;

    use super::*;

    #[tokio::test]
    async fn a_body_that_trickles_ends_at_the_deadline() {
        let drops = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((Ok::<_, std::io::Error>("a"), ()))
        });
        let mut body = Deadline::new(Body::from_stream(drops), Duration::from_millis(50));
        let mut pieces = 0;
        let error = loop {
            match body.frame().await.expect("a frame") {
                Ok(_) => pieces += 1,
                Err(error) => break error,
            }
        };
        assert!(error.into_inner().is::<TooSlow>());
        assert!(pieces <= 2, "{pieces}");
    }

    #[tokio::test]
    async fn a_body_that_is_there_passes_with_its_length() {
        let body = Deadline::new(Body::from("abc"), Duration::ZERO);
        assert_eq!(body.size_hint().exact(), Some(3));
        assert_eq!(body.collect().await.expect("a body").to_bytes(), "abc");
    }
}
