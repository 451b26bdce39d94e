//! ACM: what certificates are like.

use super::Result;
use super::call::Caller;

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// `ISSUED`, `PENDING_VALIDATION`, `EXPIRED`, `REVOKED`, `FAILED` ...
    pub status: String,
    /// `AMAZON_ISSUED`, `IMPORTED` or `PRIVATE`.
    pub kind: String,
    /// Names that it is for.
    pub names: Vec<String>,
    /// When it ends.
    pub not_after: Option<jiff::Timestamp>,
    /// Algorithm of its key, such as `RSA-2048`.
    pub key_algorithm: Option<String>,
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
        Ok(answer.certificate.map(|found| {
            let mut names: Vec<String> = found.domain_name.into_iter().collect();
            for name in found.subject_alternative_names.unwrap_or_default() {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            Certificate {
                status: found.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
                kind: found.r#type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
                names,
                not_after: found.not_after.and_then(|time| jiff::Timestamp::from_second(time.secs()).ok()),
                key_algorithm: found.key_algorithm.map(|algorithm| algorithm.as_str().to_owned()),
            }
        }))
    }
}
