//! Certificates, each asked for once: as a resource, where something uses it, and for each domain that it is for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::aws::acm::Certificate;
use crate::aws::{Result, Session};

/// What ACM said of one, once it has.
type Answer = OnceCell<Result<Option<Certificate>>>;

/// What ACM said of certificates, by ARN.
#[derive(Debug, Default)]
pub(in crate::engine) struct Certificates {
    asked: Mutex<BTreeMap<String, Arc<Answer>>>,
}

impl Certificates {
    /// A certificate by ARN; `None` when it is not there. Who asks for one that is just asked for waits for its answer.
    ///
    /// # Errors
    /// When the call has failed for another reason. It is not made again.
    pub async fn get(&self, session: &Session, arn: &str) -> Result<Option<Certificate>> {
        let one = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(asked.entry(arn.to_owned()).or_default())
        };
        one.get_or_init(|| session.acm().certificate(arn)).await.clone()
    }
}
