//! How the steps of an apply have ended, sorted.

use std::collections::BTreeMap;

use super::apply::StepError;
use crate::engine::graph::Ended;
use crate::engine::{EngineError, StackFailure};

/// How the steps of an apply have ended.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// Stacks that did not reach their goal.
    pub failures: Vec<StackFailure>,
    /// Steps that were not begun, by name.
    pub not_started: Vec<String>,
    /// The first other error.
    pub other: Option<EngineError>,
    /// What AWS goes on with, in words.
    left_running: Vec<String>,
}

impl Ends {
    /// Sorts the ends, in the order of the steps' names.
    pub fn of(ended: BTreeMap<String, Ended<StepError>>) -> Self {
        let mut ends = Self::default();
        for (name, end) in ended {
            match end {
                Ended::Done => {}
                Ended::NotStarted => ends.not_started.push(name),
                // Held back: because of a signal, or because too many accounts have failed.
                Ended::Failed(StepError::Engine(EngineError::Cancelled(left))) if left.is_empty() => {
                    ends.not_started.push(name);
                }
                Ended::Failed(StepError::Engine(EngineError::Cancelled(left))) => ends.left_running.extend(left),
                Ended::Failed(StepError::Stack(failure)) => ends.failures.push(*failure),
                Ended::Failed(StepError::Engine(error)) => ends.other = ends.other.or(Some(error)),
            }
        }
        ends
    }

    /// What a signal has made of it; `None` where the signal made no difference, and `stopped` is false without one.
    pub fn stopped(&self, stopped: bool) -> Option<EngineError> {
        // Whatever else went wrong: AWS goes on, and the next run has to take it up.
        if !self.left_running.is_empty() {
            return Some(EngineError::Cancelled(self.left_running.clone()));
        }
        if !stopped || (self.not_started.is_empty() && self.failures.is_empty()) {
            return None;
        }
        if self.failures.iter().all(StackFailure::is_clean_stop) {
            return Some(EngineError::Cancelled(Vec::new()));
        }
        let (failures, not_started) = (self.failures.clone(), self.not_started.clone());
        Some(EngineError::Failed { failures, not_started, partial: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ResourceFailure;

    fn failure(status: &str, reasons: &[&str]) -> Ended<StepError> {
        let cause = |reason: &&str| ResourceFailure {
            address: "acme-gateway/Service".to_owned(),
            resource_type: "AWS::ECS::Service".to_owned(),
            reason: (*reason).to_owned(),
            place: None,
        };
        Ended::Failed(StepError::Stack(Box::new(StackFailure {
            stack: "acme-gateway".to_owned(),
            account: "111122223333".to_owned(),
            status: status.to_owned(),
            rolled_back: status.ends_with("ROLLBACK_COMPLETE"),
            causes: reasons.iter().map(cause).collect(),
            reason: None,
            next: String::new(),
        })))
    }

    fn stopped(ends: Vec<(&str, Ended<StepError>)>) -> Option<EngineError> {
        Ends::of(ends.into_iter().map(|(name, end)| (name.to_owned(), end)).collect()).stopped(true)
    }

    #[test]
    fn a_stack_that_a_signal_has_turned_back_is_a_clean_stop() {
        let error = stopped(vec![("gateway", failure("UPDATE_ROLLBACK_COMPLETE", &[]))]);
        assert!(matches!(error, Some(EngineError::Cancelled(left)) if left.is_empty()));
    }

    #[test]
    fn a_rollback_that_fails_after_a_signal_is_a_failure() {
        let error = stopped(vec![("gateway", failure("UPDATE_ROLLBACK_FAILED", &[])), ("vpn", Ended::NotStarted)]);
        let Some(EngineError::Failed { failures, not_started, .. }) = error else { panic!("{error:?}") };
        assert_eq!((failures[0].status.as_str(), not_started), ("UPDATE_ROLLBACK_FAILED", vec!["vpn".to_owned()]));
    }

    #[test]
    fn a_resource_that_fails_by_itself_after_a_signal_is_a_failure() {
        let error = stopped(vec![("gateway", failure("ROLLBACK_COMPLETE", &["The maximum number of VPCs"]))]);
        assert!(matches!(error, Some(EngineError::Failed { .. })), "{error:?}");
    }

    #[test]
    fn what_aws_goes_on_with_is_told_whatever_failed_before_it() {
        let refused = EngineError::Unhealthy("refused".to_owned());
        let left = EngineError::Cancelled(vec!["stack acme-vpn is UPDATE_IN_PROGRESS".to_owned()]);
        let error = stopped(vec![
            ("access", Ended::Failed(StepError::Engine(refused))),
            ("vpn", Ended::Failed(StepError::Engine(left))),
        ]);
        assert!(matches!(error, Some(EngineError::Cancelled(left)) if left.len() == 1));
    }
}
