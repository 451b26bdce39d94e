//! Secrets that are gone, scheduled for deletion, or not rotated in time. Their values are not asked for.

use futures::StreamExt;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Looked, Use};
use crate::aws::Session;
use crate::aws::secrets_manager::Secret;
use crate::drift::{Level, Reader};

/// The most secrets that are asked about at the same time.
const AT_ONCE: usize = 8;

/// Looks at every secret once, where it is named first.
pub(in crate::engine) async fn secrets(session: &Session, uses: &[Use]) -> Looked {
    let mut once: Vec<&Use> = Vec::new();
    for one in uses {
        if once.iter().all(|known| !same(&known.arn, &one.arn)) {
            once.push(one);
        }
    }
    let mut looked = Looked::default();
    let asked = futures::stream::iter(&once).map(|one| session.secrets_manager().secret(&one.arn));
    let answers: Vec<_> = asked.buffered(AT_ONCE).collect().await;
    let now = Timestamp::now();
    looked.count("secrets", once.len());
    for (one, answer) in once.iter().zip(answers) {
        match answer {
            Ok(found) => {
                if let Some((level, wanted, there)) = judge(found.as_ref(), now) {
                    looked.runtime(&one.owner, one.path.clone(), (wanted, there), Reader::SecretsManager);
                    looked.seen.iter_mut().last().into_iter().for_each(|seen| seen.level = Some(level));
                }
            }
            Err(error) => looked.skip(&one.owner, "secret", error),
        }
    }
    looked
}

/// Whether two ARNs mean the same secret: one may lack the six characters that Secrets Manager adds.
fn same(one: &str, other: &str) -> bool {
    let is_of = |whole: &str, part: &str| {
        whole.strip_prefix(part).is_some_and(|rest| rest.is_empty() || (rest.len() == 7 && rest.starts_with('-')))
    };
    is_of(one, other) || is_of(other, one)
}

/// What is wrong with a secret: how much it matters, what should be, and what is.
fn judge(found: Option<&Secret>, now: Timestamp) -> Option<(Level, Value, Value)> {
    let day = |moment: Timestamp| moment.strftime("%Y-%m-%d").to_string();
    let Some(secret) = found else { return Some((Level::High, json!("there"), json!("gone"))) };
    if let Some(deleted) = secret.deleted {
        let there = format!("scheduled for deletion on {}", day(deleted));
        return Some((Level::High, json!("there"), json!(there)));
    }
    let due = secret.next_rotation.filter(|next| secret.rotates && *next < now)?;
    Some((Level::Medium, json!(format!("rotated by {}", day(due))), json!("not rotated since")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(secret: Secret) -> Option<(Level, String)> {
        let now = "2026-11-29T12:00:00Z".parse().unwrap();
        judge(Some(&secret), now).map(|(level, wanted, there)| {
            (level, format!("{} / {}", wanted.as_str().unwrap(), there.as_str().unwrap()))
        })
    }

    #[test]
    fn a_secret_that_is_to_be_deleted_matters_most() {
        let secret = Secret { deleted: Some("2026-12-06T00:00:00Z".parse().unwrap()), ..Secret::default() };
        assert_eq!(judged(secret), Some((Level::High, "there / scheduled for deletion on 2026-12-06".to_owned())));
        assert_eq!(judge(None, Timestamp::UNIX_EPOCH).unwrap().0, Level::High);
    }

    #[test]
    fn a_rotation_that_is_overdue_is_told_of_and_one_to_come_is_not() {
        let rotates = |next: &str| Secret { rotates: true, next_rotation: Some(next.parse().unwrap()), deleted: None };
        let overdue = (Level::Medium, "rotated by 2026-11-01 / not rotated since".to_owned());
        assert_eq!(judged(rotates("2026-11-01T00:00:00Z")), Some(overdue));
        assert_eq!(judged(rotates("2026-12-01T00:00:00Z")), None);
        assert_eq!(judged(Secret::default()), None);
    }

    #[test]
    fn an_arn_with_and_without_its_end_means_one_secret() {
        let whole = "arn:aws:secretsmanager:us-east-1:111122223333:secret:acme/openai-AbCdEf";
        assert!(same(whole, "arn:aws:secretsmanager:us-east-1:111122223333:secret:acme/openai"));
        assert!(!same(whole, "arn:aws:secretsmanager:us-east-1:111122223333:secret:acme/open"));
    }
}
