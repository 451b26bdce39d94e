//! What a scenario makes of things when it is loaded.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
