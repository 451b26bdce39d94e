//! Simulated time: the wall clock, with the durations of operations divided.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How fast operations run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// Operations take as long as they do on AWS, by the priors in `provision/durations.rs`.
    Real,
    /// Durations are divided by [`FAST_DIVISOR`]: a whole stack takes well under a second.
    #[default]
    Fast,
}

/// What [`Pace::Fast`] divides durations by. The slowest prior (ElastiCache, 712 s) then takes 0.14 s.
pub const FAST_DIVISOR: i64 = 5_000;

/// The clock of a world. It reads the system's clock, so that timestamps mean something to the clients, and never runs
/// backwards, also not after a restart.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Clock {
    pace: Pace,
    /// The latest moment that anyone has seen.
    latest: Timestamp,
    /// Tests set the time by hand; then the system's clock is not read.
    #[serde(default)]
    manual: bool,
    /// The moment that is being worked out, while it lies in the past.
    #[serde(skip)]
    held: Option<Timestamp>,
}

impl Clock {
    /// A clock that follows the system's clock.
    pub fn new(pace: Pace) -> Self {
        Self { pace, latest: Timestamp::now(), manual: false, held: None }
    }

    /// A clock that stands still until [`Clock::step`] moves it, for tests.
    pub fn manual(start: Timestamp) -> Self {
        Self { pace: Pace::Real, latest: start, manual: true, held: None }
    }

    /// How fast operations run.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// Changes how fast operations run; those that have started keep their end.
    pub fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// The current moment, no earlier than any that [`Clock::tick`] has fixed; between [`Clock::hold`] and [`Clock::release`]
    /// the moment that was given there.
    pub fn now(&self) -> Timestamp {
        match self.held {
            Some(moment) => moment,
            None if self.manual => self.latest,
            None => self.latest.max(Timestamp::now()),
        }
    }

    /// Stands at a moment of the past, while what happened then is worked out.
    pub fn hold(&mut self, moment: Timestamp) {
        self.held = Some(moment);
    }

    /// Goes on from where it was before [`Clock::hold`].
    pub fn release(&mut self) {
        self.held = None;
    }

    /// Fixes the current moment, so that a restart with an earlier system clock does not go back behind it.
    pub fn tick(&mut self) -> Timestamp {
        self.latest = self.now();
        self.latest
    }

    /// Moves a manual clock forward; any other clock is left alone.
    pub fn step(&mut self, by: SignedDuration) {
        if self.manual {
            self.latest = after(self.latest, by);
        }
    }

    /// How long something takes here that takes `seconds` on AWS. At least one millisecond, so that order shows in timestamps.
    pub fn duration(&self, seconds: f64) -> SignedDuration {
        let milliseconds = (seconds.clamp(0.0, 1e9) * 1000.0) as i64;
        let divided = match self.pace {
            Pace::Real => milliseconds,
            Pace::Fast => milliseconds / FAST_DIVISOR,
        };
        SignedDuration::from_millis(divided.max(1))
    }
}

/// `moment` plus `by`, held at the end of time instead of overflowing.
pub fn after(moment: Timestamp, by: SignedDuration) -> Timestamp {
    moment.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// The form AWS's query and REST protocols write: UTC, milliseconds, `Z`.
pub fn iso8601(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_divides_durations() {
        assert_eq!(Clock::new(Pace::Fast).duration(500.0), SignedDuration::from_millis(100));
    }

    #[test]
    fn no_duration_is_shorter_than_a_millisecond() {
        assert_eq!(Clock::new(Pace::Fast).duration(0.0), SignedDuration::from_millis(1));
    }

    #[test]
    fn timestamps_are_written_as_aws_writes_them() {
        assert_eq!(iso8601(Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn what_is_worked_out_later_happens_at_its_own_moment() {
        let mut clock = Clock::manual(after(Timestamp::UNIX_EPOCH, SignedDuration::from_secs(60)));
        clock.hold(Timestamp::UNIX_EPOCH);
        let then = clock.now();
        clock.release();
        assert_eq!((then.as_second(), clock.now().as_second()), (0, 60));
    }

    #[test]
    fn a_clock_that_was_saved_in_the_future_does_not_run_backwards() {
        let future = after(Timestamp::now(), SignedDuration::from_hours(1));
        let mut clock = Clock::new(Pace::Fast);
        clock.latest = future;
        assert_eq!(clock.now(), future);
    }
}
