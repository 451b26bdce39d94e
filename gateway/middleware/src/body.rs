//! Request bodies, within bounds: of each, of all together, and of time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;

use crate::config::Config;
use crate::error::Failure;

/// Reads request bodies and counts the bytes that are held.
#[derive(Debug, Clone)]
pub struct Intake {
    limit: usize,
    memory: usize,
    timeout: Duration,
    held: Arc<AtomicUsize>,
}

/// A share of the memory for bodies, given back when dropped.
#[derive(Debug)]
struct Share {
    held: Arc<AtomicUsize>,
    bytes: usize,
}

impl Share {
    fn grow(&mut self, bytes: usize, memory: usize) -> Result<(), Failure> {
        let before = self.held.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
        // A body that is alone may be larger than the memory for all: its own limit bounds it.
        let alone = before + bytes == self.bytes;
        if before.saturating_add(bytes) > memory && !alone { Err(Failure::Busy) } else { Ok(()) }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A body that was read. Keep it until LiteLLM has it: its bytes count until it is dropped.
#[derive(Debug)]
pub struct Held {
    bytes: Bytes,
    _share: Share,
}

impl Held {
    /// The body.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

impl Intake {
    /// An intake with the limits of a configuration.
    pub fn new(config: &Config) -> Self {
        Self {
            limit: config.body_limit,
            memory: config.body_memory,
            timeout: config.body_timeout,
            held: Arc::default(),
        }
    }

    /// Most bytes of one body.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Bytes that are held now.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Whether the length that the headers announce is too much.
    ///
    /// # Errors
    /// [`Failure::TooLarge`].
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > self.limit) {
            return Err(Failure::TooLarge { limit: self.limit });
        }
        Ok(())
    }

    /// Reads a whole body.
    ///
    /// # Errors
    /// If it is too large, too slow, cut, or if other bodies have all the memory.
    pub async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Held, Failure> {
        self.check(headers)?;
        match tokio::time::timeout(self.timeout, self.collect(body)).await {
            Ok(held) => held,
            Err(_) => Err(Failure::BodyTimeout { seconds: self.timeout.as_secs() }),
        }
    }

    async fn collect(&self, mut body: Body) -> Result<Held, Failure> {
        let mut share = Share { held: Arc::clone(&self.held), bytes: 0 };
        // Most bodies are one piece, which is then kept as it is.
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while !body.is_end_stream() {
            let Some(frame) = body.frame().await else { break };
            let Ok(data) = frame.map_err(|_| Failure::BodyCut)?.into_data() else { continue };
            if share.bytes.saturating_add(data.len()) > self.limit {
                return Err(Failure::TooLarge { limit: self.limit });
            }
            share.grow(data.len(), self.memory)?;
            if first.is_empty() {
                first = data;
            } else {
                if rest.is_empty() {
                    rest.extend_from_slice(&first);
                }
                rest.extend_from_slice(&data);
            }
        }
        let bytes = if rest.is_empty() { first } else { rest.freeze() };
        Ok(Held { bytes, _share: share })
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    fn intake(limit: usize, memory: usize) -> Intake {
        Intake { limit, memory, timeout: Duration::from_millis(50), held: Arc::default() }
    }

    fn pieces(pieces: &[&'static str]) -> Body {
        let pieces: Vec<Result<&'static str, std::io::Error>> = pieces.iter().copied().map(Ok).collect();
        Body::from_stream(stream::iter(pieces))
    }

    async fn read(intake: &Intake, body: Body) -> Result<Held, Failure> {
        intake.read(&HeaderMap::new(), body).await
    }

    #[tokio::test]
    async fn pieces_become_one_body() {
        let held = read(&intake(10, 10), pieces(&["ab", "", "cd", "e"])).await.expect("a body");
        assert_eq!(held.bytes().as_ref(), b"abcde");
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_also_without_an_announced_length() {
        let refused = read(&intake(4, 100), pieces(&["ab", "cde"])).await.map(|_| ());
        assert_eq!(refused, Err(Failure::TooLarge { limit: 4 }));
    }

    #[tokio::test]
    async fn bodies_share_their_memory_and_give_it_back() {
        let intake = intake(10, 10);
        let held = read(&intake, pieces(&["abcdefgh"])).await.expect("a body");
        assert_eq!(read(&intake, pieces(&["abc"])).await.map(|_| ()), Err(Failure::Busy));
        drop(held);
        assert!(read(&intake, pieces(&["abc"])).await.is_ok());
        assert_eq!(intake.held(), 0);
    }

    #[tokio::test]
    async fn a_body_that_stops_arriving_is_given_up() {
        let never = Body::from_stream(stream::pending::<Result<&'static str, std::io::Error>>());
        assert!(matches!(read(&intake(10, 10), never).await, Err(Failure::BodyTimeout { .. })));
    }
}
