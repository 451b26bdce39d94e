//! What a scenario makes of things when it is loaded.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
    pub(super) fn unknown(&self) -> Option<&str> {
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

/// A certificate that is given another end or status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateState {
    /// Its ARN.
    pub arn: String,
    /// When it ends, RFC 3339. One whose end is past has the status `EXPIRED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// `PENDING_VALIDATION`, `ISSUED`, `INACTIVE`, `EXPIRED`, `VALIDATION_TIMED_OUT`, `REVOKED` or `FAILED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

impl CertificateState {
    /// The status, if ACM does not know it.
    pub(super) fn unknown(&self) -> Option<&str> {
        const KNOWN: [&str; 7] =
            ["PENDING_VALIDATION", "ISSUED", "INACTIVE", "EXPIRED", "VALIDATION_TIMED_OUT", "REVOKED", "FAILED"];
        self.status.as_deref().filter(|status| !KNOWN.contains(status))
    }
}
