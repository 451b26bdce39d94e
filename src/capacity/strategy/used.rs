//! What LiteLLM itself counts of a deployment in a minute of the clock.

use super::super::deployment::State;
use super::super::minute::MINUTE;

/// Requests and tokens of the current minute. Tokens are those of prompt and answer, as they are: LiteLLM knows neither
/// reservations nor burndown rates.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Used {
    minute: u64,
    requests: u64,
    tokens: u64,
}

impl Used {
    /// Counts a request.
    pub fn request(&mut self, now: u64) {
        self.roll(now);
        self.requests += 1;
    }

    /// Counts tokens.
    pub fn tokens(&mut self, now: u64, tokens: u64) {
        self.roll(now);
        self.tokens = self.tokens.saturating_add(tokens);
    }

    /// Requests and tokens of the minute.
    pub fn at(&self, now: u64) -> (u64, u64) {
        if now / MINUTE == self.minute { (self.requests, self.tokens) } else { (0, 0) }
    }

    /// Whether one more request stays within `tpm` and `rpm`.
    pub fn has_room(&self, now: u64, input_tokens: u64, deployment: &State) -> bool {
        let (requests, tokens) = self.at(now);
        deployment.tpm.is_none_or(|tpm| tokens.saturating_add(input_tokens) <= tpm)
            && deployment.rpm.is_none_or(|rpm| requests < rpm)
    }

    fn roll(&mut self, now: u64) {
        if now / MINUTE != self.minute {
            *self = Self { minute: now / MINUTE, ..Self::default() };
        }
    }
}
