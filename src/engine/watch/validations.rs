//! Records of DNS by which ACM validates certificates: without them it renews none.

use futures::StreamExt;
use serde_json::{Value, json};

use super::{Looked, Owner};
use crate::aws::acm::Validation;
use crate::aws::route53::plain_name;
use crate::aws::{Result, Session};
use crate::drift::Reader;
use crate::engine::certificates::Certificates;

/// The most certificates that are asked about at the same time.
const AT_ONCE: usize = 4;

/// A certificate whose records are not resources: CloudFormation writes them into the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Validated {
    pub owner: Owner,
    /// ARN of the certificate.
    pub arn: String,
    /// A domain that it is for.
    pub domain: String,
    /// The zone that has the domain's record.
    pub zone: String,
}

pub(super) async fn look(session: &Session, certificates: &Certificates, all: &[Validated]) -> Looked {
    let mut looked = Looked::default();
    let asked = futures::stream::iter(all).map(|one| records(session, certificates, one));
    let answers: Vec<_> = asked.buffered(AT_ONCE).collect().await;
    for (one, answer) in all.iter().zip(answers) {
        match answer {
            Ok(Some((wanted, there))) => {
                looked.count("validation records", 1);
                let is_there = there.iter().any(|value| plain_name(value) == plain_name(&wanted.value));
                if !is_there {
                    let path =
                        ["DomainValidationOptions", one.domain.as_str(), wanted.kind.as_str(), wanted.name.as_str()];
                    let actual = if there.is_empty() { Value::Null } else { json!(there.join(" ")) };
                    let path = path.map(ToOwned::to_owned).into();
                    looked.runtime(&one.owner, path, (json!(wanted.value), actual), Reader::Route53);
                }
            }
            Ok(None) => {}
            Err(error) => looked.skip(&one.owner, "validation record", error),
        }
    }
    looked
}

/// The record that ACM wants, and the values that the zone has; `None` for a certificate that is not validated by DNS.
async fn records(
    session: &Session,
    certificates: &Certificates,
    one: &Validated,
) -> Result<Option<(Validation, Vec<String>)>> {
    let Some(certificate) = certificates.get(session, &one.arn).await? else { return Ok(None) };
    let of_domain = |validation: &Validation| plain_name(&validation.domain) == plain_name(&one.domain);
    let Some(wanted) = certificate.validations.into_iter().find(of_domain) else { return Ok(None) };
    let found = session.route53().records(&one.zone, &wanted.name, &wanted.kind).await?;
    let values = found.iter().filter_map(|record| record.properties.get("ResourceRecords")?.as_array());
    let values = values.flatten().filter_map(|value| value.as_str().map(ToOwned::to_owned)).collect();
    Ok(Some((wanted, values)))
}
