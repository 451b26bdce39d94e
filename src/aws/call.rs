//! One way for every call: send it, try again what may pass, report each retry, and name what failed.

use std::error::Error as StdError;
use std::future::Future;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::classify::{Context, error_of, passing};
use super::retry::{ATTEMPTS, Pauses, Retry, RetryObserver};
use super::{Error, Result};
use crate::render::Target;

/// Who calls, for one service.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// Prefix of IAM actions: `cloudformation`.
    pub(super) service: &'static str,
    pub(super) target: Target,
    /// Whether calls go to the user's own endpoint, so that no name of AWS is resolved.
    pub(super) own_endpoint: bool,
    pub(super) retries: Option<RetryObserver>,
}

impl Caller {
    /// Makes a call. `resource` is what it is about, for messages.
    pub(super) async fn call<T, E, F, Sending>(&self, action: &str, resource: &str, send: F) -> Result<T>
    where
        F: Fn() -> Sending,
        Sending: Future<Output = std::result::Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let context = Context {
            action: format!("{}:{action}", self.service),
            service: self.service,
            resource,
            target: &self.target,
            own_endpoint: self.own_endpoint,
        };
        let mut pauses = Pauses::new();
        for attempt in 1..=ATTEMPTS {
            let error = match send().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let Some(pause) = passing(&error).and_then(|kind| pauses.next(kind)) else {
                return Err(error_of(&error, &context, attempt));
            };
            if let Some(observer) = &self.retries {
                observer.observe(Retry {
                    call: context.action.clone(),
                    account: self.target.account.clone(),
                    region: self.target.region.clone(),
                    attempt,
                    delay: pause,
                    reason: super::classify::reason(&error),
                });
            }
            tokio::time::sleep(pause).await;
        }
        Err(self.unexpected(action, resource, "it was tried too often"))
    }

    /// An answer lacks what it always has.
    pub(super) fn unexpected(&self, action: &str, resource: &str, reason: impl Into<String>) -> Error {
        Error::Unexpected {
            action: format!("{}:{action}", self.service),
            resource: resource.to_owned(),
            reason: reason.into(),
        }
    }

    /// A part of an answer that is always there.
    pub(super) fn required<T>(&self, part: Option<T>, action: &str, resource: &str, name: &str) -> Result<T> {
        part.ok_or_else(|| self.unexpected(action, resource, format!("the answer has no {name}")))
    }
}
