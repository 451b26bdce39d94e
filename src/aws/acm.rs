//! ACM: until when a certificate is valid.

use super::Result;
use super::call::Caller;
use super::time::timestamp;

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its name.
    pub domain: String,
    /// `ISSUED`, `EXPIRED`, `REVOKED`, `PENDING_VALIDATION`, `FAILED` ...
    pub status: String,
    /// The moment until which it is valid; `None` for one that was never issued.
    pub not_after: Option<jiff::Timestamp>,
    /// How ACM's own renewal stands, `PENDING_VALIDATION` or `FAILED`, where it has begun.
    pub renewal: Option<String>,
}

/// ACM in one account and region.
#[derive(Debug)]
pub struct Acm {
    client: aws_sdk_acm::Client,
    caller: Caller,
}

impl Acm {
    pub(super) fn new(client: aws_sdk_acm::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    /// A certificate by ARN; `None` when it is not there.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn certificate(&self, arn: &str) -> Result<Option<Certificate>> {
        let answer = self
            .caller
            .call("DescribeCertificate", arn, || self.client.describe_certificate().certificate_arn(arn).send())
            .await;
        let answer = match answer {
            Err(error) if error.is("ResourceNotFoundException") => return Ok(None),
            other => other?,
        };
        Ok(answer.certificate.map(|found| Certificate {
            domain: found.domain_name.unwrap_or_default(),
            status: found.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
            not_after: timestamp(found.not_after.as_ref()),
            renewal: found.renewal_summary.map(|renewal| renewal.renewal_status.as_str().to_owned()),
        }))
    }
}
