//! LiteLLM's processes.

use std::collections::VecDeque;

use super::minute::SECOND;
use super::scenario::Gateway;

/// LiteLLM's processes: each works on one request at a time, and requests wait for the first that is free.
///
/// All requests take the same time, so processes get free in the order in which they began.
#[derive(Debug)]
pub(super) struct Workers {
    free_at: VecDeque<u64>,
    work: u64,
}

impl Workers {
    /// Processes that are all free.
    pub fn new(gateway: &Gateway) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "seconds are far below 2^52 and not negative"
        )]
        let work = (gateway.seconds_per_request * SECOND as f64).round() as u64;
        Self { free_at: (0..gateway.workers.max(1)).map(|_| 0).collect(), work }
    }

    /// When a request that arrives now is through. Requests come in the order of time.
    pub fn through(&mut self, now: u64) -> u64 {
        let start = self.free_at.pop_front().unwrap_or_default().max(now);
        self.free_at.push_back(start + self.work);
        start + self.work
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_waits_for_the_first_free_process() {
        let mut workers = Workers::new(&Gateway { workers: 2, seconds_per_request: 1.0 });
        let through = [0, 0, 0, SECOND / 2, 9 * SECOND].map(|now| workers.through(now));
        assert_eq!(through, [SECOND, SECOND, 2 * SECOND, 2 * SECOND, 10 * SECOND]);
    }
}
