//! Policies of repositories that nobody declared: they let others take or put images.

use futures::StreamExt;

use super::{Looked, Owner, level_of_policy};
use crate::aws::Session;
use crate::drift::{Addition, Reader};

/// The most repositories that are asked at the same time.
const AT_ONCE: usize = 4;

/// A repository for which no policy is declared.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Repository {
    pub owner: Owner,
    /// Its name.
    pub name: String,
}

pub(super) async fn look(session: &Session, repositories: &[Repository]) -> Looked {
    let mut looked = Looked::default();
    let asked = futures::stream::iter(repositories).map(|one| session.ecr().repository_policy(&one.name));
    let answers: Vec<_> = asked.buffered(AT_ONCE).collect().await;
    for (repository, answer) in repositories.iter().zip(answers) {
        match answer {
            Ok(Some(policy)) => {
                let level = level_of_policy(&policy, session);
                let more = (policy, Addition::repository_policy(&repository.name));
                looked.added_at(level, &repository.owner, "RepositoryPolicyText", more, Reader::Ecr);
            }
            Ok(None) => {}
            Err(error) => looked.skip(&repository.owner, "policy", error),
        }
    }
    looked
}
