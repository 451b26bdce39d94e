//! Trying again, and saying so.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// The most tries of one call. With the pauses below, a call gives up after about a minute.
pub(super) const ATTEMPTS: u32 = 9;

/// A call that failed and is tried again after a pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// `service:Action`.
    pub call: String,
    /// Account that was called.
    pub account: String,
    /// Region that was called.
    pub region: String,
    /// Number of the try that failed, from 1.
    pub attempt: u32,
    /// Pause before the next try.
    pub delay: Duration,
    /// Why.
    pub reason: String,
}

/// Is told of every retry, from any task.
#[derive(Clone)]
pub struct RetryObserver(Arc<dyn Fn(Retry) + Send + Sync>);

impl RetryObserver {
    /// Calls a function for every retry. It may not block.
    pub fn new(observe: impl Fn(Retry) + Send + Sync + 'static) -> Self {
        Self(Arc::new(observe))
    }

    pub(super) fn observe(&self, retry: Retry) {
        (self.0)(retry);
    }
}

impl fmt::Debug for RetryObserver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RetryObserver")
    }
}

/// What kind of failure may pass by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    /// AWS asks to slow down.
    Throttling,
    /// A lost connection, a server's own trouble.
    Transient,
    /// Nobody takes the connection: hardly ever passes, so it is tried a few times only.
    NoConnection,
}

/// The most tries of a call that nobody takes.
const CONNECTIONS: u32 = 3;

/// The pauses between the tries of one call: doubling, with jitter, so that tasks that were throttled together do not
/// come back together.
#[derive(Debug)]
pub(super) struct Pauses {
    throttling: ExponentialBackoff,
    transient: ExponentialBackoff,
    unconnected: u32,
}

impl Pauses {
    pub(super) fn new() -> Self {
        let pauses = |first: u64| {
            ExponentialBuilder::default()
                .with_min_delay(Duration::from_millis(first))
                .with_max_delay(Duration::from_secs(20))
                .with_max_times(ATTEMPTS as usize - 1)
                .with_jitter()
                .build()
        };
        Self { throttling: pauses(250), transient: pauses(100), unconnected: 0 }
    }

    /// The next pause; `None` when it has been tried often enough.
    pub(super) fn next(&mut self, passing: Passing) -> Option<Duration> {
        let (throttling, transient) = (self.throttling.next(), self.transient.next());
        match passing {
            Passing::Throttling => throttling,
            Passing::Transient => transient,
            Passing::NoConnection => {
                self.unconnected += 1;
                transient.filter(|_| self.unconnected < CONNECTIONS)
            }
        }
    }
}

/// How often something that takes a while is looked at: often at first, then every few seconds.
#[derive(Debug, Clone)]
pub struct Poll {
    next: Duration,
    longest: Duration,
}

impl Default for Poll {
    fn default() -> Self {
        Self { next: Duration::from_millis(100), longest: Duration::from_secs(3) }
    }
}

impl Poll {
    /// Waits until the next look.
    pub async fn pause(&mut self) {
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 3 / 2).min(self.longest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_tried_nine_times() {
        let mut pauses = Pauses::new();
        let mut tries = 1;
        while pauses.next(Passing::Throttling).is_some() {
            tries += 1;
        }
        assert_eq!(tries, ATTEMPTS);
    }

    #[test]
    fn pauses_of_both_kinds_count_together() {
        let mut pauses = Pauses::new();
        for _ in 0..4 {
            assert!(pauses.next(Passing::Throttling).is_some());
            assert!(pauses.next(Passing::Transient).is_some());
        }
        assert_eq!(pauses.next(Passing::Throttling), None);
    }
}
