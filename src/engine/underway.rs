//! What is in progress, and what can be done about it.

use std::time::Duration;

use serde::Serialize;

use super::{EngineError, StackFailure};

/// How long is waited before a gwinfra that works is looked at again.
pub(in crate::engine) const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// An operation that somebody has begun and that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Underway {
    /// Key of the stack or root module.
    pub key: String,
    /// Name of the stack.
    pub name: String,
    /// Account.
    pub account: String,
    /// Its status.
    pub status: String,
    /// Since when, RFC 3339, as far as it is known.
    pub since: Option<String>,
    /// Who began it, as far as it is known.
    pub who: Option<String>,
    /// ARN of the stack, or directory of the root module.
    pub id: String,
    /// Why it cannot be cancelled; `None` when it can.
    pub fixed: Option<String>,
}

impl Underway {
    /// Since when and by whom, in words.
    pub fn origin(&self) -> String {
        let who = self.who.as_ref().map(|who| format!(", begun by {who}")).unwrap_or_default();
        let since = self.since.as_ref().map(|since| format!(" since {since}")).unwrap_or_default();
        format!("{since}{who}")
    }
}

/// How operations have ended that were followed. One that could not be followed holds none of the others up.
#[derive(Debug, Default)]
pub(in crate::engine) struct Ends {
    failures: Vec<StackFailure>,
    errors: Vec<EngineError>,
}

impl Ends {
    /// Takes the end of one.
    pub fn take(&mut self, ended: Result<Option<StackFailure>, EngineError>) {
        match ended {
            Ok(failure) => self.failures.extend(failure),
            Err(error) => self.errors.push(error),
        }
    }

    /// Leaves out failures.
    pub fn retain(&mut self, wanted: impl FnMut(&StackFailure) -> bool) {
        self.failures.retain(wanted);
    }

    /// The worst of it: a signal, or else what failed, or else what could not be followed. The rest is told.
    ///
    /// # Errors
    /// The worst of it.
    pub fn finish(self, hub: &str, mut tell: impl FnMut(String)) -> Result<(), EngineError> {
        let Self { failures, errors } = self;
        let (mut signals, mut others): (Vec<_>, Vec<_>) =
            errors.into_iter().partition(|error| matches!(error, EngineError::Cancelled(_)));
        if let Some(signal) = signals.pop() {
            failures.iter().for_each(|failure| tell(failure.to_string()));
            others.iter().for_each(|error| tell(error.to_string()));
            return Err(signal);
        }
        let worst = if failures.is_empty() {
            if others.is_empty() {
                return Ok(());
            }
            others.remove(0)
        } else {
            let partial = failures.iter().all(|failure| failure.account != hub);
            EngineError::Failed { failures, not_started: Vec::new(), partial }
        };
        others.iter().for_each(|error| tell(error.to_string()));
        Err(worst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure() -> StackFailure {
        StackFailure {
            stack: "acme".to_owned(),
            account: "111122223333".to_owned(),
            status: "UPDATE_ROLLBACK_COMPLETE".to_owned(),
            rolled_back: true,
            causes: Vec::new(),
            reason: None,
            next: String::new(),
        }
    }

    #[test]
    fn an_error_beside_a_failure_is_told_and_drops_none() {
        let mut ends = Ends::default();
        ends.take(Err(EngineError::Unhealthy("the service is down".to_owned())));
        ends.take(Ok(Some(failure())));
        let mut told = Vec::new();
        let worst = ends.finish("111122223333", |text| told.push(text));
        assert!(matches!(worst, Err(EngineError::Failed { failures, partial: false, .. }) if failures == [failure()]));
        assert_eq!(told, ["applied, but the service is down"]);
    }

    #[test]
    fn what_ended_well_is_no_error() {
        let mut ends = Ends::default();
        ends.take(Ok(None));
        assert!(ends.finish("111122223333", |text| panic!("{text}")).is_ok());
    }
}
