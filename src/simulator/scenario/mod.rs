//! Scripted faults: a YAML file that says what goes wrong, where and how often. The format is in `docs/simulator.md`.

mod effect;
mod state;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::effect::{
    CircuitBreaker, Delay, EarlyValidation, Events, FailResource, FailStep, FailedTasks, Hook, Nothing, Refuse,
    ServerError, StaleReads,
};
pub use self::state::CertificateState;
use super::clock::Pace;
use super::request::{Fault as Refusal, Request};
use super::world::World;

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
    /// What goes wrong; the first entry that matches and is not used up takes effect.
    #[serde(default)]
    pub faults: Vec<Entry>,
}

/// A stack that is put into a status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StackState {
    /// Account id.
    pub account: String,
    /// Region.
    pub region: String,
    /// Name of the stack; it is made, with one placeholder resource, if it does not exist.
    pub name: String,
    /// One of the 23 statuses.
    pub status: String,
    /// Text beside the status.
    #[serde(default)]
    pub reason: Option<String>,
    /// How long ago it got there, in seconds.
    #[serde(default)]
    pub seconds_ago: u32,
    /// ARN of the principal who started the operation.
    #[serde(default)]
    pub by: Option<String>,
    /// Resources that are in the failed form of the status.
    #[serde(default)]
    pub failed: Vec<String>,
}

/// A quota that is given another value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaState {
    /// Account id.
    pub account: String,
    /// Region.
    pub region: String,
    /// Code of the quota: `L-F4DDD3EB`.
    pub code: String,
    /// Its value.
    pub value: f64,
}

/// What Bedrock answers for a model in one account and region. What is left out is as if the account had access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelAccess {
    /// Account id.
    pub account: String,
    /// Region.
    pub region: String,
    /// Id of the foundation model.
    pub model: String,
    /// `AVAILABLE`, `PENDING`, `NOT_AVAILABLE` or `ERROR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// `AUTHORIZED` or `NOT_AUTHORIZED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<String>,
    /// `AVAILABLE` or `NOT_AVAILABLE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitlement: Option<String>,
    /// `AVAILABLE` or `NOT_AVAILABLE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region_availability: Option<String>,
}

impl ModelAccess {
    /// The first of its values that Bedrock does not know.
    fn unknown(&self) -> Option<&str> {
        let known: [(&Option<String>, &[&str]); 4] = [
            (&self.agreement, &["AVAILABLE", "PENDING", "NOT_AVAILABLE", "ERROR"]),
            (&self.authorization, &["AUTHORIZED", "NOT_AUTHORIZED"]),
            (&self.entitlement, &["AVAILABLE", "NOT_AVAILABLE"]),
            (&self.region_availability, &["AVAILABLE", "NOT_AVAILABLE"]),
        ];
        let mut given = known.into_iter().filter_map(|(value, words)| Some((value.as_deref()?, words)));
        given.find(|(value, words)| !words.contains(value)).map(|(value, _)| value)
    }
}

/// Where a fault strikes. Whatever is left out matches everything; `*` at the end matches any rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selector {
    /// Account id.
    #[serde(default)]
    pub account: Option<String>,
    /// Region.
    #[serde(default)]
    pub region: Option<String>,
    /// Stack name.
    #[serde(default)]
    pub stack: Option<String>,
    /// Logical id of a resource.
    #[serde(default)]
    pub logical_id: Option<String>,
    /// Type of a resource, or the one that a call names.
    #[serde(default, rename = "type")]
    pub type_name: Option<String>,
    /// Service of a call, as the signature names it: `cloudformation`.
    #[serde(default)]
    pub service: Option<String>,
    /// API action: `DescribeStacks`.
    #[serde(default)]
    pub action: Option<String>,
    /// Operation of a stack: `CREATE_STACK`, `UPDATE_STACK`, `DELETE_STACK`, `ROLLBACK`, `CONTINUE_ROLLBACK`.
    #[serde(default)]
    pub operation: Option<String>,
    /// ARN of the role that a call is about: of `AssumeRole`, or one that is passed on.
    #[serde(default)]
    pub role: Option<String>,
}

/// One fault: where, and exactly one of the effects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Where it strikes.
    #[serde(default, rename = "match")]
    pub selector: Selector,
    /// How often; default: every time for `events`, `delay`, `circuit_breaker` and `expire_credentials`, else once.
    #[serde(default)]
    pub times: Option<u32>,
    /// Matching occasions that pass before the first; default 0.
    #[serde(default)]
    pub after: u32,
    /// A resource fails.
    #[serde(default)]
    pub fail: Option<FailResource>,
    /// A call is throttled: `Throttling`, `Rate exceeded`.
    #[serde(default)]
    pub throttle: Option<Nothing>,
    /// A call is answered with a server error.
    #[serde(default)]
    pub server_error: Option<ServerError>,
    /// A call is refused.
    #[serde(default)]
    pub refuse: Option<Refuse>,
    /// A call is answered late.
    #[serde(default)]
    pub delay: Option<Delay>,
    /// The connection is closed without an answer.
    #[serde(default)]
    pub drop_connection: Option<Nothing>,
    /// The caller's credentials have expired.
    #[serde(default)]
    pub expire_credentials: Option<Nothing>,
    /// After an execution, `DescribeStacks` goes on with the status from before it.
    #[serde(default)]
    pub stale_reads: Option<StaleReads>,
    /// How events are listed.
    #[serde(default)]
    pub events: Option<Events>,
    /// A change set fails the validation before a deployment.
    #[serde(default)]
    pub early_validation: Option<EarlyValidation>,
    /// A hook refuses a resource.
    #[serde(default)]
    pub hook: Option<Hook>,
    /// The tasks of an ECS service fail.
    #[serde(default)]
    pub circuit_breaker: Option<CircuitBreaker>,
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

/// What a scenario does to a call before its handler sees it.
#[derive(Debug, Clone, PartialEq)]
pub enum Interference {
    /// The call is refused.
    Refuse(Refusal),
    /// The call is answered after this time.
    Delay(Duration),
    /// The connection is closed.
    Drop,
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

/// Asks the world's scenario about a call, before its handler runs. `service` is the signature's name for it.
pub fn interfere(world: &mut World, service: &str, request: &Request<'_>) -> Option<Interference> {
    if world.scenario.faults.is_empty() {
        return None;
    }
    let stack = request.text("StackName");
    let stack = stack.as_deref().map(|name| name.split('/').nth(1).unwrap_or(name));
    let role = request.text("RoleArn");
    let type_name = request.text("TypeName");
    let occasion = Occasion {
        role: role.as_deref(),
        type_name: type_name.as_deref(),
        account: &request.identity.account,
        region: request.region,
        stack,
        service: Some(service),
        action: Some(request.action),
        ..Occasion::default()
    };
    let before = world.scenario.uses();
    let scenario = &mut world.scenario;
    let result = if scenario.take(&occasion, |entry| entry.drop_connection.as_ref()).is_some() {
        Some(Interference::Drop)
    } else if scenario.take(&occasion, |entry| entry.expire_credentials.as_ref()).is_some() {
        let text = "The security token included in the request is expired";
        Some(Interference::Refuse(Refusal::new("ExpiredToken", text).with_status(403)))
    } else if scenario.take(&occasion, |entry| entry.throttle.as_ref()).is_some() {
        Some(Interference::Refuse(Refusal::new("Throttling", "Rate exceeded")))
    } else if let Some(error) = scenario.take(&occasion, |entry| entry.server_error.as_ref()) {
        let code = if error.status == 503 { "ServiceUnavailable" } else { "InternalFailure" };
        Some(Interference::Refuse(
            Refusal::new(code, "The request processing has failed because of an unknown error, exception or failure.")
                .with_status(error.status),
        ))
    } else if let Some(refuse) = scenario.take(&occasion, |entry| entry.refuse.as_ref()) {
        Some(Interference::Refuse(Refusal::new(refuse.code, refuse.message).with_status(refuse.status)))
    } else {
        scenario
            .take(&occasion, |entry| entry.delay.as_ref())
            .map(|delay| Interference::Delay(Duration::from_millis(delay.milliseconds)))
    };
    // What lasts leaves nothing to be saved.
    if world.scenario.uses() != before {
        world.touch();
    }
    result
}

/// What is happening, for a selector to look at.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Occasion<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub stack: Option<&'a str>,
    pub logical_id: Option<&'a str>,
    pub type_name: Option<&'a str>,
    pub service: Option<&'a str>,
    pub action: Option<&'a str>,
    pub operation: Option<&'a str>,
    pub role: Option<&'a str>,
}

impl Selector {
    fn matches(&self, occasion: &Occasion<'_>) -> bool {
        let pairs: BTreeMap<&str, (&Option<String>, Option<&str>)> = BTreeMap::from([
            ("account", (&self.account, Some(occasion.account))),
            ("region", (&self.region, Some(occasion.region))),
            ("stack", (&self.stack, occasion.stack)),
            ("logical_id", (&self.logical_id, occasion.logical_id)),
            ("type", (&self.type_name, occasion.type_name)),
            ("service", (&self.service, occasion.service)),
            ("action", (&self.action, occasion.action)),
            ("operation", (&self.operation, occasion.operation)),
            ("role", (&self.role, occasion.role)),
        ]);
        pairs.values().all(|(wanted, found)| match (wanted, found) {
            (None, _) => true,
            (Some(wanted), Some(found)) => match wanted.strip_suffix('*') {
                Some(start) => found.starts_with(start),
                None => wanted == found,
            },
            (Some(_), None) => false,
        })
    }
}

impl Entry {
    /// Effects that are states rather than incidents.
    fn lasts(&self) -> bool {
        self.events.is_some()
            || self.delay.is_some()
            || self.circuit_breaker.is_some()
            || self.expire_credentials.is_some()
    }

    fn effects(&self) -> usize {
        [
            self.fail.is_some(),
            self.throttle.is_some(),
            self.server_error.is_some(),
            self.refuse.is_some(),
            self.delay.is_some(),
            self.drop_connection.is_some(),
            self.expire_credentials.is_some(),
            self.stale_reads.is_some(),
            self.events.is_some(),
            self.early_validation.is_some(),
            self.circuit_breaker.is_some(),
            self.hook.is_some(),
        ]
        .into_iter()
        .filter(|present| *present)
        .count()
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
