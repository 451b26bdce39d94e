//! The way to the collector of traces, which says when it is blocked.

use std::error::Error;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{Request, Response};
use bytes::Bytes;
use opentelemetry_http::{HttpClient, HttpError};

/// Longest time for the collector to answer: the exporter's own default.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Shortest time between two warnings. Spans are sent every five seconds, and each time several times.
const PAUSE: Duration = Duration::from_secs(60);

/// The client of the exporter, which keeps to itself what goes wrong.
#[derive(Debug)]
pub struct Collector {
    client: reqwest::Client,
    pause: Pause,
}

impl Collector {
    /// A client that has not sent anything yet.
    ///
    /// # Errors
    /// If the authorities that this machine trusts cannot be read.
    pub fn new() -> Result<Self, reqwest::Error> {
        Ok(Self { client: reqwest::Client::builder().timeout(TIMEOUT).build()?, pause: Pause::default() })
    }

    fn warn(&self, reason: &str) {
        if self.pause.is_over(Instant::now()) {
            tracing::warn!(reason, "traces cannot be sent");
        }
    }
}

impl HttpClient for Collector {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let answered = self.client.send_bytes(request).await;
            match &answered {
                Ok(answer) if answer.status().is_success() => {}
                Ok(answer) => self.warn(&format!("the collector answered {}", answer.status())),
                Err(error) => self.warn(&cause(error.as_ref())),
            }
            answered
        })
    }
}

/// What an error comes from. What it says itself has the address, in which a password may be.
fn cause(error: &(dyn Error + 'static)) -> String {
    let Some(mut cause) = error.source() else { return "the collector did not answer".to_owned() };
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// When something was said last.
#[derive(Debug, Default)]
struct Pause(Mutex<Option<Instant>>);

impl Pause {
    /// Whether it is time to say something again, which then begins the next pause.
    fn is_over(&self, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = last.is_none_or(|last| now.duration_since(last) >= PAUSE);
        if is_over {
            *last = Some(now);
        }
        is_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_always_so_is_said_once_a_minute() {
        let (pause, begin) = (Pause::default(), Instant::now());
        let said = (0..180).filter(|&second| pause.is_over(begin + Duration::from_secs(second))).count();
        assert_eq!(said, 3);
    }

    #[tokio::test]
    async fn the_cause_has_no_part_of_the_address() {
        let collector = Collector::new().unwrap();
        // Nobody listens on that port, and no unprivileged program may.
        let request = Request::post("http://user:hidden@127.0.0.1:9/v1/traces?key=hidden").body(Bytes::new()).unwrap();
        let error = collector.send_bytes(request).await.unwrap_err();
        assert!(error.to_string().contains("127.0.0.1"), "else there is nothing to leave out");
        assert_eq!(cause(error.as_ref()), "Connection refused (os error 111)");
    }
}
