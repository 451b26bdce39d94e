//! What is left of a request body that nobody reads on.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, SizeHint};

/// Longest time that the rest of a body is read for nobody.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest wait for its next bytes: who has nothing more to send reads the answer.
const PAUSE: Duration = Duration::from_secs(1);

/// A request body. What is left of it when it is dropped is read and thrown away, within bounds: a client that is refused may
/// send all of it before it reads the answer, and an answer is lost where a connection is closed on bytes that nobody has read.
pub struct Rest<B: Body<Data = Bytes> + Send + Unpin + 'static> {
    /// The body, until it has ended.
    body: Option<B>,
    /// Most bytes that are thrown away.
    limit: usize,
    /// Whether the client sends it. It may wait until it is told that somebody reads.
    sent: bool,
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> Rest<B> {
    /// A body. `waits` is a client's that sends nothing before it is told to.
    pub fn new(body: B, limit: usize, waits: bool) -> Self {
        Self { body: Some(body), limit, sent: !waits }
    }
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> Body for Rest<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        this.sent = true;
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            this.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or(SizeHint::with_exact(0), Body::size_hint)
    }
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> Drop for Rest<B> {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| self.sent && !body.is_end_stream()) else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let discarded = discard(body, self.limit);
            runtime.spawn(async move { drop(tokio::time::timeout(PATIENCE, discarded).await) });
        }
    }
}

/// Reads a body to its end, until nothing more comes, or until more than `limit` bytes have come.
async fn discard<B: Body<Data = Bytes> + Unpin>(mut body: B, limit: usize) {
    let mut come = 0;
    while come <= limit
        && let Ok(Some(Ok(frame))) = tokio::time::timeout(PAUSE, body.frame()).await
    {
        come += frame.data_ref().map_or(0, Bytes::len);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::{StreamExt as _, stream};
    use http_body_util::StreamBody;

    use super::*;

    type Piece = Result<Frame<Bytes>, std::io::Error>;

    fn piece() -> Piece {
        Ok(Frame::data(Bytes::from_static(b"abcd")))
    }

    /// How many of ten pieces of four bytes are read of a body that is dropped after its first.
    async fn read(limit: usize, waits: bool, polled: bool) -> usize {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let pieces = stream::iter(0..10).map(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            piece()
        });
        let mut body = Rest::new(StreamBody::new(pieces), limit, waits);
        if polled {
            assert!(body.frame().await.is_some());
        }
        drop(body);
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        count.load(Ordering::SeqCst)
    }

    #[tokio::test]
    async fn the_rest_of_a_body_is_read_when_nobody_does() {
        assert_eq!(read(1000, false, true).await, 10);
        assert_eq!(read(1000, false, false).await, 10);
    }

    #[tokio::test]
    async fn no_more_of_it_is_read_than_the_limit() {
        assert_eq!(read(8, false, false).await, 3);
    }

    #[tokio::test]
    async fn nothing_is_asked_for_that_the_client_has_not_begun_to_send() {
        assert_eq!(read(1000, true, false).await, 0);
        assert_eq!(read(1000, true, true).await, 10);
    }

    #[tokio::test]
    async fn a_body_that_does_not_go_on_is_waited_for_a_moment() {
        let stands_still = StreamBody::new(stream::iter([piece()]).chain(stream::pending()));
        let discarded = discard(stands_still, 1000);
        assert!(tokio::time::timeout(PATIENCE, discarded).await.is_ok());
    }
}
