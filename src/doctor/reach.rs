//! Which accounts can be asked.

use std::collections::BTreeMap;

use futures::StreamExt;

use super::subject::Subject;
use crate::aws::{Error, Identity};

/// What an account said when it was asked who is calling.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Who calls.
    Identity(Identity),
    /// It refused, or is another account.
    Refused(Error),
    /// No answer came in time.
    Silent,
    /// Nobody deploys into it from here: a stack set does.
    Unasked,
}

/// Which accounts can be asked, by account id.
#[derive(Debug, Clone, Default)]
pub struct Reach(BTreeMap<String, Answer>);

impl Reach {
    /// Asks every account of a subject who is calling.
    pub async fn find(subject: &Subject<'_>) -> Self {
        let accounts = subject.accounts();
        let asked = accounts.iter().filter_map(|account| {
            let session = subject.session(&account.target, None)?;
            let members = &subject.bundle.members;
            // Without a role of its own, an account of a stack set is reached by CloudFormation only.
            let is_member = members.iter().any(|member| member.account == account.target.account);
            let unasked = is_member && account.target.deploy_role.is_none();
            Some(async move {
                if unasked {
                    return (account.target.account.clone(), Answer::Unasked);
                }
                let answer = match tokio::time::timeout(subject.timeout, session.verify_account()).await {
                    Ok(Ok(identity)) => Answer::Identity(identity),
                    Ok(Err(error)) => Answer::Refused(error),
                    Err(_) => Answer::Silent,
                };
                (account.target.account.clone(), answer)
            })
        });
        let answers: Vec<_> = futures::stream::iter(asked).buffered(subject.concurrency.max(1)).collect().await;
        Self(answers.into_iter().collect())
    }

    /// What an account said; `None` when it was not asked.
    pub fn answer(&self, account: &str) -> Option<&Answer> {
        self.0.get(account)
    }

    /// Whether an account can be asked.
    pub fn is_reached(&self, account: &str) -> bool {
        self.identity(account).is_some()
    }

    /// Who calls in an account that can be asked.
    pub fn identity(&self, account: &str) -> Option<&Identity> {
        match self.answer(account)? {
            Answer::Identity(identity) => Some(identity),
            _ => None,
        }
    }

    /// Whether any account can be asked.
    pub fn is_any(&self) -> bool {
        self.0.values().any(|answer| matches!(answer, Answer::Identity(_)))
    }
}
