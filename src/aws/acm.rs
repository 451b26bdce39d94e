//! ACM: what a certificate is for, whether it can be used, and until when.

use super::Result;
use super::call::Caller;
use super::classify::plain;
use super::time::timestamp;

/// A certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Certificate {
    /// The domain that it is for.
    pub domain: String,
    /// All names that it is for, the domain first.
    pub names: Vec<String>,
    /// `ISSUED`, `PENDING_VALIDATION`, `EXPIRED`, `FAILED`, `REVOKED` ...
    pub status: String,
    /// `AMAZON_ISSUED`, `IMPORTED` or `PRIVATE`.
    pub kind: String,
    /// The moment until which it is valid; `None` for one that was never issued.
    pub not_after: Option<jiff::Timestamp>,
    /// `RSA-2048`, `EC-prime256v1` ...
    pub key_algorithm: Option<String>,
    /// What its key may be used for: `TLS_WEB_SERVER_AUTHENTICATION` ... Empty when ACM does not say.
    pub usages: Vec<String>,
    /// Why it could not be issued.
    pub failure: Option<String>,
    /// How ACM's own renewal stands, `PENDING_VALIDATION` or `FAILED`, where it has begun.
    pub renewal: Option<String>,
    /// The records by which DNS validates it, and by which ACM renews it.
    pub validations: Vec<Validation>,
}

impl Certificate {
    /// Whether it is for a name. A star stands for one label.
    pub fn is_for(&self, name: &str) -> bool {
        let parent = name.split_once('.').map_or("", |(_, parent)| parent);
        self.names.iter().any(|own| match own.strip_prefix("*.") {
            Some(own) => own.eq_ignore_ascii_case(parent),
            None => own.eq_ignore_ascii_case(name),
        })
    }
}

/// A record that validates a domain of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validation {
    /// The domain.
    pub domain: String,
    /// Name of the record.
    pub name: String,
    /// Its type: `CNAME`.
    pub kind: String,
    /// Its value.
    pub value: String,
}

/// From when on a certificate's end is told of, in days. ACM renews its own sixty days before.
pub const SOON: i64 = 30;
const DAY: i64 = 86_400;

/// Whether a certificate can be used, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// Its status says that it cannot.
    Unusable,
    /// It has ended, whatever its status says.
    Over {
        /// When.
        end: jiff::Timestamp,
    },
    /// It ends within [`SOON`] days.
    Ending {
        /// When.
        end: jiff::Timestamp,
        /// Whole days until then.
        days: i64,
    },
    /// It can be used.
    Good {
        /// Whole days until it ends, where ACM says when.
        days: Option<i64>,
    },
}

impl Certificate {
    /// Whether it can be used at a moment, and for how long.
    pub fn validity(&self, now: jiff::Timestamp) -> Validity {
        let left = self.not_after.map(|end| (end, (end.as_second() - now.as_second()).div_euclid(DAY)));
        match left {
            Some((end, days)) if days < 0 => Validity::Over { end },
            _ if self.status != "ISSUED" => Validity::Unusable,
            Some((end, days)) if days < SOON => Validity::Ending { end, days },
            left => Validity::Good { days: left.map(|(_, days)| days) },
        }
    }
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
        let found = match answer {
            Err(error) if error.is("ResourceNotFoundException") => return Ok(None),
            other => other?.certificate,
        };
        Ok(found.map(|found| {
            let domain = found.domain_name.unwrap_or_default();
            let mut names = vec![domain.clone()];
            names
                .extend(found.subject_alternative_names.unwrap_or_default().into_iter().filter(|name| *name != domain));
            let usages = found.extended_key_usages.unwrap_or_default().into_iter();
            Certificate {
                domain,
                names,
                status: found.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
                kind: found.r#type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
                not_after: timestamp(found.not_after.as_ref()),
                key_algorithm: found.key_algorithm.map(|algorithm| algorithm.as_str().to_owned()),
                usages: usages.filter_map(|usage| usage.name.map(|name| name.as_str().to_owned())).collect(),
                failure: found.failure_reason.map(|reason| plain(reason.as_str())),
                validations: found
                    .domain_validation_options
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(validation)
                    .collect(),
                renewal: found.renewal_summary.map(|renewal| renewal.renewal_status.as_str().to_owned()),
            }
        }))
    }
}

fn validation(option: aws_sdk_acm::types::DomainValidation) -> Option<Validation> {
    let record = option.resource_record?;
    Some(Validation {
        domain: option.domain_name,
        name: record.name,
        kind: record.r#type.as_str().to_owned(),
        value: record.value,
    })
}
