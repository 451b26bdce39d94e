//! Certificates that end, have ended, or are of no use.

use futures::StreamExt;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Looked, Use};
use crate::aws::Session;
use crate::aws::acm::{Certificate, SOON, Validity};
use crate::drift::{Level, Reader};
use crate::engine::certificates::Certificates;

/// The most certificates that are asked for at the same time.
const AT_ONCE: usize = 4;

pub(super) async fn look(session: &Session, certificates: &Certificates, uses: &[Use]) -> Looked {
    let mut looked = Looked::default();
    let mut arns: Vec<&str> = uses.iter().map(|one| one.arn.as_str()).filter(|arn| is_of_acm(arn)).collect();
    arns.sort_unstable();
    arns.dedup();
    let asked = futures::stream::iter(&arns).map(|arn| certificates.get(session, arn));
    let answers: Vec<_> = asked.buffered(AT_ONCE).collect().await;
    let now = Timestamp::now();
    for (arn, answer) in arns.iter().zip(answers) {
        looked.count("certificates", 1);
        for one in uses.iter().filter(|one| one.arn == **arn) {
            match &answer {
                Ok(found) => {
                    if let Some((level, wanted, there)) = judge(found.as_ref(), now) {
                        looked.runtime(&one.owner, one.path.clone(), (wanted, there), Reader::Acm);
                        looked.seen.iter_mut().last().into_iter().for_each(|seen| seen.level = Some(level));
                    }
                }
                Err(error) => looked.skip(&one.owner, "certificate", error),
            }
        }
    }
    looked
}

/// IAM has server certificates as well, which it gives back only to itself.
fn is_of_acm(arn: &str) -> bool {
    arn.split(':').nth(2) == Some("acm")
}

/// What is wrong with a certificate: how much it matters, what should be, and what is.
fn judge(found: Option<&Certificate>, now: Timestamp) -> Option<(Level, Value, Value)> {
    let Some(certificate) = found else { return Some((Level::High, json!("there"), json!("gone"))) };
    let day = |end: Timestamp| end.strftime("%Y-%m-%d").to_string();
    let valid = json!(format!("valid for {SOON} days or more"));
    let renewal = certificate.renewal.as_deref().filter(|renewal| *renewal != "SUCCESS");
    let renewal = renewal.map(|status| format!(", its renewal is {status}")).unwrap_or_default();
    match certificate.validity(now) {
        Validity::Good { .. } => None,
        Validity::Over { end } => Some((Level::High, valid, json!(format!("expired on {}{renewal}", day(end))))),
        Validity::Ending { end, days } => {
            let left = crate::plan::count(usize::try_from(days).unwrap_or(0), "day");
            Some((Level::Medium, valid, json!(format!("expires on {}, in {left}{renewal}", day(end)))))
        }
        Validity::Unusable => Some((Level::High, json!("ISSUED"), json!(certificate.status))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn judged(status: &str, days: Option<i64>, renewal: Option<&str>) -> Option<(Level, String)> {
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let end = days.map(|days| Timestamp::from_second(now.as_second() + days * DAY).unwrap());
        let certificate = Certificate {
            domain: "llm.example.com".into(),
            status: status.into(),
            not_after: end,
            renewal: renewal.map(ToOwned::to_owned),
            ..Certificate::default()
        };
        judge(Some(&certificate), now).map(|(level, _, there)| (level, there.as_str().unwrap().to_owned()))
    }

    #[test]
    fn a_certificate_is_told_of_from_thirty_days_before_its_end() {
        assert_eq!(judged("ISSUED", Some(30), None), None);
        let (level, words) = judged("ISSUED", Some(29), None).unwrap();
        assert_eq!((level, words.as_str()), (Level::Medium, "expires on 2026-12-28, in 29 days"));
    }

    #[test]
    fn an_expired_certificate_matters_most() {
        let (level, words) = judged("EXPIRED", Some(-1), None).unwrap();
        assert_eq!((level, words.as_str()), (Level::High, "expired on 2026-11-28"));
    }

    #[test]
    fn a_renewal_that_does_not_come_on_is_told_with_it() {
        let (_, words) = judged("ISSUED", Some(3), Some("PENDING_VALIDATION")).unwrap();
        assert_eq!(words, "expires on 2026-12-02, in 3 days, its renewal is PENDING_VALIDATION");
    }

    #[test]
    fn a_certificate_that_is_not_issued_or_gone_is_of_no_use() {
        assert_eq!(judged("REVOKED", Some(100), None), Some((Level::High, "REVOKED".to_owned())));
        assert_eq!(judge(None, Timestamp::UNIX_EPOCH).unwrap().0, Level::High);
    }

    #[test]
    fn a_server_certificate_of_iam_is_not_asked_for() {
        assert!(is_of_acm("arn:aws:acm:us-east-1:111122223333:certificate/a"));
        assert!(!is_of_acm("arn:aws:iam::111122223333:server-certificate/a"));
    }
}
