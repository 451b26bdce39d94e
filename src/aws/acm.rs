//! ACM: whether a certificate can be used.

use super::Result;
use super::call::Caller;
use super::classify::plain;
use super::time::rfc3339;

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The domain that it is for.
    pub domain: String,
    /// `ISSUED`, `PENDING_VALIDATION`, `EXPIRED`, `FAILED`, `REVOKED` ...
    pub status: String,
    /// `AMAZON_ISSUED`, `IMPORTED` or `PRIVATE`.
    pub kind: String,
    /// When it ends, RFC 3339.
    pub not_after: Option<String>,
    /// `RSA-2048`, `EC-prime256v1` ...
    pub key_algorithm: Option<String>,
    /// What its key may be used for: `TLS_WEB_SERVER_AUTHENTICATION` ... Empty when ACM does not say.
    pub usages: Vec<String>,
    /// Why it could not be issued.
    pub failure: Option<String>,
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

    /// A certificate; `None` when there is none with that ARN.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn certificate(&self, arn: &str) -> Result<Option<Certificate>> {
        let answer = self
            .caller
            .call("DescribeCertificate", arn, || self.client.describe_certificate().certificate_arn(arn).send())
            .await;
        let found = match answer {
            Err(error) if error.is("ResourceNotFoundException") => return Ok(None),
            other => other?.certificate,
        };
        Ok(found.map(|found| Certificate {
            domain: found.domain_name.unwrap_or_default(),
            status: found.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
            kind: found.r#type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
            not_after: rfc3339(found.not_after.as_ref()),
            key_algorithm: found.key_algorithm.map(|algorithm| algorithm.as_str().to_owned()),
            usages: found
                .extended_key_usages
                .unwrap_or_default()
                .into_iter()
                .filter_map(|usage| usage.name.map(|name| name.as_str().to_owned()))
                .collect(),
            failure: found.failure_reason.map(|reason| plain(reason.as_str())),
        }))
    }
}
