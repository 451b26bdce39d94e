//! Request bodies, within bounds: of each, of all together, and of time.

mod deadline;
mod share;

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Body as _;

pub use self::deadline::{Deadline, TooSlow};
pub use self::share::{Memory, Share};
use crate::config::Config;
use crate::error::Failure;

/// Reads request bodies and counts the bytes that are held.
#[derive(Debug, Clone)]
pub struct Intake {
    limit: usize,
    memory: Memory,
    timeout: Duration,
}

/// A body that was read. Keep it until LiteLLM has it, or has what was made of it: its bytes count until it is dropped.
#[derive(Debug)]
pub struct Held {
    bytes: Bytes,
    share: Share,
}

impl Held {
    /// The body.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The share of the memory, for what belongs to the request beside its body.
    pub fn share(&mut self) -> &mut Share {
        &mut self.share
    }

    /// Gives the body up for what was made of it, which counts until LiteLLM has it. The share that is left counts `kept`
    /// bytes, of what is still needed when LiteLLM answers.
    pub fn replace(self, made: String, kept: usize) -> (Bytes, Share) {
        let Self { bytes, mut share } = self;
        drop(bytes);
        let made = share.split(made.len()).hold(made);
        share.shrink_to(kept);
        (made, share)
    }
}

impl Intake {
    /// An intake with the limits of a configuration.
    pub fn new(config: &Config) -> Self {
        let memory = Memory::new(config.body_memory);
        Self { limit: config.body_limit, memory, timeout: config.body_timeout }
    }

    /// Most bytes of one body.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Bytes that are held now.
    pub fn held(&self) -> usize {
        self.memory.held()
    }

    /// A share of the memory, for what has no request body.
    pub fn share(&self) -> Share {
        self.memory.share()
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

    /// A body that is not read here, within the same bounds of size and time.
    ///
    /// # Errors
    /// [`Failure::TooLarge`] if it announces that it is.
    pub fn pass(&self, headers: &HeaderMap, body: Body) -> Result<Body, Failure> {
        self.check(headers)?;
        Ok(Body::new(Limited::new(Deadline::new(body, self.timeout), self.limit)))
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
        let mut share = self.memory.share();
        // Most bodies are one piece, which is then kept as it is.
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while !body.is_end_stream() {
            let Some(frame) = body.frame().await else { break };
            let Ok(data) = frame.map_err(|_| Failure::BodyCut)?.into_data() else { continue };
            if share.bytes().saturating_add(data.len()) > self.limit {
                return Err(Failure::TooLarge { limit: self.limit });
            }
            share.grow(data.len())?;
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
        Ok(Held { bytes, share })
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    fn intake(limit: usize, memory: usize) -> Intake {
        Intake { limit, memory: Memory::new(memory), timeout: Duration::from_millis(50) }
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
