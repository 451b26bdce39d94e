//! Scripted faults: a YAML file that says what goes wrong, where and how often. The format is in `docs/simulator.md`.

mod effect;
mod entry;
mod interference;
mod not_offered;
mod selector;
mod state;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::effect::{
    CircuitBreaker, Delay, EarlyValidation, Events, FailResource, FailStep, FailedTasks, Hook, Nothing, Refuse,
    ServerError, StaleReads,
};
pub use self::entry::Entry;
pub use self::interference::{Interference, interfere};
pub use self::not_offered::NotOffered;
pub(crate) use self::selector::Occasion;
pub use self::selector::Selector;
pub use self::state::{CertificateState, ModelAccess, QuotaState, StackState};
use super::clock::Pace;

/// A script of faults, with what is left of each.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What the scenario shows.
    #[serde(default)]
    pub description: Option<String>,
    /// How fast operations run; default: as the simulator was told.
    #[serde(default)]
    pub clock: Option<Pace>,
    /// Stacks that are put into a status when the scenario is loaded.
    #[serde(default)]
    pub stacks: Vec<StackState>,
    /// Quotas that are given another value when the scenario is loaded.
    #[serde(default)]
    pub quotas: Vec<QuotaState>,
    /// Models that an account is given other access to when the scenario is loaded.
    #[serde(default)]
    pub model_access: Vec<ModelAccess>,
    /// Certificates that are given another end or status when the scenario is loaded.
    #[serde(default)]
    pub certificates: Vec<CertificateState>,
    /// What regions do not offer, as long as this scenario lasts.
    #[serde(default)]
    pub not_offered: Vec<NotOffered>,
    /// What goes wrong; the first entry that matches and is not used up takes effect.
    #[serde(default)]
    pub faults: Vec<Entry>,
}

/// A scenario that cannot be used.
#[derive(Debug, Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("cannot read the scenario {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is no YAML, or a key or value is wrong; the text names line and column.
    #[error("the scenario {} is not valid: {reason}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl Scenario {
    /// Reads a scenario file.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        let text = fs_err::read_to_string(path).map_err(|source| ScenarioError::Read { path: path.into(), source })?;
        Self::parse(&text).map_err(|reason| ScenarioError::Invalid { path: path.into(), reason })
    }

    /// Reads a scenario. The error names line and column where YAML knows them.
    pub fn parse(text: &str) -> Result<Self, String> {
        let scenario: Self = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
        for stack in &scenario.stacks {
            if super::cloudformation::StackStatus::parse(&stack.status).is_none() {
                return Err(format!("stacks: {}: `{}` is no stack status", stack.name, stack.status));
            }
        }
        for quota in &scenario.quotas {
            if !super::servicequotas::is_known(&quota.code) {
                return Err(format!("quotas: `{}` is no quota that the simulator knows", quota.code));
            }
        }
        for access in &scenario.model_access {
            if let Some(value) = access.unknown() {
                return Err(format!("model_access: {}: Bedrock does not answer `{value}`", access.model));
            }
        }
        for certificate in &scenario.certificates {
            if let Some(status) = certificate.unknown() {
                return Err(format!("certificates: {}: `{status}` is no status of a certificate", certificate.arn));
            }
        }
        for entry in &scenario.not_offered {
            if let Some(zone) = entry.stray_zone() {
                return Err(format!("not_offered: {}: `{zone}` is no zone of {}", entry.name, entry.region));
            }
        }
        for (index, entry) in scenario.faults.iter().enumerate() {
            let effects = entry.effects();
            if effects != 1 {
                return Err(format!("faults[{index}]: has {effects} effects and needs exactly one"));
            }
        }
        Ok(scenario)
    }

    /// Takes the first matching fault of a kind that is not used up.
    fn take<T: Clone>(&mut self, occasion: &Occasion<'_>, effect: impl Fn(&Entry) -> Option<&T>) -> Option<T> {
        for entry in &mut self.faults {
            let Some(found) = effect(entry).cloned() else { continue };
            if !entry.selector.matches(occasion) {
                continue;
            }
            if entry.after > 0 {
                entry.after -= 1;
                continue;
            }
            match entry.times {
                Some(0) => continue,
                Some(left) => entry.times = Some(left - 1),
                None if entry.lasts() => {}
                None => entry.times = Some(0),
            }
            return Some(found);
        }
        None
    }

    /// What is left of all faults together.
    fn uses(&self) -> u64 {
        self.faults.iter().map(|entry| u64::from(entry.times.unwrap_or(u32::MAX)) + u64::from(entry.after)).sum()
    }

    /// Whether a resource fails now, and with which text.
    pub(crate) fn failure(&mut self, occasion: &Occasion<'_>, step: FailStep) -> Option<String> {
        let mut step_matches = |entry: &Entry| entry.fail.as_ref().is_some_and(|fail| fail.step == step);
        if !self.faults.iter().any(&mut step_matches) {
            return None;
        }
        self.take(occasion, |entry| entry.fail.as_ref().filter(|fail| fail.step == step)).map(|fail| fail.reason)
    }

    /// Whether a deployment of an ECS service fails: how CloudFormation sees it, and why.
    pub(crate) fn circuit_breaker(&mut self, occasion: &Occasion<'_>) -> Option<CircuitBreaker> {
        self.take(occasion, |entry| entry.circuit_breaker.as_ref())
    }

    /// Whether a change set fails validation.
    pub(crate) fn early_validation(&mut self, occasion: &Occasion<'_>) -> Option<EarlyValidation> {
        self.take(occasion, |entry| entry.early_validation.as_ref())
    }

    /// Whether a hook refuses a resource.
    pub(crate) fn hook(&mut self, occasion: &Occasion<'_>) -> Option<Hook> {
        self.take(occasion, |entry| entry.hook.as_ref())
    }

    /// How many reads after an execution are stale.
    pub(crate) fn stale_reads(&mut self, occasion: &Occasion<'_>) -> u32 {
        self.take(occasion, |entry| entry.stale_reads.as_ref()).map_or(0, |stale| stale.reads)
    }

    /// How events are listed.
    pub(crate) fn events(&mut self, occasion: &Occasion<'_>) -> Option<Events> {
        self.take(occasion, |entry| entry.events.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn occasion<'a>() -> Occasion<'a> {
        Occasion { account: "111111111111", region: "us-east-1", stack: Some("acme-data"), ..Occasion::default() }
    }

    #[test]
    fn a_fault_strikes_as_often_as_it_says() {
        let text = "faults: [{match: {stack: acme-*}, times: 2, fail: {step: create, reason: r}}]";
        let mut scenario = Scenario::parse(text).unwrap();
        let strikes = (0..4).filter(|_| scenario.failure(&occasion(), FailStep::Create).is_some()).count();
        assert_eq!(strikes, 2);
    }

    #[test]
    fn a_fault_strikes_once_by_default() {
        let mut scenario = Scenario::parse("faults: [{stale_reads: {reads: 3}}]").unwrap();
        assert_eq!((scenario.stale_reads(&occasion()), scenario.stale_reads(&occasion())), (3, 0));
    }

    #[test]
    fn a_fault_waits_for_the_occasions_before_it() {
        let text = "faults: [{after: 1, fail: {step: create, reason: r}}]";
        let mut scenario = Scenario::parse(text).unwrap();
        assert_eq!(scenario.failure(&occasion(), FailStep::Create), None);
        assert!(scenario.failure(&occasion(), FailStep::Create).is_some());
    }

    #[test]
    fn a_fault_of_another_stack_does_not_strike() {
        let text = "faults: [{match: {stack: other}, fail: {step: create, reason: r}}]";
        assert_eq!(Scenario::parse(text).unwrap().failure(&occasion(), FailStep::Create), None);
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_line() {
        let error = Scenario::parse("faults:\n  - match: {stak: a}\n    throttle: {}\n").unwrap_err();
        assert!(error.contains("stak") && error.contains("line 2"), "{error}");
    }

    #[test]
    fn a_fault_without_effect_is_an_error() {
        assert_eq!(
            Scenario::parse("faults: [{match: {stack: a}}]").unwrap_err(),
            "faults[0]: has 0 effects and needs exactly one"
        );
    }

    #[test]
    fn an_unknown_quota_is_an_error() {
        let text = "quotas: [{account: '1', region: r, code: L-1, value: 0}]";
        assert!(Scenario::parse(text).unwrap_err().contains("`L-1` is no quota"));
    }

    #[test]
    fn an_access_that_bedrock_does_not_answer_is_an_error() {
        let text = "model_access: [{account: '1', region: r, model: a.b, agreement: MAYBE}]";
        assert!(Scenario::parse(text).unwrap_err().contains("`MAYBE`"));
    }

    #[test]
    fn an_unknown_status_of_a_certificate_is_an_error() {
        let text = "certificates: [{arn: 'arn:aws:acm:r:1:certificate/a', status: GOOD}]";
        assert!(Scenario::parse(text).unwrap_err().contains("`GOOD` is no status of a certificate"));
    }

    #[test]
    fn an_unknown_status_is_an_error() {
        let text = "stacks: [{account: '1', region: r, name: n, status: UPDATING}]";
        assert!(Scenario::parse(text).unwrap_err().contains("`UPDATING` is no stack status"));
    }
}
