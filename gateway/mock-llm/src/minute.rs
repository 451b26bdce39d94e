//! A quota of a minute.

/// A minute, in nanoseconds.
pub const MINUTE: u64 = 60 * SECOND;
/// A second, in nanoseconds.
pub const SECOND: u64 = 1_000_000_000;

/// What is taken of a quota in the current minute.
///
/// Minutes are those of the clock, from the start of the run. What was taken above the limit is owed to the next minute:
/// AWS does not say how its minutes roll, and this way no more than the limit is taken per minute in the long run.
#[derive(Debug, Clone)]
pub struct Minute {
    limit: Option<u64>,
    number: u64,
    used: u64,
    most: u64,
}

impl Minute {
    /// A quota of which nothing is taken; `None` is no limit.
    pub fn new(limit: Option<u64>) -> Self {
        Self { limit, number: 0, used: 0, most: 0 }
    }

    /// Takes an amount if that much is left.
    pub fn take(&mut self, now: u64, amount: u64) -> bool {
        self.roll(now);
        if self.limit.is_some_and(|limit| self.used.saturating_add(amount) > limit) {
            return false;
        }
        self.add(amount);
        true
    }

    /// Whether that much is left.
    pub fn has(&mut self, now: u64, amount: u64) -> bool {
        self.roll(now);
        self.limit.is_none_or(|limit| self.used.saturating_add(amount) <= limit)
    }

    /// Replaces what was taken earlier by what it turned out to be. A minute that is over gets nothing back.
    pub fn settle(&mut self, taken_at: u64, now: u64, taken: u64, settled: u64) {
        self.roll(now);
        if taken_at / MINUTE == self.number {
            self.used = self.used.saturating_sub(taken);
            self.add(settled);
        } else {
            self.add(settled.saturating_sub(taken));
        }
    }

    /// The fullest minute, as a share of the limit. `None` without a limit.
    pub fn fullest(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "quotas are far below 2^52")]
        self.limit.map(|limit| self.most as f64 / limit.max(1) as f64)
    }

    fn add(&mut self, amount: u64) {
        self.used = self.used.saturating_add(amount);
        self.most = self.most.max(self.used);
    }

    fn roll(&mut self, now: u64) {
        let number = now / MINUTE;
        // A call that looked at the clock before the minute ended may come here behind one that looked after it.
        let over = number.saturating_sub(self.number);
        if over > 0 {
            self.used = self.limit.map_or(0, |limit| self.used.saturating_sub(limit.saturating_mul(over)));
            self.number = number;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_gives_its_limit_and_no_more() {
        let mut minute = Minute::new(Some(10));
        assert!(minute.take(0, 6) && minute.take(1, 4));
        assert!(!minute.take(MINUTE - 1, 1));
        assert!(minute.take(MINUTE, 10));
    }

    #[test]
    fn a_refusal_takes_nothing() {
        let mut minute = Minute::new(Some(10));
        assert!(!minute.take(0, 11));
        assert!(minute.take(0, 10));
    }

    #[test]
    fn what_is_settled_lower_is_given_back_in_its_minute_only() {
        let mut minute = Minute::new(Some(10));
        assert!(minute.take(0, 10));
        minute.settle(0, 1, 10, 3);
        assert!(minute.take(2, 7));
        minute.settle(2, MINUTE, 7, 1);
        assert!(minute.take(MINUTE, 10) && !minute.take(MINUTE, 1));
    }

    #[test]
    fn what_is_settled_higher_is_owed_to_the_next_minute() {
        let mut minute = Minute::new(Some(10));
        assert!(minute.take(0, 5));
        minute.settle(0, 1, 5, 14);
        assert!(!minute.take(2, 1));
        assert!(!minute.take(MINUTE, 7) && minute.take(MINUTE, 6));
        assert_eq!(minute.fullest(), Some(1.4));
    }

    #[test]
    fn a_call_that_comes_late_does_not_bring_its_minute_back() {
        let mut minute = Minute::new(Some(10));
        assert!(minute.take(MINUTE, 10));
        assert!(!minute.take(MINUTE - 1, 1));
        assert!(!minute.take(MINUTE, 1));
    }

    #[test]
    fn without_a_limit_everything_is_given() {
        let mut minute = Minute::new(None);
        assert!(minute.take(0, u64::MAX) && minute.take(0, u64::MAX));
        assert_eq!(minute.fullest(), None);
    }
}
