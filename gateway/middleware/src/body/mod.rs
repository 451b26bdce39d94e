//! Request bodies, within bounds: of each, of all together, and of time.

mod deadline;
mod rest;
mod share;

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Body as _;
use tokio::time::Instant;

pub use self::deadline::{Deadline, TooSlow};
pub use self::rest::Rest;
pub use self::share::{Memory, Share};
use crate::config::Config;
use crate::error::Failure;
use crate::places::Place;

/// Bytes up to which a body is small: it is read, and its JSON taken apart, before anybody is asked whose it is.
pub const SMALL: usize = 64 * 1024;
/// How many bytes the largest request may take for each of the largest body: the body, what is made of it, the session, and
/// both once more on their way to LiteLLM.
const LARGEST_REQUEST: usize = 5;
/// Longest time for a small body to arrive before it is asked whose it is: most are there with their head.
const PATIENCE: Duration = Duration::from_secs(1);

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

    /// Both, each by itself.
    pub fn parts(&mut self) -> (&Bytes, &mut Share) {
        (&self.bytes, &mut self.share)
    }

    /// Gives the body up for its share.
    pub fn into_share(self) -> Share {
        self.share
    }

    /// Gives the body up for what was made of it, which counts until LiteLLM has it. The share that is left counts `kept`
    /// bytes, of what is still needed when LiteLLM answers.
    pub fn replace(self, made: String, kept: usize) -> (Bytes, Share) {
        let Self { bytes, share } = self;
        drop(bytes);
        share.replace(made, kept)
    }
}

impl Intake {
    /// An intake with the limits of a configuration.
    pub fn new(config: &Config) -> Self {
        let memory = Memory::new(config.body_memory, config.body_limit.saturating_mul(LARGEST_REQUEST));
        let memory = memory.bounded_per_key(config.key_memory_percent);
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

    /// Whether the headers announce a body that can be taken.
    ///
    /// # Errors
    /// [`Failure::TooLarge`], or [`Failure::Encoded`] for one that is compressed.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Failure> {
        if announced(headers) > self.limit {
            return Err(Failure::TooLarge { limit: self.limit });
        }
        match headers.get(CONTENT_ENCODING) {
            Some(encoding) if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => Err(Failure::Encoded),
            _ => Ok(()),
        }
    }

    /// A body that is not read here, within the same bounds of size and time.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn pass(&self, headers: &HeaderMap, body: Body) -> Result<Body, Failure> {
        self.check(headers)?;
        Ok(Body::new(Limited::new(Deadline::new(body, self.timeout), self.limit)))
    }

    /// Reads a whole body, of the key whose place it is. One that is large, or slow, is read to its end only if `admit` lets it
    /// in.
    ///
    /// # Errors
    /// If it is too large, too slow, cut, not let in, or if other bodies have all the memory, or all that its key may have.
    pub async fn read(
        &self,
        place: Option<&Place>,
        headers: &HeaderMap,
        mut body: Body,
        admit: impl Future<Output = Result<(), Failure>>,
    ) -> Result<Held, Failure> {
        self.check(headers)?;
        let announced = announced(headers);
        let share = self.memory.share_of(place.cloned());
        let mut reading = Reading { share, first: Bytes::new(), rest: BytesMut::new(), announced };
        let (begun, slow) = (Instant::now(), Failure::BodyTimeout { seconds: self.timeout.as_secs() });
        if announced <= SMALL {
            let whole = reading.read(&mut body, SMALL, self.limit);
            match tokio::time::timeout(PATIENCE.min(self.timeout), whole).await {
                Ok(Ok(true)) => return Ok(reading.finish()),
                Ok(Ok(false)) => {}
                Ok(Err(failure)) => return Err(failure),
                Err(_) if self.timeout <= PATIENCE => return Err(slow),
                Err(_) => {}
            }
        }
        admit.await?;
        match tokio::time::timeout_at(begun + self.timeout, reading.read(&mut body, self.limit, self.limit)).await {
            Ok(read) => read.map(|_| reading.finish()),
            Err(_) => Err(slow),
        }
    }
}

/// The length that the headers announce; none is 0.
fn announced(headers: &HeaderMap) -> usize {
    let Some(length) = headers.get(CONTENT_LENGTH) else { return 0 };
    length.to_str().ok().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// A body of which some has come.
struct Reading {
    share: Share,
    /// Most bodies are one piece, which is then kept as it is.
    first: Bytes,
    /// All pieces, if there are several.
    rest: BytesMut,
    announced: usize,
}

impl Reading {
    /// Reads until the body is whole, and then says so, or until more than `pause` bytes of it are there.
    async fn read(&mut self, body: &mut Body, pause: usize, limit: usize) -> Result<bool, Failure> {
        while !body.is_end_stream() {
            if self.share.bytes() > pause {
                return Ok(false);
            }
            let Some(frame) = body.frame().await else { break };
            let Ok(data) = frame.map_err(|_| Failure::BodyCut)?.into_data() else { continue };
            if self.share.bytes().saturating_add(data.len()) > limit {
                return Err(Failure::TooLarge { limit });
            }
            self.share.read(data.len())?;
            if self.first.is_empty() {
                self.first = data;
                continue;
            }
            if self.rest.is_empty() {
                self.rest.reserve(self.announced.max(self.first.len() + data.len()));
                self.rest.extend_from_slice(&self.first);
            }
            self.rest.extend_from_slice(&data);
        }
        Ok(true)
    }

    fn finish(self) -> Held {
        let bytes = if self.rest.is_empty() { self.first } else { self.rest.freeze() };
        Held { bytes, share: self.share }
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    fn intake(limit: usize, memory: usize) -> Intake {
        Intake { limit, memory: Memory::new(memory, memory), timeout: Duration::from_millis(50) }
    }

    fn pieces(pieces: &[&'static str]) -> Body {
        let pieces: Vec<Result<&'static str, std::io::Error>> = pieces.iter().copied().map(Ok).collect();
        Body::from_stream(stream::iter(pieces))
    }

    async fn read(intake: &Intake, body: Body) -> Result<Held, Failure> {
        intake.read(None, &HeaderMap::new(), body, async { Ok(()) }).await
    }

    /// Reads a body of somebody whom nobody knows.
    async fn strange(intake: &Intake, headers: &HeaderMap, body: Body) -> Result<usize, Failure> {
        let held = intake.read(None, headers, body, async { Err(Failure::InvalidKey) }).await;
        held.map(|held| held.bytes().len())
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

    #[tokio::test]
    async fn a_small_body_is_read_whoever_sends_it() {
        let intake = intake(4 * SMALL, 4 * SMALL);
        let body = Body::from(vec![b'x'; SMALL]);
        assert_eq!(strange(&intake, &HeaderMap::new(), body).await, Ok(SMALL));
    }

    #[tokio::test]
    async fn a_body_that_is_or_grows_large_is_read_for_those_who_are_let_in() {
        let intake = intake(4 * SMALL, 4 * SMALL);
        let grows = || Body::from_stream(stream::iter([Ok::<_, std::io::Error>(vec![b'x'; SMALL]), Ok(vec![b'x'; 2])]));
        assert_eq!(strange(&intake, &HeaderMap::new(), grows()).await, Err(Failure::InvalidKey));
        assert_eq!(read(&intake, grows()).await.map(|held| held.bytes().len()), Ok(SMALL + 2));
        let headers = HeaderMap::from_iter([(CONTENT_LENGTH, (SMALL + 1).into())]);
        let never = Body::from_stream(stream::pending::<Result<&'static str, std::io::Error>>());
        assert_eq!(strange(&intake, &headers, never).await, Err(Failure::InvalidKey), "nothing of it is read");
    }

    #[tokio::test]
    async fn a_slow_body_is_waited_for_only_for_those_who_are_let_in() {
        let intake = Intake { timeout: Duration::from_secs(60), ..intake(10, 10) };
        let slow = || {
            Body::from_stream(stream::once(async {
                tokio::time::sleep(PATIENCE + Duration::from_millis(200)).await;
                Ok::<_, std::io::Error>("abc")
            }))
        };
        assert_eq!(strange(&intake, &HeaderMap::new(), slow()).await, Err(Failure::InvalidKey));
        assert_eq!(read(&intake, slow()).await.map(|held| held.bytes().len()), Ok(3));
    }

    #[test]
    fn a_body_that_is_compressed_is_not_taken_for_one_that_is_broken() {
        let check = |encoding: &'static str| {
            intake(1, 1).check(&HeaderMap::from_iter([(CONTENT_ENCODING, encoding.parse().expect("a value"))]))
        };
        assert_eq!(check("gzip"), Err(Failure::Encoded));
        assert_eq!(check("Identity"), Ok(()));
    }
}
