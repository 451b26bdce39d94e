//! Policies of secrets that nobody declared: they let others read keys.

use futures::StreamExt;

use super::{Looked, Owner, level_of_policy};
use crate::aws::Session;
use crate::drift::{Addition, Reader};

/// The most secrets that are asked at the same time.
const AT_ONCE: usize = 4;

/// A secret for which no policy is declared.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Secret {
    pub owner: Owner,
    /// Its ARN.
    pub arn: String,
}

pub(super) async fn look(session: &Session, secrets: &[Secret]) -> Looked {
    let mut looked = Looked::default();
    let asked = futures::stream::iter(secrets).map(|one| session.secrets_manager().resource_policy(&one.arn));
    let answers: Vec<_> = asked.buffered(AT_ONCE).collect().await;
    for (secret, answer) in secrets.iter().zip(answers) {
        match answer {
            Ok(Some(policy)) => {
                let level = level_of_policy(&policy, session);
                let more = (policy, Addition::secret_policy(&secret.arn));
                looked.added_at(level, &secret.owner, "ResourcePolicy", more, Reader::SecretsManager);
            }
            Ok(None) => {}
            Err(error) => looked.skip(&secret.owner, "policy", error),
        }
    }
    looked
}
