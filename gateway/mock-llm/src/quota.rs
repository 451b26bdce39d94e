//! The quotas of an account, region and model.

use std::sync::{Mutex, PoisonError};

use super::settings::Settings;
use crate::minute::Minute;

/// What is left of the minute.
#[derive(Debug)]
pub(super) struct Quota(Option<Mutex<Minutes>>);

#[derive(Debug)]
struct Minutes {
    requests: Minute,
    tokens: Minute,
}

/// What was used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exhausted {
    /// The requests.
    Requests,
    /// The tokens.
    Tokens,
}

/// Tokens that a call has reserved.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reserved {
    at: u64,
    tokens: u64,
}

impl Quota {
    /// A quota of which nothing is taken.
    pub fn new(settings: &Settings) -> Self {
        let (requests, tokens) = (settings.requests_per_minute, settings.tokens_per_minute);
        let limited = requests.is_some() || tokens.is_some();
        Self(limited.then(|| Mutex::new(Minutes { requests: Minute::new(requests), tokens: Minute::new(tokens) })))
    }

    /// Takes a request and reserves its tokens, as Bedrock does when a call begins.
    pub fn take(&self, now: u64, tokens: u64) -> Result<Reserved, Exhausted> {
        let reserved = Reserved { at: now, tokens };
        let Some(minutes) = &self.0 else { return Ok(reserved) };
        let mut minutes = minutes.lock().unwrap_or_else(PoisonError::into_inner);
        if !minutes.requests.has(now, 1) {
            return Err(Exhausted::Requests);
        }
        if !minutes.tokens.take(now, tokens) {
            return Err(Exhausted::Tokens);
        }
        minutes.requests.take(now, 1);
        Ok(reserved)
    }

    /// Replaces what a call has reserved by what it has used.
    pub fn settle(&self, now: u64, reserved: Reserved, used: u64) {
        if let Some(minutes) = &self.0 {
            let mut minutes = minutes.lock().unwrap_or_else(PoisonError::into_inner);
            minutes.tokens.settle(reserved.at, now, reserved.tokens, used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(requests: Option<u64>, tokens: Option<u64>) -> Quota {
        Quota::new(&Settings { requests_per_minute: requests, tokens_per_minute: tokens, ..Settings::default() })
    }

    #[test]
    fn a_minute_has_its_requests_and_no_more() {
        let quota = quota(Some(2), None);
        assert!(quota.take(0, 1).is_ok() && quota.take(1, 1).is_ok());
        assert_eq!(quota.take(2, 1).unwrap_err(), Exhausted::Requests);
        assert!(quota.take(60_000_000_000, 1).is_ok());
    }

    #[test]
    fn what_was_reserved_and_not_used_is_given_back() {
        let quota = quota(None, Some(100));
        let reserved = quota.take(0, 80).unwrap();
        assert_eq!(quota.take(1, 30).unwrap_err(), Exhausted::Tokens);
        quota.settle(2, reserved, 10);
        assert!(quota.take(3, 90).is_ok());
    }
}
