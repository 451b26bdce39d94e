//! A client's connection, and how long it may stand still: in the middle of a request's head, or with an answer that it does
//! not take.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// Longest times.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the rest of a request's head, once its first byte is there.
    pub head: Duration,
    /// For a client to take the next bytes of an answer.
    pub answer: Duration,
}

/// The requests of a connection.
#[derive(Debug, Clone, Default)]
pub struct Requests(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    begun: AtomicUsize,
    ended: AtomicUsize,
}

impl Requests {
    /// Notes that the head of a request is there.
    pub fn begin(&self) {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that the answer to a request has ended.
    pub fn end(&self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }

    /// How many have begun, if none is under way.
    fn between(&self) -> Option<usize> {
        let begun = self.0.begun.load(Ordering::Relaxed);
        (begun == self.0.ended.load(Ordering::Relaxed)).then_some(begun)
    }
}

/// A connection that breaks when it stands still.
pub struct Watched {
    stream: TcpStream,
    requests: Requests,
    patience: Patience,
    /// How many requests had begun when bytes came that no request had yet.
    head: Option<usize>,
    reading: Timer,
    writing: Timer,
}

impl Watched {
    /// Watches a connection.
    pub fn new(stream: TcpStream, requests: Requests, patience: Patience) -> Self {
        Self { stream, requests, patience, head: None, reading: Timer::default(), writing: Timer::default() }
    }

    fn written<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        match written {
            Poll::Pending => self.writing.poll(self.patience.answer, context),
            ready => {
                self.writing.armed = false;
                ready
            }
        }
    }
}

/// A deadline, made when it is first waited for and kept: a timer that is moved is cheaper than a new one.
#[derive(Debug, Default)]
struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    armed: bool,
}

impl Timer {
    /// Fails when the time is over that was given when waiting began.
    fn poll<T>(&mut self, time: Duration, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(time)));
        if !self.armed {
            sleep.as_mut().reset(Instant::now() + time);
            self.armed = true;
        }
        sleep.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        let between = this.requests.between();
        if read.is_ready() {
            if buffer.filled().len() > before && this.head.is_none() {
                this.head = between;
            }
            return read;
        }
        if this.head.is_some() && this.head == between {
            return this.reading.poll(this.patience.head, context);
        }
        this.head = None;
        this.reading.armed = false;
        Poll::Pending
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const SHORT: Duration = Duration::from_millis(200);

    /// A connection with its other end.
    async fn pair(requests: &Requests) -> (Watched, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let other = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
        let (stream, _) = listener.accept().await.expect("a connection");
        (Watched::new(stream, requests.clone(), Patience { head: SHORT, answer: SHORT }), other)
    }

    /// Reads once, as a server does that waits for more.
    async fn read(watched: &mut Watched) -> Option<io::Result<usize>> {
        let mut buffer = [0; 64];
        tokio::time::timeout(5 * SHORT, watched.read(&mut buffer)).await.ok()
    }

    #[tokio::test]
    async fn half_a_head_is_not_waited_for_and_the_next_request_is() {
        let requests = Requests::default();
        let (mut watched, mut other) = pair(&requests).await;
        assert!(read(&mut watched).await.is_none(), "nothing has begun");
        other.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("written");
        assert!(read(&mut watched).await.expect("bytes").is_ok());
        requests.begin();
        requests.end();
        assert!(read(&mut watched).await.is_none(), "a connection may be idle");
        other.write_all(b"GET / HT").await.expect("written");
        assert!(read(&mut watched).await.expect("bytes").is_ok());
        let error = read(&mut watched).await.expect("an end").expect_err("half a head");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_body_is_no_head() {
        let requests = Requests::default();
        let (mut watched, mut other) = pair(&requests).await;
        requests.begin();
        other.write_all(b"{").await.expect("written");
        assert!(read(&mut watched).await.expect("bytes").is_ok());
        assert!(read(&mut watched).await.is_none());
    }

    #[tokio::test]
    async fn who_takes_nothing_is_not_waited_for_and_who_takes_little_is() {
        let (mut watched, mut other) = pair(&Requests::default()).await;
        let much = vec![b'x'; 64 * 1024];
        let slow = tokio::spawn(async move {
            let mut buffer = vec![0; 1024 * 1024];
            for _ in 0..20 {
                tokio::time::sleep(SHORT / 4).await;
                let _ = other.read(&mut buffer).await;
            }
            other
        });
        let begun = std::time::Instant::now();
        let error = loop {
            if let Err(error) = watched.write_all(&much).await {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() >= 5 * SHORT, "as long as something was taken: {:?}", begun.elapsed());
        drop(slow.await.expect("no panic"));
    }
}
