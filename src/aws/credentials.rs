//! Credentials of a role that is assumed for every call to an account.

use std::fmt;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, Result as CredentialsResult, future};

use super::call::Caller;

/// Assumes a role whenever the credentials of the last time run out. A failure is kept as our own error, which
/// [`super::classify`] finds again behind the call that needed the credentials.
pub(super) struct AssumedRole {
    pub(super) sts: aws_sdk_sts::Client,
    pub(super) caller: Caller,
    pub(super) role: String,
    pub(super) session_name: String,
}

impl AssumedRole {
    async fn assume(&self) -> CredentialsResult {
        let answer = self
            .caller
            .call("AssumeRole", &self.role, || {
                self.sts.assume_role().role_arn(&self.role).role_session_name(&self.session_name).send()
            })
            .await
            .map_err(CredentialsError::provider_error)?;
        let Some(given) = answer.credentials else {
            let error = self.caller.unexpected("AssumeRole", &self.role, "the answer has no credentials");
            return Err(CredentialsError::provider_error(error));
        };
        let expires = SystemTime::try_from(given.expiration).ok();
        let token = Some(given.session_token);
        Ok(Credentials::new(given.access_key_id, given.secret_access_key, token, expires, "gwinfra deploy role"))
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}

impl fmt::Debug for AssumedRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AssumedRole").field("role", &self.role).finish_non_exhaustive()
    }
}
